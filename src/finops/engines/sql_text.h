#pragma once

#include <string>
#include <string_view>

namespace finops {

inline std::string quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote) out += quote;
    out += c;
  }
  return out + quote;
}

inline std::string quoted_identifier(std::string_view name) {  // "a ""quoted"" name"
  return quoted(name, '"');
}
inline std::string quoted_literal(std::string_view text) { return quoted(text, '\''); }  // 'it''s'

}  // namespace finops
