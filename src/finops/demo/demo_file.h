#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace finops {

/// A file being written; makes the folders above it. It has its name only after finish(), and
/// without that call leaves nothing. Throws what the file system says.
class DemoFile {
 public:
  explicit DemoFile(std::filesystem::path path);
  ~DemoFile();
  DemoFile(const DemoFile&) = delete;
  DemoFile& operator=(const DemoFile&) = delete;

  void write(std::string_view bytes);
  std::uint64_t size() const { return size_; }
  /// The size of the file.
  std::uint64_t finish();

 private:
  [[noreturn]] void fail(int number) const;

  std::filesystem::path path_, partial_;
  std::FILE* file_ = nullptr;
  std::uint64_t size_ = 0;
};

/// A file of lines, written 1 MiB at a time.
class DemoTextFile {
 public:
  explicit DemoTextFile(std::filesystem::path path) : file_(std::move(path)) {}

  /// Where text is appended; flush_if_large() is due after each line.
  std::string& text() { return text_; }
  void flush_if_large() {
    if (text_.size() >= kBlockSize) flush();
  }
  std::uint64_t finish() {
    flush();
    return file_.finish();
  }

 private:
  static constexpr std::size_t kBlockSize = std::size_t{1} << 20;
  void flush() {
    file_.write(text_);
    text_.clear();
  }

  DemoFile file_;
  std::string text_;
};

/// Replaces a small file at once; makes the folders above it.
void write_demo_text(const std::filesystem::path& path, std::string_view text);

}  // namespace finops
