#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "finops/net/url.h"

namespace finops {

/// What a request asks for, in origin form or absolute form (RFC 9112, 3.2).
struct RequestTarget {
  std::string path;  // not decoded
  FormFields query;  // decoded; '+' is a space

  /// Nothing for what is neither, and where a percent sign, UTF-8 or a control character is wrong.
  static std::optional<RequestTarget> parse(std::string_view text);
};

/// Nothing when a percent sign is not followed by two hex digits, and when the result is no UTF-8
/// or has control characters.
std::optional<std::string> strictly_decoded(std::string_view text);

}  // namespace finops
