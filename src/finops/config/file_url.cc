#include "finops/config/file_url.h"

#include "finops/core/error.h"

namespace finops {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

[[noreturn]] void refuse(std::string_view url, const std::string& reason) {
  throw Error(ErrorKind::kInvalidConfig, "'" + std::string(url) + "' " + reason +
                                             "; a folder is written as file:///absolute/path");
}

std::string percent_decoded(std::string_view url, std::string_view path) {
  std::string decoded;
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {
      const int high = i + 2 < path.size() ? hex_value(path[i + 1]) : -1;
      const int low = i + 2 < path.size() ? hex_value(path[i + 2]) : -1;
      if (high < 0 || low < 0) refuse(url, "has a '%' without two hex digits (write %25 for '%')");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') refuse(url, "holds a NUL byte");
    decoded.push_back(c);
  }
  return decoded;
}

}  // namespace

bool is_file_url(std::string_view text) {
  constexpr std::string_view kScheme = "file:";
  if (text.size() < kScheme.size()) return false;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
    if (c != kScheme[i]) return false;
  }
  return true;
}

std::string path_of_file_url(std::string_view url) {
  std::string_view rest = url.substr(5);
  if (rest.substr(0, 2) == "//") {
    rest.remove_prefix(2);
    const std::size_t slash = rest.find('/');
    const std::string_view host = rest.substr(0, slash);
    if (slash == std::string_view::npos || (!host.empty() && host != "localhost")) {
      refuse(url, "does not name an absolute path of this machine");
    }
    rest.remove_prefix(slash);
  }
  if (rest.empty() || rest.front() != '/') refuse(url, "does not name an absolute path");
  std::string path = percent_decoded(url, rest);
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace finops
