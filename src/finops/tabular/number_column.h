#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/tabular/chunk_pages.h"
#include "finops/tabular/row_block.h"

namespace finops::bill {

/// A column of numbers: Int128 is decimal, int64_t timestamp. Dictionary or PLAIN as a text column;
/// its bounds are kept always, from the distinct values where there is a dictionary. A required one
/// takes no NULLs.
template <class Value>
class NumberColumn {
 public:
  explicit NumberColumn(const EncodingOptions& options, bool is_required = false)
      : options_(&options), pages_(options, is_required) {
    clear_dictionary();
  }

  void append(const Value* values, std::size_t n);
  void append_nulls(std::size_t n);
  void finish_chunk(std::vector<ColumnChunk>& chunks);

  std::size_t dictionary_memory() const {
    return is_plain_ ? 0 : distinct_.size() * sizeof(Value) + slots_.size() * sizeof(std::uint32_t);
  }
  void give_up_dictionary();

 private:
  static constexpr Value null() {
    if constexpr (sizeof(Value) == 16)
      return kNullDecimal;
    else
      return kNullTimestamp;
  }
  std::uint32_t* reserve(std::size_t n);
  void advance(std::size_t n);
  std::size_t slot_of(Value value) const;
  std::uint32_t code(Value value);
  void grow_slots();
  void clear_dictionary();
  void append_plain(const Value* values, std::size_t n);
  void check_dictionary();
  void write_dictionary();
  void bound(Value value);
  void flush_page();

  const EncodingOptions* options_;
  ChunkPages pages_;
  bool is_plain_ = false, starts_plain_ = false, has_bounds_ = false;
  std::size_t chunk_rows_ = 0;
  std::vector<Value> distinct_;       // code - 1 -> value
  std::vector<std::uint32_t> slots_;  // open addressing, codes; 0 is vacant
  Value last_ = null(), min_{}, max_{};
  std::uint32_t last_code_ = 0;
  std::vector<std::uint32_t> codes_;  // of the page being filled, once it has values
  std::size_t page_rows_ = 0;
  bool page_has_values_ = false;
  Buffer<char> plain_;
  std::size_t plain_bytes_ = 0;
};

/// The number of each row's line: PLAIN, no NULLs.
class LineColumn {
 public:
  LineColumn(const EncodingOptions& options, bool is_required)
      : options_(&options), pages_(options, is_required) {}
  void append(const std::int64_t* lines, std::size_t n);
  void finish_chunk(std::vector<ColumnChunk>& chunks);

 private:
  void flush_page();
  const EncodingOptions* options_;
  ChunkPages pages_;
  std::string plain_;
  std::int64_t min_ = INT64_MAX, max_ = INT64_MIN;
};

}  // namespace finops::bill
