#pragma once

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

/// Whether both refuse the part, each for another kind of fault. A file of columns may have several
/// faults, and which one is met first is up to a reader.
inline bool both_refuse(const std::vector<std::string>& differences) {
  const auto refuses = [](const std::string& line) {
    return line.find("invalid_data: ") != line.npos || line.find("unsupported: ") != line.npos;
  };
  return differences.size() == 2 && differences[0].starts_with("fast: ") &&
         differences[1].starts_with("simple: ") && refuses(differences[0]) &&
         refuses(differences[1]);
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
  if (format == BillFormat::kParquet && both_refuse(differences)) return;
  for (const auto& difference : differences) std::fprintf(stderr, "%s\n", difference.c_str());
  if (!differences.empty()) std::abort();
}

}  // namespace finops
