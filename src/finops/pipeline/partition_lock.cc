#include "finops/pipeline/partition_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/sha256.h"

namespace finops {
namespace {

/// A file name that is readable, and different for different names whatever they contain.
std::string file_name(const std::string& name) {
  std::string readable;
  for (const char c : name.substr(0, 80)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_';
    readable += is_plain ? c : '_';
  }
  return readable + "-" + sha256_of(name).substr(0, 8) + ".lock";
}

}  // namespace

std::optional<PartitionLock> PartitionLock::try_take(const std::string& folder,
                                                     const ExportId& id) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) throw error_from_errno(code.value(), "create the folder for lock files", folder);
  const std::string path =
      folder + "/" + file_name(id.table + " " + id.source + " " + id.partition);
  const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  if (fd < 0) throw error_from_errno(errno, "open the lock file", path);
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return PartitionLock(fd);
  const int number = errno;
  ::close(fd);
  if (number == EWOULDBLOCK) return std::nullopt;
  throw error_from_errno(number, "lock", path);
}

PartitionLock PartitionLock::take(const std::string& folder, const ExportId& id) {
  if (auto lock = try_take(folder, id)) return std::move(*lock);
  throw Error(ErrorKind::kLocked, "another run of finops is at " + id.partition_name() +
                                      "; nothing was changed, try again when it has ended");
}

PartitionLock PartitionLock::wait_for(const std::string& folder, const ExportId& id, Clock& clock,
                                      const std::stop_token& stop) {
  constexpr Duration kPause(20);
  for (;;) {
    if (auto lock = try_take(folder, id)) return std::move(*lock);
    if (stop.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
    clock.sleep_for(kPause, stop);
  }
}

PartitionLock::PartitionLock(PartitionLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

PartitionLock::~PartitionLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace finops
