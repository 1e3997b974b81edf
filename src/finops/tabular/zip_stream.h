#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "finops/tabular/packed_stream.h"

namespace finops::bill {

/// The decompressed text of a ZIP archive with exactly one file in it (PKWARE APPNOTE 6.3.9;
/// stored or deflated, ZIP64 too), read forward. The central directory at the end must tell of this
/// one file, with the sizes and the CRC-32 that were found. An object of no bytes is an empty text.
class ZipStream final : public PackedStream {
 public:
  ZipStream(std::string name, std::unique_ptr<ByteReader> reader,
            std::size_t input_bytes = kInputBytes);

  std::size_t read(char* out, std::size_t capacity) override;

 private:
  struct Found;  // what the central directory says of a file

  std::string take(std::size_t count);
  void begin();
  std::size_t inflate(char* out, std::size_t capacity);
  std::size_t copy_stored(char* out, std::size_t capacity);
  std::string taken_ahead() const;
  void finish();
  Found directory_entry(std::string_view tail) const;

  bool has_begun_ = false, is_stored_ = false, has_descriptor_ = false, at_end_ = false;
  std::uint64_t stored_left_ = 0;
  std::uint64_t packed_begin_ = 0;  // of the file's data in the archive
  std::uint32_t crc_ = 0;
};

}  // namespace finops::bill
