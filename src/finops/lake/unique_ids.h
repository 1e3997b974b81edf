#pragma once

#include <cstdint>
#include <string>

namespace finops::lake {

std::uint64_t random_bits();

/// A random (version 4) UUID. Names of metadata files must carry one: pyiceberg parses it out.
std::string random_uuid();

/// Snapshot ids are random positive longs, so that writers need not agree on a counter.
std::int64_t random_snapshot_id();

}  // namespace finops::lake
