#include "finops/net/url.h"

#include <algorithm>
#include <cctype>

#include "finops/core/ascii_case.h"

namespace finops {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
  const auto at = kHexDigits.find(static_cast<char>(std::toupper(static_cast<unsigned char>(c))));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string percent_encode(std::string_view text, bool keep_slashes) {
  std::string encoded;
  encoded.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    if (is_unreserved(c) || (c == '/' && keep_slashes)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHexDigits[byte >> 4];
    encoded += kHexDigits[byte & 15];
  }
  return encoded;
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool has_digits = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                            hex_value(text[i + 2]) >= 0;
    if (has_digits) {
      decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string form_text(const FormFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += (text.empty() ? "" : "&") + name + "=" + percent_encode(value);
  }
  return text;
}

std::optional<Url> Url::parse(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = ascii_lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  text.remove_prefix(colon + 3);
  if (text.find_first_of("# \t\r\n\\") != std::string_view::npos) return std::nullopt;
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  url.authority = ascii_lower(text.substr(0, end));
  if (url.authority.find('@') != std::string::npos) return std::nullopt;
  text.remove_prefix(end);
  const std::size_t question = std::min(text.find('?'), text.size());
  url.path = text.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question < text.size()) url.query = text.substr(question + 1);

  std::string port;
  if (url.authority.starts_with('[')) {
    const std::size_t bracket = url.authority.find(']');
    if (bracket == std::string::npos) return std::nullopt;
    url.host = url.authority.substr(1, bracket - 1);
    if (bracket + 1 < url.authority.size()) port = url.authority.substr(bracket + 1);
  } else {
    const std::size_t at = std::min(url.authority.find(':'), url.authority.size());
    url.host = url.authority.substr(0, at);
    port = url.authority.substr(at);
  }
  if (url.host.empty()) return std::nullopt;
  if (port.empty()) return url;
  const bool is_number =
      port.starts_with(':') && port.size() > 1 && port.size() < 7 &&
      std::all_of(port.begin() + 1, port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return std::nullopt;
  // A Host header names no port that its scheme implies, and what is signed is that header.
  if (port == (url.scheme == "http" ? ":80" : ":443")) {
    url.authority.resize(url.authority.size() - port.size());
  }
  return url;
}

std::string Url::to_string() const {
  return scheme + "://" + authority + path + (query.empty() ? "" : "?" + query);
}

bool is_loopback(std::string_view host) {
  // A name such as 127.example is anybody's.
  const bool is_of_127 =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "::1" || is_of_127;
}

}  // namespace finops
