// Whatever bytes a delivered Parquet file has, both readers refuse it, or both read the same out
// of it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/readers_must_agree.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8000) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  finops::readers_must_agree(bytes, finops::BillFormat::kParquet, SIZE_MAX);
  return 0;
}
