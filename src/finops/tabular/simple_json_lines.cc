#include "finops/tabular/simple_json_lines.h"

#include <utility>

#include "finops/core/error.h"
#include "finops/tabular/simple_values.h"

namespace finops::simple {
namespace {

BillFormat packing_of(BillFormat format) {
  return format == BillFormat::kJsonLinesGzip ? BillFormat::kCsvGzip : BillFormat::kCsv;
}

[[noreturn]] void fail(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kInvalidData, "cannot read '" + name + "': " + why);
}

/// The next physical line without its line end; false at the end.
bool take_line(Text& text, const std::string& name, std::string& line) {
  if (text.is_at_end()) return false;
  line.clear();
  for (int byte = text.next(); byte != '\n'; byte = text.next()) {
    if (line.size() + 1 == kRecordLimit) fail(name, "a line is too long");
    line += static_cast<char>(byte);
  }
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

bool is_blank(const std::string& line) {
  for (const char c : line) {
    if (c != ' ' && c != '\t' && c != '\r') return false;
  }
  return true;
}

}  // namespace

JsonLines::JsonLines(const BillPart& part)
    : name_(part.key),
      text_(part.key, packing_of(part.format), part.open()),
      line_(part.origin ? part.origin->line : 1) {
  find_columns(part);
}

void JsonLines::find_columns(const BillPart& part) {
  Text text(name_, packing_of(part.format), part.open());
  std::string line;
  std::size_t bytes = 0;
  while (take_line(text, name_, line)) {
    const auto members = parse_json_line(line);
    if (!members) continue;
    for (const auto& [key, value] : *members) {
      if (!places_.try_emplace(key, columns_.size()).second) continue;
      columns_.push_back(key);
      bytes += key.size();
    }
    if (columns_.size() > kMostJsonColumns || bytes > kMostJsonNames) fail(name_, "too many keys");
  }
}

bool JsonLines::next(Record& record) {
  record = Record();
  do {
    if (!take_line(text_, name_, record.raw)) return false;
    record.line = line_++;
  } while (is_blank(record.raw));
  const auto members = parse_json_line(record.raw);
  if (!members) {
    record.fault = Record::Fault::kNoJsonObject;
    return true;
  }
  record.cells.resize(columns_.size());
  for (const auto& [key, value] : *members) {
    const auto place = places_.find(key);
    if (place == places_.end()) fail(name_, "it changed while it was read");
    record.cells[place->second] = value;
  }
  return true;
}

}  // namespace finops::simple
