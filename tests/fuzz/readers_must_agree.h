#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "tests/support/bill_delivery.h"
#include "tests/support/memory_bytes.h"
#include "tests/support/reader_differences.h"

namespace finops {

/// Ends the program, with what differs, when the fast reader and the simple one say other things of
/// a part with these bytes, read in pieces of at most `piece`.
inline void readers_must_agree(const std::string& bytes, BillFormat format, std::size_t piece,
                               ConvertOptions options = {}) {
  static const BillLayout layout = layout_of_all_types();
  options.threads = 1;
  BillPart part = part_of_bytes("part", bytes, piece);
  part.format = format;
  part.open_random = [&bytes] { return std::make_shared<MemoryBytes>(bytes); };
  const auto differences = reader_differences({part}, layout, options);
  for (const auto& difference : differences) std::fprintf(stderr, "%s\n", difference.c_str());
  if (!differences.empty()) std::abort();
}

}  // namespace finops
