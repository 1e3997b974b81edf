#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "finops/core/byte_stream.h"

namespace finops {

/// A temporary file without a name: it goes away with this object, or with the process. Appended to
/// by one thread, then read by any.
class SpoolFile : public RandomAccessBytes {
 public:
  /// Creates the folder when it is missing. Throws kNoSpace, kPermissionDenied.
  explicit SpoolFile(const std::string& folder);
  SpoolFile(const SpoolFile&) = delete;
  SpoolFile& operator=(const SpoolFile&) = delete;
  ~SpoolFile() override;

  void append(std::span<const std::byte> bytes);

  std::uint64_t size() const override { return size_; }
  void read_at(std::uint64_t offset, std::span<std::byte> out) const override;

 private:
  std::string path_;  // for messages
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace finops
