#include "finops/lake/metadata_name.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "finops/core/unique_ids.h"

namespace finops::lake {

std::string metadata_name(int number) {
  char prefix[16];
  std::snprintf(prefix, sizeof prefix, "%05d-", number);
  return prefix + random_uuid() + ".metadata.json";
}

int metadata_number(std::string_view path) {
  const auto name = last_name(path);
  int number = -1;
  std::from_chars(name.data(), name.data() + name.size(), number);
  return std::max(number, -1);
}

bool is_metadata_name(std::string_view path) { return path.ends_with(".metadata.json"); }

std::string_view last_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

}  // namespace finops::lake
