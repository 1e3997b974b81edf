#pragma once

#include <string>
#include <string_view>

namespace finops {

/// ASCII letters in lower case, all else as it is: how SQL engines compare names, and how AWS's
/// names are the same in any case.
inline std::string ascii_lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace finops
