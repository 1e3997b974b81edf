#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "finops/demo/demo_file.h"

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

  DemoFile file_;
  libdeflate_compressor* compressor_;
  std::string text_, compressed_;
};

}  // namespace finops
