#include "finops/demo/demo_file.h"

#include <cerrno>

#include "finops/core/error.h"

namespace finops {

DemoFile::DemoFile(std::filesystem::path path)
    : path_(std::move(path)), partial_(std::filesystem::path(path_).concat(".partial")) {
  std::error_code error;
  std::filesystem::create_directories(path_.parent_path(), error);
  if (error) throw error_from_errno(error.value(), "make folder", path_.parent_path().string());
  file_ = std::fopen(partial_.c_str(), "wb");
  if (file_ == nullptr) fail(errno);
}

DemoFile::~DemoFile() {
  if (file_ != nullptr) {
    std::fclose(file_);
    std::remove(partial_.c_str());
  }
}

void DemoFile::write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) fail(errno);
  size_ += bytes.size();
}

std::uint64_t DemoFile::finish() {
  std::FILE* file = std::exchange(file_, nullptr);
  if (std::fclose(file) != 0) {
    const int number = errno;
    std::remove(partial_.c_str());
    fail(number);
  }
  std::error_code error;
  std::filesystem::rename(partial_, path_, error);
  if (error) throw error_from_errno(error.value(), "rename to", path_.string());
  return size_;
}

void DemoFile::fail(int number) const {
  throw error_from_errno(number, "write", partial_.string());
}

void write_demo_text(const std::filesystem::path& path, std::string_view text) {
  DemoFile file(path);
  file.write(text);
  file.finish();
}

}  // namespace finops
