#include "finops/cli/console.h"

#include <nlohmann/json.hpp>

#include "finops/cli/human_text.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

/// Names of files and tags come from outside and need not be UTF-8.
std::string dumped(const Json& document, int indent) {
  return document.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// Line ends are wanted in messages, other control characters are not.
std::string printable_lines(std::string_view text) {
  std::string result;
  while (true) {
    const std::size_t end = text.find('\n');
    result += printable(text.substr(0, end));
    if (end == std::string_view::npos) return result;
    result += '\n';
    text.remove_prefix(end + 1);
  }
}

}  // namespace

void Console::print_document(const Json& document) { host_.out << dumped(document, 2) << '\n'; }

void Console::note(std::string_view text) {
  if (!options_.is_quiet) log("info", text);
}

void Console::detail(std::string_view text) {
  if (options_.is_verbose) log("debug", text);
}

void Console::warning(std::string_view text) { log("warning", text); }

void Console::error(ErrorKind kind, std::string_view message) {
  log("error", message);
  if (!options_.is_json) return;
  Json document;
  document["error"]["kind"] = to_string(kind);
  document["error"]["message"] = message;
  print_document(document);
}

void Console::draw_line(std::string_view text) {
  if (text.empty() && !has_line_) return;
  // Carriage return, then "erase to the end of the line" (ECMA-48, EL).
  host_.err << "\r\x1b[K" << printable(text) << std::flush;
  has_line_ = !text.empty();
}

void Console::log(std::string_view level, std::string_view text) {
  if (options_.is_json_log) {
    Json line;
    line["time"] = to_iso8601(host_.clock.now());
    line["level"] = level;
    line["message"] = text;
    host_.err << dumped(line, -1) << '\n' << std::flush;
    return;
  }
  draw_line("");
  const bool is_problem = level == "error" || level == "warning";
  host_.err << "finops: " << (is_problem ? std::string(level) + ": " : "") << printable_lines(text)
            << '\n'
            << std::flush;
}

void Console::check_written() {
  host_.out.flush();
  if (host_.out.good()) return;
  throw Error(ErrorKind::kNoSpace,
              "write the output: stdout does not take it (disk full, or closed by its reader?)");
}

}  // namespace finops
