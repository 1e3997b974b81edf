#pragma once

#include <memory>
#include <string>

#include "finops/core/byte_stream.h"

namespace finops {

/// Writes a file that people and scripts know by its path: under a temporary name beside it, then
/// synced and renamed over it, so that readers see the old file or the new one.
class ReplacingFileWriter : public ByteWriter {
 public:
  /// Creates the folder when it is missing.
  explicit ReplacingFileWriter(std::string path);
  ReplacingFileWriter(const ReplacingFileWriter&) = delete;
  ReplacingFileWriter& operator=(const ReplacingFileWriter&) = delete;
  ~ReplacingFileWriter() override;

  void write(std::span<const std::byte> bytes) override;
  void finish() override;

 private:
  std::string path_, temporary_path_;
  int fd_ = -1;
};

/// Nothing when there is no such file.
std::unique_ptr<RandomAccessBytes> open_file_if_there(const std::string& path);

}  // namespace finops
