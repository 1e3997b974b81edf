// Whatever bytes a delivered file of JSON lines has, both readers refuse it, or both read the same
// out of it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/readers_must_agree.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // More rows could have more currencies than the fast reader takes for currencies.
  if (size == 0 || size > 2000) return 0;
  // The first byte is the size of the pieces that the file is read in.
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  finops::ConvertOptions options;
  options.row_group_rows = 3;
  finops::readers_must_agree(bytes, finops::BillFormat::kJsonLines, 1u + data[0], options);
  return 0;
}
