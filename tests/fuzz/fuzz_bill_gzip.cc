// Whatever bytes a delivered file has, both readers refuse it, or both read the same out of it.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/bill_delivery.h"
#include "tests/support/reader_differences.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1000) return 0;
  static const finops::BillLayout layout = finops::layout_of_all_types();
  finops::ConvertOptions options;
  options.threads = 1;
  // The first byte is the size of the pieces that the file is read in.
  const auto part = finops::part_of_bytes(
      "part", std::string(reinterpret_cast<const char*>(data + 1), size - 1), 1u + data[0]);
  const auto differences = finops::reader_differences({part}, layout, options);
  for (const auto& difference : differences) std::fprintf(stderr, "%s\n", difference.c_str());
  if (!differences.empty()) std::abort();
  return 0;
}
