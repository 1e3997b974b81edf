#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/core/sha256.h"
#include "finops/tabular/bill_layout.h"

namespace finops::simple {

/// The text of one delivered file, byte by byte, as bill_layout.h describes it under "Text":
/// inflated by zlib, without byte order mark, a line feed at its end. Throws kInvalidData that
/// names the file when it is not sound. One thread at a time.
class Text {
 public:
  static constexpr int kEnd = -1;

  Text(std::string name, BillFormat format, std::unique_ptr<ByteReader> reader);
  ~Text();
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;

  /// The next byte, 0 to 255, or kEnd.
  int next();
  /// These bytes come next, before what has not been read yet.
  void give_back(std::string_view bytes) {
    again_.insert(again_.end(), bytes.rbegin(), bytes.rend());
  }
  bool is_at_end();

  /// Of the compressed object, once the end was reached.
  std::uint64_t compressed_bytes() const { return compressed_bytes_; }
  std::string sha256() { return hash_.finish(); }

 private:
  int next_delivered();
  int next_inflated();
  bool inflate_more();
  bool copy_more();
  bool refill_input();
  bool begin_member();
  int next_packed();
  std::string take_packed(std::size_t count);
  bool begin_archive();
  void end_archive();
  [[noreturn]] void fail(const std::string& why) const;

  std::string name_;
  std::unique_ptr<ByteReader> reader_;
  z_stream stream_{};
  std::vector<unsigned char> input_, output_;
  std::size_t output_at_ = 0, output_end_ = 0;
  std::uint64_t compressed_bytes_ = 0;
  Sha256 hash_;
  BillFormat format_;
  bool is_in_member_ = false, has_member_ = false;
  std::uint64_t text_bytes_ = 0;
  // Of a ZIP archive.
  bool is_stored_ = false;
  bool hides_size_ = false;  // the local header of an archive says that sizes follow the data
  std::uint64_t stored_left_ = 0, data_begin_ = 0;
  unsigned long crc_ = 0;
  int last_ = '\n';    // so that an empty text gets no line feed
  std::string again_;  // backwards
};

}  // namespace finops::simple
