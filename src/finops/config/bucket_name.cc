#include "finops/config/bucket_name.h"

#include <algorithm>

namespace finops {
namespace {

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

bool is_bucket_name(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  if (!is_lower_or_digit(name.front()) || !is_lower_or_digit(name.back())) return false;
  return name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_lower_or_digit(c) || c == '-' || c == '.'; });
}

std::string advice_for_bucket(const std::string& name) {
  const std::string start = "is not a bucket's name: '" + name + "'; ";
  if (name.starts_with("s3://")) {
    return start + "write the name alone and the rest as 'prefix'";
  }
  if (name.starts_with("/") || name.starts_with(".") || name.starts_with("~")) {
    return start + "a folder is written as a URL: file:///absolute/path";
  }
  return start +
         "S3 takes 3 to 63 small letters, digits, '-' and '.', beginning and ending with a letter "
         "or digit";
}

bool has_dot_segment(std::string_view prefix) {
  while (!prefix.empty()) {
    const std::size_t slash = prefix.find('/');
    const std::string_view segment = prefix.substr(0, slash);
    if (segment == "." || segment == "..") return true;
    prefix.remove_prefix(slash == std::string_view::npos ? prefix.size() : slash + 1);
  }
  return false;
}

}  // namespace finops
