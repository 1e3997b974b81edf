#pragma once

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <thread>

namespace finops {

/// Freed memory goes back to the system in blocks of so many bytes, instead of in ever larger ones:
/// the buffers of a load come and go by the megabyte, and peak memory is nearly halved at no cost
/// in time (docs/performance.md). Smaller blocks keep less and cost page faults. Threads share as
/// many heaps as there are processors, since each keeps what was freed in it. Of the whole process.
inline void return_freed_memory(std::size_t block_bytes) {
#if defined(__GLIBC__)
  constexpr int kMostAtTheEnd = 4 << 20;
  const unsigned processors = std::max(2u, std::thread::hardware_concurrency());
  ::mallopt(M_ARENA_MAX, static_cast<int>(processors));
  ::mallopt(M_TRIM_THRESHOLD, kMostAtTheEnd);
  ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(block_bytes));
#else
  static_cast<void>(block_bytes);
#endif
}

}  // namespace finops
