#pragma once

#include <span>
#include <string>
#include <string_view>

#include "finops/core/hex_text.h"

namespace finops {

/// A JSON string of the text: quotes, backslashes and control characters are escaped, all else
/// stays as it is.
inline void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out += "\\u00" + hex_text(std::span(&byte, 1));
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace finops
