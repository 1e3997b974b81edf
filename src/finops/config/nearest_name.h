#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace finops {

/// Insertions, deletions, replacements and swaps of neighbours that lead from one text to the
/// other.
int edit_distance(std::string_view a, std::string_view b);

/// What a person who wrote `name` most likely meant: the nearest of `names`, the first of equally
/// near ones; nothing when all are further than a third of the letters (two at least).
std::optional<std::string> nearest_name(std::string_view name,
                                        const std::vector<std::string>& names);

}  // namespace finops
