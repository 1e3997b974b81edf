#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace finops {

/// A media type (RFC 9110, 8.3.1): "application/json" and its parameters, names in lower case.
struct MediaType {
  std::string name;
  std::vector<std::pair<std::string, std::string>> parameters;

  /// Nothing for what is none.
  static std::optional<MediaType> parse(std::string_view text);
  /// True when there is no charset or it is UTF-8.
  bool is_utf8() const;
};

}  // namespace finops
