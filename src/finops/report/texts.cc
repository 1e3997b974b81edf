#include "finops/report/texts.h"

#include <algorithm>
#include <cctype>

#include "finops/core/utf8.h"

namespace finops::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// How many bytes a code point has that begins so; 1 for what begins none.
std::size_t length_of(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xF0) return 4;
  if (byte >= 0xE0) return 3;
  return byte >= 0xC0 ? 2 : 1;
}

void append_escaped(std::string& out, std::string_view point) {
  switch (point.front()) {
    case '&': out += "&amp;"; return;
    case '<': out += "&lt;"; return;
    case '>': out += "&gt;"; return;
    case '"': out += "&quot;"; return;
    case '\'': out += "&#39;"; return;
    default: break;
  }
  const auto byte = static_cast<unsigned char>(point.front());
  const bool is_blank = byte == '\t' || byte == '\n';
  const bool is_c1 =
      byte == 0xC2 && point.size() == 2 && static_cast<unsigned char>(point[1]) < 0xA0;
  const bool is_control = (byte < 0x20 && !is_blank) || byte == 0x7F || is_c1;
  out += is_control || !is_utf8(point) ? kReplacement : point;
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    std::size_t length = std::min(length_of(text.front()), text.size());
    if (!is_utf8(text.substr(0, length))) length = 1;
    append_escaped(out, text.substr(0, length));
    text.remove_prefix(length);
  }
  return out;
}

std::string trimmed_decimal(std::string_view text) {
  const std::string_view unsigned_text = text.starts_with('-') ? text.substr(1) : text;
  const auto point = unsigned_text.find('.');
  const bool is_decimal =
      point != std::string_view::npos &&
      std::ranges::all_of(unsigned_text, [](char c) { return is_digit(c) || c == '.'; });
  if (!is_decimal) return std::string(text);
  while (text.ends_with('0')) text.remove_suffix(1);
  if (text.ends_with('.')) text.remove_suffix(1);
  return std::string(text == "-0" ? "0" : text);
}

std::string with_thousands(std::string_view number) {
  const std::size_t begin = number.starts_with('-') ? 1 : 0;
  const std::size_t end = std::min(number.find('.'), number.size());
  std::string out;
  for (std::size_t i = 0; i < number.size(); ++i) {
    if (i > begin && i < end && (end - i) % 3 == 0) out += ',';
    out += number[i];
  }
  return out;
}

std::string count_text(std::int64_t count) { return with_thousands(std::to_string(count)); }

std::string shortened(std::string_view text, std::size_t most) {
  std::size_t at = 0;
  for (std::size_t points = 0; at < text.size(); ++points) {
    if (points == most) return std::string(text.substr(0, at)) + "…";
    at += std::min(length_of(text[at]), text.size() - at);
  }
  return std::string(text);
}

std::string id_text(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') c = '-';
  }
  return out;
}

}  // namespace finops::report
