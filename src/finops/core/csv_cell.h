#pragma once

#include <string>
#include <string_view>

namespace finops {

/// Appends the text as a quoted cell of CSV (RFC 4180, 2.5 to 2.7), each of its quotes doubled.
inline void append_quoted_cell(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace finops
