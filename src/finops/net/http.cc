#include "finops/net/http.h"

#include <algorithm>
#include <cctype>

namespace finops {

const std::string* find_header(const HttpHeaders& headers, std::string_view name) {
  const auto is_same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  };
  for (const HttpHeader& header : headers) {
    if (std::equal(header.name.begin(), header.name.end(), name.begin(), name.end(), is_same)) {
      return &header.value;
    }
  }
  return nullptr;
}

}  // namespace finops
