#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct libdeflate_compressor;

namespace finops {

/// A gzip file being written, in members of about 1 MiB of text, as some writers of bills do. The
/// same text gives the same bytes: headers carry no time. The file has its name only after
/// finish().
class GzipTextFile {
 public:
  explicit GzipTextFile(std::filesystem::path path);
  ~GzipTextFile();
  GzipTextFile(const GzipTextFile&) = delete;
  GzipTextFile& operator=(const GzipTextFile&) = delete;

  /// Where text is appended; flush_if_large() is due after each record.
  std::string& text() { return text_; }
  void flush_if_large() {
    if (text_.size() >= kMemberSize) flush();
  }
  /// The size of the file.
  std::uint64_t finish();

 private:
  static constexpr std::size_t kMemberSize = std::size_t{1} << 20;
  void flush();
  [[noreturn]] void fail(int number) const;

  std::filesystem::path path_, partial_;
  std::FILE* file_ = nullptr;
  libdeflate_compressor* compressor_;
  std::string text_, compressed_;
  std::uint64_t size_ = 0;
};

/// Replaces a small file at once; makes the folders above it.
void write_demo_text(const std::filesystem::path& path, std::string_view text);

}  // namespace finops
