#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/bill_delivery.h"
#include "tests/support/memory_bytes.h"
#include "tests/support/reader_differences.h"

namespace finops {

/// Whether the fast reader refuses the part. Of a damaged file of columns it may refuse what the
/// simple one does not look at, or for another fault: what it refuses is never loaded.
inline bool fast_refuses(const std::vector<std::string>& differences) {
  return std::ranges::any_of(differences, [](const std::string& line) {
    return line.starts_with("fast: invalid_data: ") || line.starts_with("fast: unsupported: ");
  });
}

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
  if (format == BillFormat::kParquet && fast_refuses(differences)) return;
  for (const auto& difference : differences) std::fprintf(stderr, "%s\n", difference.c_str());
  if (!differences.empty()) std::abort();
}

}  // namespace finops
