#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "finops/tabular/cell_column.h"
#include "finops/tabular/chunk_pages.h"
#include "finops/tabular/kernels.h"
#include "finops/tabular/string_dictionary.h"

namespace finops::bill {

/// A delivered text column: cells become dictionary codes; when the dictionary does not pay (nearly
/// every value is new, or it grows past its limit) the rest of the chunk is PLAIN, and for the
/// first of these reasons so is the next chunk from its start. No bounds are kept.
class TextColumn {
 public:
  explicit TextColumn(const EncodingOptions& options)
      : options_(&options), pages_(options, false) {}

  void append(const CellRange& cells);
  void append(const CellColumn& column, std::size_t first_row, std::size_t rows);
  void append_nulls(std::size_t n);
  void finish_chunk(std::vector<ColumnChunk>& chunks);

  std::size_t dictionary_memory() const { return is_plain_ ? 0 : dictionary_.memory(); }
  /// The rest of the chunk is PLAIN; the dictionary's memory is given back.
  void give_up_dictionary();
  /// Texts of the page being filled that are in no dictionary.
  std::size_t plain_memory() const { return plain_.size(); }
  void flush_page();

 private:
  /// The codes of a delivered dictionary's texts in ours, found out when one is met.
  struct Translation {
    std::shared_ptr<const CellTexts> texts;
    std::vector<std::uint32_t> codes;  // UINT32_MAX: not met yet
  };
  std::uint32_t* reserve(std::size_t n);
  std::uint32_t translate(std::uint32_t code);
  void append_plain(const CellRange& cells);
  void check_dictionary();
  void write_dictionary();
  void advance(std::size_t n, bool has_values);

  const EncodingOptions* options_;
  ChunkPages pages_;
  bool is_plain_ = false, starts_plain_ = false, use_last_ = true;
  std::size_t chunk_rows_ = 0;
  std::size_t repeats_ = 0, seen_ = 0;
  StringDictionary dictionary_;
  Translation translation_;
  CellPlaces places_;
  std::vector<std::uint32_t> codes_;  // of the page being filled, once it has values
  std::size_t page_rows_ = 0;
  bool page_has_values_ = false;
  std::string plain_;
};

/// An added text column: the same value for whole blocks. Its bounds are kept.
class ConstantColumn {
 public:
  ConstantColumn(const EncodingOptions& options, bool is_required)
      : options_(&options), pages_(options, is_required) {}

  void append(std::string_view value, std::size_t n);
  void finish_chunk(std::vector<ColumnChunk>& chunks);

 private:
  void flush_page();

  const EncodingOptions* options_;
  ChunkPages pages_;
  std::vector<std::string> distinct_;
  std::vector<std::uint32_t> codes_;
};

}  // namespace finops::bill
