#pragma once

#include <isa-l.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "finops/tabular/delivered_text.h"

namespace finops::bill {

/// The decompressed text of one gzip object, read forward in pieces of any size; memory is one
/// input buffer. Knows members and zero padding (RFC 1952, 2.2) and checks the CRC-32 and length of
/// each member: not gzip, damaged, truncated or followed by garbage throws kInvalidData that names
/// the object. An object of no bytes is an empty text. One thread at a time.
class GzipStream final : public DeliveredText {
 public:
  /// Big enough that calls of the reader do not show, small enough for the second-level cache.
  static constexpr std::size_t kInputBytes = 256 * 1024;

  GzipStream(std::string name, std::unique_ptr<ByteReader> reader,
             std::size_t input_bytes = kInputBytes);

  std::size_t read(char* out, std::size_t capacity) override;
  std::uint64_t compressed_bytes() const override { return input_.bytes(); }
  std::uint64_t text_bytes() const override { return text_bytes_; }
  std::string sha256() override { return input_.sha256(); }

 private:
  bool refill();
  unsigned header_byte();
  void read_member_header();
  bool begin_next_member();
  void inflate();
  [[noreturn]] void fail(const std::string& why) const;

  std::string name_;
  HashedInput input_;
  std::uint64_t text_bytes_ = 0;
  std::uint32_t header_crc_ = 0;
  bool is_in_member_ = false, has_member_ = false, at_end_ = false;
  inflate_state state_;
};

}  // namespace finops::bill
