#include "finops/demo/gzip_text_file.h"

#include <libdeflate.h>

#include <cerrno>
#include <utility>

#include "finops/core/error.h"

namespace finops {
namespace {

constexpr int kLevel = 2;

void make_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw error_from_errno(error.value(), "make folder", folder.string());
}

std::filesystem::path partial_name(const std::filesystem::path& path) {
  return std::filesystem::path(path).concat(".partial");
}

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  std::filesystem::rename(from, to, error);
  if (error) throw error_from_errno(error.value(), "rename to", to.string());
}

}  // namespace

GzipTextFile::GzipTextFile(std::filesystem::path path)
    : path_(std::move(path)), partial_(partial_name(path_)) {
  make_folders(path_.parent_path());
  compressor_ = libdeflate_alloc_compressor(kLevel);
  if (compressor_ == nullptr) throw Error(ErrorKind::kInternal, "no memory for a compressor");
  file_ = std::fopen(partial_.c_str(), "wb");
  if (file_ == nullptr) {
    const int number = errno;
    libdeflate_free_compressor(compressor_);
    fail(number);
  }
}

GzipTextFile::~GzipTextFile() {
  libdeflate_free_compressor(compressor_);
  if (file_ != nullptr) {
    std::fclose(file_);
    std::remove(partial_.c_str());
  }
}

void GzipTextFile::flush() {
  compressed_.resize(libdeflate_gzip_compress_bound(compressor_, text_.size()));
  const std::size_t size = libdeflate_gzip_compress(compressor_, text_.data(), text_.size(),
                                                    compressed_.data(), compressed_.size());
  if (size == 0) throw Error(ErrorKind::kInternal, "libdeflate needs more than its own bound");
  if (std::fwrite(compressed_.data(), 1, size, file_) != size) fail(errno);
  size_ += size;
  text_.clear();
}

std::uint64_t GzipTextFile::finish() {
  if (!text_.empty() || size_ == 0) flush();
  std::FILE* file = std::exchange(file_, nullptr);
  if (std::fclose(file) != 0) {
    const int number = errno;
    std::remove(partial_.c_str());
    fail(number);
  }
  rename_file(partial_, path_);
  return size_;
}

void GzipTextFile::fail(int number) const {
  throw error_from_errno(number, "write", partial_.string());
}

void write_demo_text(const std::filesystem::path& path, std::string_view text) {
  make_folders(path.parent_path());
  const auto partial = partial_name(path);
  std::FILE* file = std::fopen(partial.c_str(), "wb");
  if (file == nullptr) throw error_from_errno(errno, "write", partial.string());
  const bool is_written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const int number = errno;
  if (std::fclose(file) != 0 || !is_written) {
    const Error error = error_from_errno(is_written ? errno : number, "write", partial.string());
    std::remove(partial.c_str());
    throw error;
  }
  rename_file(partial, path);
}

}  // namespace finops
