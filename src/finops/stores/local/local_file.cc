#include "finops/stores/local/local_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <vector>

namespace finops::local {
namespace {

/// Write-back of a large file begins while it is written, so that fsync does not wait for all of
/// it.
constexpr std::uint64_t kFlushEvery = 16 << 20;
constexpr std::size_t kCopyBlock = 1 << 20;

template <typename Call>
auto repeat_after_signals(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::string path_of_descriptor(const Descriptor& file) {
  return "/proc/self/fd/" + std::to_string(file.get());
}

struct stat status_of(const Descriptor& file, const std::string& path) {
  struct stat status{};
  if (fstat(file.get(), &status) != 0) throw file_error(errno, "cannot examine", path);
  return status;
}

class FileReader : public ByteReader {
 public:
  FileReader(Descriptor file, std::string path, std::string etag, std::uint64_t offset,
             std::uint64_t end)
      : file_(std::move(file)),
        path_(std::move(path)),
        etag_(std::move(etag)),
        at_(offset),
        end_(end) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), end_ - at_));
    if (wanted == 0) return 0;
    const ssize_t n = repeat_after_signals(
        [&] { return pread(file_.get(), out.data(), wanted, static_cast<off_t>(at_)); });
    if (n < 0) throw file_error(errno, "cannot read", path_);
    if (n == 0 || etag_of(status_of(file_, path_)) != etag_) {
      throw Error(ErrorKind::kConflict, "'" + path_ + "' was changed while it was read");
    }
    at_ += static_cast<std::uint64_t>(n);
    return static_cast<std::size_t>(n);
  }

 private:
  const Descriptor file_;
  const std::string path_, etag_;
  std::uint64_t at_;
  const std::uint64_t end_;
};

