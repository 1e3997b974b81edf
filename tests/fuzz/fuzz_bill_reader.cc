// Whatever a delivered file's text is, the fast reader, what it wrote and the simple reader agree.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/bill_delivery.h"
#include "tests/support/reader_differences.h"

namespace {

/// The first byte of an input: small limits, so that short inputs meet their borders.
finops::ConvertOptions options_of(std::uint8_t choice) {
  constexpr std::size_t kCellLimits[] = {1 << 20, 0, 8, 50};
  finops::ConvertOptions options;
  options.threads = 1;
  options.cell_limit = kCellLimits[choice & 3];
  options.row_group_rows = (choice & 4) != 0 ? 2 : 1000;
  options.file_rows = (choice & 8) != 0 ? 3 : 1000;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // More rows could have more currencies than the fast reader takes for currencies.
  if (size == 0 || size > 2000) return 0;
  static const finops::BillLayout layout = finops::layout_of_all_types();
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto part = finops::part_of_bytes("part", finops::gzip_of(text, 0));
  const auto differences = finops::reader_differences({part}, layout, options_of(data[0]));
  for (const auto& difference : differences) std::fprintf(stderr, "%s\n", difference.c_str());
  if (!differences.empty()) std::abort();
  return 0;
}
