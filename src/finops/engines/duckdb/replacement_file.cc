#include "finops/engines/duckdb/replacement_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "finops/core/error.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

int open_again_after_signals(const fs::path& path, int flags, mode_t mode = 0) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (descriptor < 0 && errno == EINTR);
  return descriptor;
}

void sync(const fs::path& path, int flags) {
  const int descriptor = open_again_after_signals(path, flags);
  if (descriptor < 0) throw error_from_errno(errno, "cannot open", path.string());
  const bool is_synced = fsync(descriptor) == 0 || errno == EINVAL;
  const int number = errno;
  close(descriptor);
  if (!is_synced) throw error_from_errno(number, "cannot make durable", path.string());
}

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

void make_folder(const fs::path& folder) {
  std::error_code code;
  fs::create_directories(folder, code);
  if (code) throw error_from_errno(code.value(), "cannot make the folder", folder.string());
}

ReplacementFile::ReplacementFile(fs::path final_path, const std::string& mark)
    : final_path_(std::move(final_path)),
      temporary_path_(
          (folder_of(final_path_) / ("." + final_path_.filename().string() + "." + mark))
              .string()) {
  make_folder(folder_of(final_path_));
  std::error_code ignored;  // left behind by a killed process
  fs::remove(temporary_path_, ignored);
  fs::remove(temporary_path_ + ".wal", ignored);
}

ReplacementFile::~ReplacementFile() {
  std::error_code ignored;
  fs::remove(temporary_path_, ignored);
  fs::remove(temporary_path_ + ".wal", ignored);
}

void ReplacementFile::publish() {
  sync(temporary_path_, O_RDONLY);
  if (rename(temporary_path_.c_str(), final_path_.c_str()) != 0) {
    throw error_from_errno(errno, "cannot replace", final_path_.string());
  }
  sync(folder_of(final_path_), O_RDONLY | O_DIRECTORY);
}

void replace_text_file(const fs::path& path, const std::string& text) {
  ReplacementFile file(path, "new");
  errno = 0;
  std::ofstream out(file.temporary_path(), std::ios::binary);
  out << text;
  out.close();
  if (!out) throw error_from_errno(errno, "cannot write", file.temporary_path());
  file.publish();
}

FileLock::FileLock(const fs::path& path) {
  make_folder(folder_of(path));
  descriptor_ = open_again_after_signals(path, O_RDWR | O_CREAT, 0666);
  if (descriptor_ < 0) throw error_from_errno(errno, "cannot open the lock file", path.string());
  int locked = -1;
  do {
    locked = flock(descriptor_, LOCK_EX);
  } while (locked != 0 && errno == EINTR);
  if (locked == 0) return;
  const int number = errno;
  close(descriptor_);
  throw error_from_errno(number, "cannot lock", path.string());
}

FileLock::~FileLock() { close(descriptor_); }

}  // namespace finops
