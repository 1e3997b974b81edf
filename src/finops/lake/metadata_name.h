#pragma once

#include <string>
#include <string_view>

namespace finops::lake {

/// `00042-<uuid>.metadata.json`: the number is only for people and for pyiceberg and Java, which
/// continue it; the uuid, which pyiceberg parses out, makes the name unique.
std::string metadata_name(int number);
/// The number in front of the name that a path or URI ends with; -1 when there is none.
int metadata_number(std::string_view path);
bool is_metadata_name(std::string_view path);

/// What stands behind the last '/'.
std::string_view last_name(std::string_view path);

}  // namespace finops::lake
