#include "finops/core/mail_address.h"

#include <algorithm>

namespace finops {
namespace {

constexpr std::size_t kLongestLocalPart = 64;
constexpr std::size_t kLongestAddress = 254;
constexpr std::string_view kOthersOfLocalPart = "!#$%&'*+-/=?^_`{|}~.";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_of_local_part(char c) {
  return is_alphanumeric(c) || kOthersOfLocalPart.find(c) != std::string_view::npos;
}

bool is_of_host(char c) { return is_alphanumeric(c) || c == '-' || c == '.'; }

bool has_good_dots(std::string_view text) {
  return !text.starts_with('.') && !text.ends_with('.') &&
         text.find("..") == std::string_view::npos;
}

}  // namespace

bool is_mail_address(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || text.size() > kLongestAddress) return false;
  const std::string_view local = text.substr(0, at), host = text.substr(at + 1);
  return !local.empty() && local.size() <= kLongestLocalPart && !host.empty() &&
         std::ranges::all_of(local, is_of_local_part) && std::ranges::all_of(host, is_of_host) &&
         has_good_dots(local) && has_good_dots(host) && !host.starts_with('-');
}

}  // namespace finops
