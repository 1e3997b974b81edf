#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace finops {

/// RFC 3986: every byte but the unreserved ones as %XX with capital letters; "/" is kept where
/// `keep_slashes`. The form that AWS signs.
std::string percent_encode(std::string_view text, bool keep_slashes = false);
/// Where % is not followed by two hex digits it is kept as it is.
std::string percent_decode(std::string_view text);

/// Names and values in their order; not encoded.
using FormFields = std::vector<std::pair<std::string, std::string>>;
/// "name=value&name=value", values percent-encoded: a body of application/x-www-form-urlencoded.
std::string form_text(const FormFields& fields);

/// An http or https URL, taken apart. Nothing is decoded.
struct Url {
  std::string scheme;     // "https", lower case
  std::string authority;  // host and, unless it is the scheme's own, ":port"
  std::string host;       // lower case, without the brackets of an IPv6 address
  std::string path;       // begins with '/'
  std::string query;      // without '?'

  /// Nothing for any other text, also for one with a user or a fragment.
  static std::optional<Url> parse(std::string_view text);
  std::string to_string() const;
};

/// localhost, 127.0.0.0/8 and ::1.
bool is_loopback(std::string_view host);

}  // namespace finops
