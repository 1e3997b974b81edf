#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/table_schema.h"
#include "finops/tabular/chunk_pages.h"
#include "finops/tabular/json_object.h"
#include "finops/tabular/kernels.h"

namespace finops::bill {

/// The chunks of a map column's keys or values. Texts go through a dictionary until it does not
/// pay; decimals are PLAIN.
class MapLeaf {
 public:
  MapLeaf(const EncodingOptions& options, ColumnType type)
      : options_(&options), pages_(options, false), type_(type) {
    is_plain_ = type_ != ColumnType::kText;
  }

  /// The code of a text, for add(); meaningless, and not asked for, once the leaf is plain.
  std::uint32_t code_of(std::string_view text);
  /// `plain`: the value as PLAIN has it.
  void add(std::uint32_t code, std::string_view plain);
  bool wants_plain() const;
  /// Between pages: the rest of the chunk is PLAIN, the dictionary's memory is given back.
  void become_plain();

  std::size_t page_bytes() const { return plain_.size(); }
  std::size_t dictionary_memory() const { return is_plain_ ? 0 : dictionary_.memory(); }
  /// A page of the values since the last one; `levels` is the number of them in `body`.
  void flush_page(std::size_t levels, std::string body);
  ColumnChunk finish_chunk();

 private:
  void write_dictionary();

  const EncodingOptions* options_;
  ChunkPages pages_;
  ColumnType type_;
  bool is_plain_;
  StringDictionary dictionary_;
  std::vector<std::uint32_t> codes_;
  std::string plain_;
  std::size_t page_values_ = 0, chunk_values_ = 0;
};

/// A delivered map column, whose cells are known to be sound. Cells repeat much, so what a cell
/// says is remembered by its raw text. Two chunks: keys and values.
class MapColumn {
 public:
  MapColumn(const EncodingOptions& options, ColumnType type);

  void append(const CellRange& cells);
  void append_nulls(std::size_t n);
  void finish_chunk(std::vector<ColumnChunk>& chunks);

  std::size_t dictionary_memory() const;
  void give_up_dictionary();

 private:
  struct Member {
    std::uint32_t key_code, value_code;
    std::uint32_t key_at, value_at, end;  // of the PLAIN forms, in bytes_
    bool is_null;
  };
  struct Known {
    std::uint32_t first = 0, count = 0;  // members
    bool is_null = false;
  };

  void remember(std::string_view raw);
  void remember_member(const JsonObject::Member& from);
  void forget();
  void add_row(const Known& row);
  void add_level(std::uint32_t repetition, std::uint32_t key, std::uint32_t value);
  void check_leaves();
  void flush_page();

  const EncodingOptions* options_;
  ColumnType type_;
  MapLeaf keys_, values_;

  StringDictionary texts_;    // raw cells
  std::vector<Known> known_;  // by their codes
  std::vector<Member> members_;
  std::string bytes_;
  JsonObject json_;

  std::vector<std::uint32_t> codes_;  // of the cells of a block
  std::vector<std::uint32_t> repetitions_, key_levels_, value_levels_;
  std::size_t page_rows_ = 0;
};

}  // namespace finops::bill
