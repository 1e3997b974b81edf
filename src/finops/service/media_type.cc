#include "finops/service/media_type.h"

#include <algorithm>

#include "finops/core/ascii_case.h"

namespace finops {
namespace {

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Takes things off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view rest) : rest_(rest) {}

  bool is_at_end() const { return rest_.empty(); }
  void skip_spaces() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  }
  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Empty when there is none.
  std::string_view token() {
    const auto end = std::ranges::find_if_not(rest_, is_token_character);
    const std::string_view found(rest_.begin(), end);
    rest_.remove_prefix(found.size());
    return found;
  }
  /// What follows an opening quote; nothing when the closing one is missing.
  std::optional<std::string> quoted() {
    std::string text;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return text;
      if (c == '\\') {
        if (rest_.empty()) break;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      text += c;
    }
    return std::nullopt;
  }

 private:
  std::string_view rest_;
};

/// name=value or name="value"
bool read_parameter(Scanner& scanner, MediaType& type) {
  const std::string name = ascii_lower(scanner.token());
  if (name.empty() || !scanner.take('=')) return false;
  std::optional<std::string> value;
  if (scanner.take('"')) {
    value = scanner.quoted();
  } else {
    value = std::string(scanner.token());
    if (value->empty()) return false;
  }
  if (!value) return false;
  type.parameters.emplace_back(name, std::move(*value));
  return true;
}

}  // namespace

std::optional<MediaType> MediaType::parse(std::string_view text) {
  Scanner scanner(text);
  scanner.skip_spaces();
  const std::string_view type = scanner.token();
  if (type.empty() || !scanner.take('/')) return std::nullopt;
  const std::string_view subtype = scanner.token();
  if (subtype.empty()) return std::nullopt;
  MediaType result{.name = ascii_lower(type) + '/' + ascii_lower(subtype), .parameters = {}};
  for (scanner.skip_spaces(); !scanner.is_at_end(); scanner.skip_spaces()) {
    if (!scanner.take(';')) return std::nullopt;
    scanner.skip_spaces();
    // The grammar allows a semicolon without a parameter.
    if (scanner.is_at_end()) break;
    if (!read_parameter(scanner, result)) return std::nullopt;
  }
  return result;
}

bool MediaType::is_utf8() const {
  return std::ranges::all_of(parameters, [](const auto& parameter) {
    return parameter.first != "charset" || ascii_lower(parameter.second) == "utf-8";
  });
}

}  // namespace finops
