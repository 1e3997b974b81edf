// Whatever a delivered file's text is, the fast reader, what it wrote and the simple reader agree.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/fuzz/readers_must_agree.h"

namespace {

/// The first byte of an input: small limits, so that short inputs meet their borders.
finops::ConvertOptions options_of(std::uint8_t choice) {
  constexpr std::size_t kCellLimits[] = {1 << 20, 0, 8, 50};
  finops::ConvertOptions options;
  options.cell_limit = kCellLimits[choice & 3];
  options.row_group_rows = (choice & 4) != 0 ? 2 : 1000;
  options.file_rows = (choice & 8) != 0 ? 3 : 1000;
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // More rows could have more currencies than the fast reader takes for currencies.
  if (size == 0 || size > 2000) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  finops::readers_must_agree(finops::gzip_of(text, 0), finops::BillFormat::kCsvGzip, SIZE_MAX,
                             options_of(data[0]));
  return 0;
}
