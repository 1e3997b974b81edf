#include "finops/pipeline/folder_output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "finops/core/error.h"
#include "finops/pipeline/file_bytes.h"

namespace finops {
namespace {

class OpenFile : public RandomAccessBytes {
 public:
  OpenFile(int fd, std::uint64_t size, std::string path)
      : fd_(fd), size_(size), path_(std::move(path)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() override { ::close(fd_); }

  std::uint64_t size() const override { return size_; }

  void read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    read_all_at(fd_, offset, out, path_);
  }

 private:
  int fd_;
  std::uint64_t size_;
  std::string path_;
};

}  // namespace

ReplacingFileWriter::ReplacingFileWriter(std::string path)
    : path_(std::move(path)), temporary_path_(path_ + ".part-" + std::to_string(::getpid())) {
  const auto folder = std::filesystem::absolute(path_).parent_path();
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) throw error_from_errno(code.value(), "create the folder", folder.string());
  fd_ = ::open(temporary_path_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  if (fd_ < 0) throw error_from_errno(errno, "create", temporary_path_);
}

ReplacingFileWriter::~ReplacingFileWriter() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_path_.c_str());
}

void ReplacingFileWriter::write(std::span<const std::byte> bytes) {
  write_all(fd_, bytes, temporary_path_);
}

void ReplacingFileWriter::finish() {
  if (::fsync(fd_) != 0) throw error_from_errno(errno, "write to disk", temporary_path_);
  if (std::rename(temporary_path_.c_str(), path_.c_str()) != 0) {
    throw error_from_errno(errno, "rename to", path_);
  }
  ::close(std::exchange(fd_, -1));
  const auto folder = std::filesystem::absolute(path_).parent_path().string();
  const int folder_fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder_fd >= 0) {
    ::fsync(folder_fd);
    ::close(folder_fd);
  }
}

std::unique_ptr<RandomAccessBytes> open_file_if_there(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return nullptr;
  if (fd < 0) throw error_from_errno(errno, "open", path);
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    const int number = errno;
    ::close(fd);
    throw error_from_errno(number, "look at", path);
  }
  return std::make_unique<OpenFile>(fd, static_cast<std::uint64_t>(status.st_size), path);
}

}  // namespace finops
