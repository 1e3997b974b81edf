#pragma once

#include <cstdint>
#include <string>

namespace finops {

std::uint64_t random_bits();

/// A random (version 4) UUID, in lower case.
std::string random_uuid();

}  // namespace finops
