#include "finops/service/request_target.h"

#include <algorithm>
#include <utility>

#include "finops/core/utf8.h"

namespace finops {
namespace {

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool has_whole_escapes(std::string_view text) {
  for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || !is_hex_digit(text[at + 1]) || !is_hex_digit(text[at + 2])) {
      return false;
    }
  }
  return true;
}

std::optional<std::string> decoded_field(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return strictly_decoded(spaced);
}

std::optional<FormFields> decoded_query(std::string_view text) {
  FormFields fields;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = decoded_field(pair.substr(0, equals));
    auto value = decoded_field(equals == pair.npos ? "" : pair.substr(equals + 1));
    if (!name || !value) return std::nullopt;
    fields.emplace_back(std::move(*name), std::move(*value));
  }
  return fields;
}

/// The part of an absolute form behind the authority; other forms as they are.
std::string_view origin_form(std::string_view text) {
  const std::size_t scheme = text.starts_with("http://") ? 7 : text.starts_with("https://") ? 8 : 0;
  if (scheme == 0) return text;
  const std::size_t path = text.find_first_of("/?", scheme);
  return path == text.npos ? "/" : text.substr(path);
}

}  // namespace

std::optional<std::string> strictly_decoded(std::string_view text) {
  if (!has_whole_escapes(text)) return std::nullopt;
  std::string decoded = percent_decode(text);
  if (!is_utf8(decoded) || std::ranges::any_of(decoded, is_control)) return std::nullopt;
  return decoded;
}

std::optional<RequestTarget> RequestTarget::parse(std::string_view text) {
  text = origin_form(text);
  if (text.find('#') != text.npos) return std::nullopt;
  const std::size_t question = text.find('?');
  const std::string_view path = text.substr(0, question);
  if (!path.starts_with('/') || !strictly_decoded(path)) return std::nullopt;
  auto query = decoded_query(question == text.npos ? "" : text.substr(question + 1));
  if (!query) return std::nullopt;
  return RequestTarget{std::string(path), std::move(*query)};
}

}  // namespace finops
