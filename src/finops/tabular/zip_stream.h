#pragma once

#include <isa-l.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "finops/tabular/delivered_text.h"

namespace finops::bill {

/// The decompressed text of a ZIP archive with exactly one file in it (PKWARE APPNOTE 6.3.9;
/// stored or deflated, ZIP64 too), read forward. The central directory at the end must tell of this
/// one file, with the sizes and the CRC-32 that were found. An object of no bytes is an empty text.
class ZipStream final : public DeliveredText {
 public:
  ZipStream(std::string name, std::unique_ptr<ByteReader> reader,
            std::size_t input_bytes = 256 << 10);

  std::size_t read(char* out, std::size_t capacity) override;
  std::uint64_t compressed_bytes() const override { return input_.bytes(); }
  std::uint64_t text_bytes() const override { return text_bytes_; }
  std::string sha256() override { return input_.sha256(); }

 private:
  struct Found;  // what the central directory says of a file

  bool refill();
  std::string take(std::size_t count);
  void begin();
  void inflate(char* out, std::size_t capacity);
  void copy_stored(char* out, std::size_t capacity);
  std::string taken_ahead() const;
  void finish();
  Found directory_entry(std::string_view tail) const;
  [[noreturn]] void fail(const std::string& why) const;

  std::string name_;
  HashedInput input_;
  inflate_state state_;
  bool has_begun_ = false, is_stored_ = false, has_descriptor_ = false, at_end_ = false;
  std::uint64_t stored_left_ = 0;
  std::uint64_t packed_begin_ = 0, packed_end_ = 0;  // of the file's data in the archive
  std::uint64_t text_bytes_ = 0;
  std::uint32_t crc_ = 0;
  std::size_t done_ = 0;  // of the read in hand
};

}  // namespace finops::bill
