#include "finops/pipeline/spool_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "finops/core/error.h"
#include "finops/pipeline/file_bytes.h"

namespace finops {

SpoolFile::SpoolFile(const std::string& folder) : path_(folder + "/.spool-XXXXXX") {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) throw error_from_errno(code.value(), "create the folder", folder);
  fd_ = ::mkostemp(path_.data(), O_CLOEXEC);  // which fills in the X
  if (fd_ < 0) throw error_from_errno(errno, "create a temporary file in", folder);
  ::unlink(path_.c_str());
}

SpoolFile::~SpoolFile() { ::close(fd_); }

void SpoolFile::append(std::span<const std::byte> bytes) {
  write_all(fd_, bytes, path_);
  size_ += bytes.size();
}

void SpoolFile::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  read_all_at(fd_, offset, out, path_);
}

}  // namespace finops
