// Whatever bytes a delivered file has, both readers refuse it, or both read the same out of it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/readers_must_agree.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 1000) return 0;
  // The first byte is the size of the pieces that the file is read in.
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  finops::readers_must_agree(bytes, finops::BillFormat::kCsvGzip, 1u + data[0]);
  return 0;
}
