// Whatever stands in config.toml, it is a configuration or an Error that lists the mistakes.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "finops/config/configuration.h"
#include "finops/core/error.h"

namespace {

/// A file without a place on the disk, which holds the bytes that it was given last.
class MemoryFile {
 public:
  MemoryFile() : number_(::memfd_create("config.toml", 0)) {
    if (number_ < 0) std::abort();
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(number_); }
  void hold(const std::uint8_t* data, std::size_t size) const {
    const bool is_written = ::ftruncate(number_, 0) == 0 &&
                            ::pwrite(number_, data, size, 0) == static_cast<ssize_t>(size);
    if (!is_written) std::abort();
  }

 private:
  const int number_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  file.hold(data, size);
  try {
    finops::load_configuration({.file = file.path(), .environment = {}, .flags = {}});
  } catch (const finops::Error& error) {
    if (error.kind() != finops::ErrorKind::kInvalidConfig) __builtin_trap();
  }
  return 0;
}
