#pragma once

#include <malloc.h>

#include <cstddef>

namespace finops {

/// Freed memory goes back to the system in blocks of so many bytes, instead of in ever larger ones:
/// the buffers of a load come and go by the megabyte, and peak memory is nearly halved at no cost
/// in time (docs/performance.md). Smaller blocks keep less and cost page faults. Of the whole
/// process.
inline void return_freed_memory(std::size_t block_bytes) {
#if defined(__GLIBC__)
  constexpr int kMostAtTheEnd = 4 << 20;
  ::mallopt(M_TRIM_THRESHOLD, kMostAtTheEnd);
  ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(block_bytes));
#else
  static_cast<void>(block_bytes);
#endif
}

}  // namespace finops
