#include "finops/pipeline/file_bytes.h"

#include <unistd.h>

#include <cerrno>

#include "finops/core/error.h"

namespace finops {

void write_all(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw error_from_errno(errno, "write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

void read_all_at(int fd, std::uint64_t offset, std::span<std::byte> out, const std::string& path) {
  while (!out.empty()) {
    const ssize_t n = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw error_from_errno(errno, "read", path);
    if (n == 0) throw Error(ErrorKind::kInvalidData, "'" + path + "' ends too early");
    out = out.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
}

}  // namespace finops
