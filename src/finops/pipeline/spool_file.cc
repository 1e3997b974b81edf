#include "finops/pipeline/spool_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "finops/core/error.h"

namespace finops {

SpoolFile::SpoolFile(const std::string& folder) : folder_(folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) throw error_from_errno(code.value(), "create the folder", folder);
  std::string path = folder + "/.spool-XXXXXX";
  fd_ = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd_ < 0) throw error_from_errno(errno, "create a temporary file in", folder);
  ::unlink(path.c_str());
}

SpoolFile::~SpoolFile() { ::close(fd_); }

void SpoolFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw error_from_errno(errno, "write a temporary file in", folder_);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    size_ += static_cast<std::uint64_t>(n);
  }
}

void SpoolFile::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t n = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw error_from_errno(errno, "read a temporary file in", folder_);
    if (n == 0) throw Error(ErrorKind::kInvalidData, "a temporary file ends too early");
    out = out.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
}

}  // namespace finops