/// Copies by read and write; false when the source ends before `size`.
void copy_through_memory(const Descriptor& source, const std::string& source_path,
                         UnpublishedFile& to) {
  std::vector<std::byte> block(kCopyBlock);
  while (true) {
    const ssize_t n =
        repeat_after_signals([&] { return ::read(source.get(), block.data(), block.size()); });
    if (n < 0) throw file_error(errno, "cannot read", source_path);
    if (n == 0) return;
    to.write(std::span(block).first(static_cast<std::size_t>(n)));
  }
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Descriptor open_descriptor(const std::string& path, int flags, mode_t mode) {
  return Descriptor(
      repeat_after_signals([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
}

Error file_error(int number, std::string_view tried, const std::string& path) {
  const Error error = error_from_errno(number, tried, path);
  switch (number) {
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ENAMETOOLONG:
    case ELOOP:
      return {ErrorKind::kUnsupported,
              std::string(error.what()) + "; a folder cannot hold an object of this name"};
    default: return error;
  }
}

std::string etag_of(const struct stat& status) {
  char text[80];
  std::snprintf(text, sizeof text, "%llx-%llx%08lx-%llx",
                static_cast<unsigned long long>(status.st_size),
                static_cast<unsigned long long>(status.st_mtim.tv_sec),
                static_cast<unsigned long>(status.st_mtim.tv_nsec),
                static_cast<unsigned long long>(status.st_ino));
  return text;
}

ObjectInfo info_of(std::string key, const struct stat& status) {
  const auto since_epoch = std::chrono::seconds(status.st_mtim.tv_sec) +
                           std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  return {std::move(key), static_cast<std::uint64_t>(status.st_size), etag_of(status),
          TimePoint(std::chrono::floor<Duration>(since_epoch))};
}

void sync_folder(const std::string& folder) {
  const Descriptor opened = open_descriptor(folder, O_RDONLY | O_DIRECTORY);
  if (!opened) throw file_error(errno, "cannot open the folder", folder);
  if (repeat_after_signals([&] { return fsync(opened.get()); }) != 0 && errno != EINVAL) {
    throw file_error(errno, "cannot make durable the folder", folder);
  }
}

std::unique_ptr<ByteReader> open_reader(const std::string& path, const ReadOptions& options) {
  // O_NONBLOCK: else a named pipe in the tree would hang us.
  Descriptor file = open_descriptor(path, O_RDONLY | O_NONBLOCK);
  if (!file && errno == ENOTDIR) errno = ENOENT;
  if (!file) throw file_error(errno, "cannot open", path);
  const struct stat status = status_of(file, path);
  if (!S_ISREG(status.st_mode)) throw file_error(ENOENT, "cannot open", path);
  std::string etag = etag_of(status);
  if (!options.expected_etag.empty() && options.expected_etag != etag) {
    throw Error(ErrorKind::kConflict, "'" + path + "' was changed by somebody: its ETag is " +
                                          etag + " instead of " + options.expected_etag);
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t offset = std::min(options.offset, size);
  const std::uint64_t length = std::min(options.length.value_or(size), size - offset);
  if (!options.length) posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::make_unique<FileReader>(std::move(file), path, std::move(etag), offset,
                                      offset + length);
}

UnpublishedFile::UnpublishedFile(std::string target, bool nameless) : target_(std::move(target)) {
  // It gets its name through /proc; where that is not mounted, it needs one from the start.
  static const bool has_proc = access("/proc/self/fd", X_OK) == 0;
  if (nameless && has_proc) {
    file_ = open_descriptor(folder_of(target_), O_TMPFILE | O_WRONLY, 0666);
    if (file_) return;
  }
  partial_path_ = fresh_partial_path();
  file_ = open_descriptor(partial_path_, O_WRONLY | O_CREAT | O_EXCL, 0666);
  if (file_) return;
  throw file_error(errno, "cannot write", target_);
}

UnpublishedFile::~UnpublishedFile() {
  if (!partial_path_.empty()) unlink(partial_path_.c_str());
}

std::string UnpublishedFile::fresh_partial_path() const {
  std::uint64_t random[2] = {};
  if (getrandom(random, sizeof random, 0) != sizeof random) {
    throw file_error(errno, "cannot get random bytes for", target_);
  }
  char text[40];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(random[0]),
                static_cast<unsigned long long>(random[1]));
  return folder_of(target_) + "/" + std::string(kPartialPrefix) + text;
}

void UnpublishedFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n =
        repeat_after_signals([&] { return ::write(file_.get(), bytes.data(), bytes.size()); });
    if (n < 0) throw file_error(errno, "cannot write", target_);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    written_ += static_cast<std::uint64_t>(n);
  }
  if (written_ - flushed_ < kFlushEvery) return;
  // A hint: what it cannot do, fsync does, and reports.
  sync_file_range(file_.get(), static_cast<off_t>(flushed_),
                  static_cast<off_t>(written_ - flushed_), SYNC_FILE_RANGE_WRITE);
  flushed_ = written_;
}

void UnpublishedFile::append_file(const Descriptor& source, const std::string& source_path) {
  const struct stat before = status_of(source, source_path);
  std::uint64_t copied = 0;
  while (true) {
    const ssize_t n = repeat_after_signals([&] {
      return copy_file_range(source.get(), nullptr, file_.get(), nullptr, std::size_t{1} << 30, 0);
    });
    if (n > 0) copied += static_cast<std::uint64_t>(n);
    if (n == 0) break;
    if (n > 0) continue;
    if (errno == ENOSPC || errno == EDQUOT) throw file_error(errno, "cannot write", target_);
    break;
  }
  written_ += copied;
  // Some file systems cannot copy in the kernel, and some say that they copied nothing.
  if (copied < static_cast<std::uint64_t>(before.st_size)) {
    copy_through_memory(source, source_path, *this);
  }
  if (etag_of(status_of(source, source_path)) != etag_of(before) ||
      status_of(file_, target_).st_size != before.st_size) {
    throw Error(ErrorKind::kConflict, "'" + source_path + "' was changed while it was copied");
  }
}

void UnpublishedFile::make_durable() {
  // The kernel stamps files with the time of its last tick, so that two files of one tick which get
  // the same inode, one after the other, would have the same ETag: stamp with the exact time.
  timespec times[2] = {};
  clock_gettime(CLOCK_REALTIME, &times[0]);
  times[1] = times[0];
  if (futimens(file_.get(), times) != 0) throw file_error(errno, "cannot set the time of", target_);
  if (repeat_after_signals([&] { return fsync(file_.get()); }) != 0) {
    throw file_error(errno, "cannot make durable", target_);
  }
}

void UnpublishedFile::link_as(const std::string& path) {
  if (linkat(AT_FDCWD, path_of_descriptor(file_).c_str(), AT_FDCWD, path.c_str(),
             AT_SYMLINK_FOLLOW) != 0) {
    throw file_error(errno, "cannot create", path);
  }
}

void UnpublishedFile::publish_new() {
  make_durable();
  if (partial_path_.empty()) {
    link_as(target_);
  } else if (renameat2(AT_FDCWD, partial_path_.c_str(), AT_FDCWD, target_.c_str(),
                       RENAME_NOREPLACE) == 0) {
    partial_path_.clear();
  } else if (errno != EINVAL || link(partial_path_.c_str(), target_.c_str()) != 0) {
    // EINVAL: a file system without RENAME_NOREPLACE, where a second link does the same.
    throw file_error(errno, "cannot create", target_);
  }
  after_publication();
}

void UnpublishedFile::publish_replacing() {
  make_durable();
  if (partial_path_.empty()) {
    std::string path = fresh_partial_path();
    link_as(path);
    partial_path_ = std::move(path);
  }
  if (rename(partial_path_.c_str(), target_.c_str()) != 0) {
    throw file_error(errno, "cannot replace", target_);
  }
  partial_path_.clear();
  after_publication();
}

void UnpublishedFile::after_publication() {
  try {
    sync_folder(folder_of(target_));
  } catch (const Error& error) {
    throw Error(ErrorKind::kUnknownOutcome,
                "'" + target_ + "' was written, but may not outlive a crash: " + error.what());
  }
}

}  // namespace finops::local
