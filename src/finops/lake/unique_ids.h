#pragma once

#include <cstdint>
#include <string>

namespace finops::lake {

std::uint64_t random_bits();

/// A random (version 4) UUID. Names of metadata files must carry one: pyiceberg parses it out.
std::string random_uuid();

}  // namespace finops::lake
