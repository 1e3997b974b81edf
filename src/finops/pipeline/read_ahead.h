#pragma once

#include <cstdint>
#include <vector>

#include "finops/tabular/bill_layout.h"

namespace finops {

/// How much is read before its turn.
struct ReadAheadLimits {
  /// For a load that may take so much memory for everything.
  static ReadAheadLimits within(std::uint64_t memory_bytes);

  std::size_t parts_at_once = 8;
  std::uint64_t bytes_of_one = 4u << 20;  // in memory; what follows comes when the part is read
  /// Of the part that is being read and of those that were begun, as far as they are still to come;
  /// more of one than half of this does not count.
  std::uint64_t bytes_to_come = 16u << 20;
};

/// The same parts, of `sizes` bytes, for a reader that opens them one after the other and for whom
/// a request takes long: while one is read, the ones behind it are opened and begun on threads of
/// their own, so that something is always on its way, between two files as within a large one. What
/// goes wrong with a part is thrown when that part is read. What is begun ends with the last copy
/// of the parts and of their readers.
std::vector<BillPart> with_read_ahead(std::vector<BillPart> parts,
                                      const std::vector<std::uint64_t>& sizes,
                                      const ReadAheadLimits& limits = {});

}  // namespace finops
