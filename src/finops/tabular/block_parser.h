#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "finops/tabular/decimal_text.h"
#include "finops/tabular/json_object.h"
#include "finops/tabular/kernels.h"
#include "finops/tabular/record_scanner.h"
#include "finops/tabular/row_block.h"

namespace finops::bill {

/// Makes a block of text a block of rows that fit: finds the cells, checks UTF-8 and maps, decodes
/// numbers and times, adds up the money. A block with faults is cleaned of its faulty rows and
/// parsed again, so that nothing after it knows of faults. Each thread has its own.
class BlockParser {
 public:
  explicit BlockParser(const BillShape& shape);

  void parse(RowBlock& block);

 private:
  struct Record {
    std::size_t begin, end, fields;
    ScannedRecord::State state;
  };
  /// Raw texts of one map column that were read before: maps repeat much.
  struct KnownMaps {
    StringDictionary texts;
    std::vector<std::uint8_t> is_bad;  // by code
  };
  /// What the texts of a coded column are as numbers or times, found out when one is met.
  template <typename Value>
  struct KnownValues {
    enum State : std::uint8_t { kUnknown, kUsual, kOther };
    std::shared_ptr<const CellTexts> texts;
    std::vector<Value> values;
    std::vector<State> states;  // kOther: does not fit, or only rounded
  };
  struct Rounding {
    std::size_t ordinal, row;
    DecimalCell cell;
    std::string text;  // of what is rounded deeply
  };

  bool parse_by_column(RowBlock& block);
  static void make_text(RowBlock& block);

  // Structure: block_parser.cc. Each returns false when it took faulty rows out.
  bool parse_once(RowBlock& block);
  bool find_cells(RowBlock& block);
  bool index_regular(RowBlock& block);
  bool index_any(RowBlock& block);
  void list_records(const RowBlock& block, std::size_t separators);
  bool is_malformed(const RowBlock& block, const Record& record) const;
  std::string fault_of(const RowBlock& block, std::size_t record) const;
  void reject_malformed(RowBlock& block);
  void set_lines(RowBlock& block);
  void set_last_column(RowBlock& block) const;
  void set_lengths(RowBlock& block) const;
  void reject_marked(RowBlock& block);
  void remove_marked(RowBlock& block);

  // Cells: block_cells.cc. What does not fit is marked.
  void read_cells(RowBlock& block);
  void check_utf8(const RowBlock& block);
  void decode_decimals(const CellRange& cells, std::size_t ordinal, std::vector<Int128>& out);
  void decode_timestamps(const CellRange& cells, std::vector<std::int64_t>& out);
  template <typename Value, typename Parse>
  bool decode_codes(const CellColumn& column, KnownValues<Value>& known, Parse parse,
                    std::vector<Value>& out);
  bool decode_reals(RowBlock& block, std::size_t column);
  bool decode_coded(RowBlock& block, std::size_t column);
  void check_maps(const CellRange& cells, KnownMaps& known, ColumnType type);
  void mark(std::size_t row) {
    is_faulty_[row] = 1;
    has_faults_ = true;
  }
  void add_money(RowBlock& block);
  bool number_currencies(const RowBlock& block, MoneyTotals& totals);
  void add_column(const std::vector<Int128>& values, std::size_t rows, std::size_t ordinal,
                  bool has_one_currency, MoneyTotals& totals) const;

  const BillShape* shape_;
  std::vector<Record> records_;  // of the text as it is
  std::vector<std::uint32_t> separators_;
  std::vector<std::uint8_t> is_faulty_;  // by record
  bool has_faults_ = false, is_ascii_ = false;
  std::size_t lines_ = 0;  // line feeds of the block's text
  std::vector<Rounding> roundings_;
  std::vector<KnownMaps> known_maps_;                        // by delivered column
  std::vector<KnownValues<Int128>> known_decimals_;          // by ordinal
  std::vector<KnownValues<std::int64_t>> known_timestamps_;  // by ordinal
  CellPlaces places_;
  std::vector<std::uint32_t> codes_, currencies_;
  JsonObject json_;
};

}  // namespace finops::bill
