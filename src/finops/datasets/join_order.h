#pragma once

#include <map>
#include <string>
#include <vector>

#include "finops/datasets/project.h"

namespace finops::datasets {

/// The datasets in an order in which joins look back only, by name where that leaves a choice.
/// Joins that go in a circle are a mistake that names the circle; joins to none of `rules` do not
/// count.
std::vector<std::string> join_order(const std::map<std::string, SilverRules>& rules,
                                    Mistakes& mistakes);

}  // namespace finops::datasets
