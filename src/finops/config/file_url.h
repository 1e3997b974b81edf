#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace finops {

bool is_file_url(std::string_view text);  // "file:" in any case

/// The absolute path that a file:// URL names, %XX decoded, without a '/' at its end (except "/").
/// Throws kInvalidConfig for one that names a host, is not absolute, or has a broken %XX or a NUL.
std::string path_of_file_url(std::string_view url);

}  // namespace finops
