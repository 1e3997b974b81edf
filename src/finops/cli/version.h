#pragma once

#include <string_view>

namespace finops {

std::string_view finops_version();  // "0.1.0"

}  // namespace finops
