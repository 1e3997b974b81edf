// Whatever bytes stand in a metadata file, reading it ends in a value or in a finops::Error; and
// what is read can be written.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "finops/core/error.h"
#include "finops/lake/file_metrics.h"
#include "finops/lake/manifest.h"

namespace {

template <typename Read>
void try_to(Read read) {
  try {
    read();
  } catch (const finops::Error& error) {
    if (error.kind() == finops::ErrorKind::kInternal) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace finops::lake;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_to([&] { read_manifest_list(bytes); });
  try_to([&] {
    for (const auto& entry : read_manifest(bytes, {})) {
      check_metrics(entry.file.metrics);
      lower_bound_of(entry.file.metrics, 1);
      upper_bound_of(entry.file.metrics, 1);
    }
  });
  try_to([&] { TableMetadata::parse(bytes); });
  return 0;
}
