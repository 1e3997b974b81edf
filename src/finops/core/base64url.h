#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "finops/core/base64.h"

namespace finops {

inline constexpr std::string_view kBase64UrlDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648, section 5, without padding: as JSON Web Tokens have it (RFC 7515, section 2).
inline std::string base64url(std::string_view bytes) {
  std::string text = base64(bytes);
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

/// Nothing for a text that base64url() does not give: other characters, padding, unused bits that
/// are set.
inline std::optional<std::string> from_base64url(std::string_view text) {
  return from_base64_digits<kBase64UrlDigits>(text);
}

}  // namespace finops
