#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "finops/tabular/packed_stream.h"

namespace finops::bill {

/// The decompressed text of one gzip object, read forward in pieces of any size; memory is one
/// input buffer. Knows members and zero padding (RFC 1952, 2.2) and checks the CRC-32 and length of
/// each member: not gzip, damaged, truncated or followed by garbage throws kInvalidData that names
/// the object. An object of no bytes is an empty text. One thread at a time.
class GzipStream final : public PackedStream {
 public:
  GzipStream(std::string name, std::unique_ptr<ByteReader> reader,
             std::size_t input_bytes = kInputBytes);

  std::size_t read(char* out, std::size_t capacity) override;

 private:
  unsigned header_byte();
  void read_member_header();
  bool begin_next_member();
  void inflate();

  std::uint32_t header_crc_ = 0;
  bool is_in_member_ = false, has_member_ = false, at_end_ = false;
};

}  // namespace finops::bill
