#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "finops/core/decimal.h"
#include "finops/tabular/parquet_format.h"

namespace finops::bill {

struct EncodingOptions {
  int zstd_level = 1;
  std::size_t page_rows = 65'536;
  std::size_t plain_page_bytes = 1 << 20;
  std::size_t dictionary_bytes = 2 << 20;  // above this a column's later pages are plain
};

/// The pages of one column chunk, compressed as they come: of a finished page only its compressed
/// form is kept. In the codes that it takes 0 is NULL and c the dictionary's value c - 1.
class ChunkPages {
 public:
  ChunkPages(const EncodingOptions& options, bool is_required)
      : options_(&options), is_required_(is_required) {}

  /// `distinct`: the dictionary's size by now. `codes` can be read 8 past the end.
  void add_codes(const std::uint32_t* codes, std::size_t n, std::size_t distinct);
  /// PLAIN values; codes[i] != 0 tells which rows have one, all have for null `codes`.
  void add_plain(const std::uint32_t* codes, std::size_t n, std::string_view values);
  void add_nulls(std::size_t n);
  /// Levels and values as they stand in a page; for columns within others.
  void add_page(Encoding encoding, std::size_t levels, std::size_t nulls, std::string_view body);

  /// The dictionary, as PLAIN has its `distinct` values; nothing happens when there is none. Once
  /// in a chunk, after the last page of codes.
  void set_dictionary(std::string_view values, std::size_t distinct);
  /// Ends the chunk and begins the next.
  ColumnChunk finish();

 private:
  /// Valid until the next call on the same thread.
  std::string_view compress(std::string_view body) const;

  const EncodingOptions* options_;
  bool is_required_;
  ColumnChunk chunk_;
};

/// Writes indices into a dictionary of `distinct` values, as a data page has them, to `out`, which
/// has room for n * 4 + 160 bytes. Returns where they end.
std::uint8_t* write_indices(const std::uint32_t* indices, std::size_t n, std::size_t distinct,
                            bool is_constant, std::uint8_t* out);

/// A decimal as PLAIN has it: 16 bytes, big-endian.
inline void write_plain_number(char* out, Int128 value) {
  const auto bits = static_cast<UInt128>(value);
  const std::uint64_t words[2] = {__builtin_bswap64(static_cast<std::uint64_t>(bits >> 64)),
                                  __builtin_bswap64(static_cast<std::uint64_t>(bits))};
  std::memcpy(out, words, sizeof(words));
}
inline void write_plain_number(char* out, std::int64_t value) {
  std::memcpy(out, &value, sizeof(value));
}

/// Appends one value as PLAIN has it.
void append_plain_text(std::string& out, std::string_view value);
template <class Value>
void append_plain_number(std::string& out, Value value) {
  char bytes[sizeof(Value)];
  write_plain_number(bytes, value);
  out.append(bytes, sizeof(Value));
}

}  // namespace finops::bill
