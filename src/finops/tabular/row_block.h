#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/tabular/bill_layout.h"
#include "finops/tabular/bill_plan.h"
#include "finops/tabular/buffer.h"
#include "finops/tabular/cell_column.h"
#include "finops/tabular/cell_range.h"
#include "finops/tabular/delivered_lines.h"
#include "finops/tabular/money_totals.h"

namespace finops::bill {

inline constexpr std::int64_t kNullTimestamp = INT64_MIN;

/// A few hundred or thousand consecutive rows of one part on their way to the columns. Life: the
/// reader fills `text` with whole records, or `by_column`; BlockParser checks them, moves the rows
/// that do not fit to `rejected` and decodes the numbers of the rest; then the columns take the
/// cells straight from there. Then it is used for other rows. One thread may change it, several may
/// read it when parsed.
struct RowBlock {
  // Of the reader.
  std::shared_ptr<const PartPlan> plan;
  std::int64_t first_line = 0;
  DeliveredLines delivered;  // of its rows, until they are parsed; see DeliveredText::lines
  Buffer<char> text;
  /// Of a file that is stored by column, instead of `text`: the cells of `rows` rows, in the order
  /// of the header. Empty as soon as they had to become text, since some of them do not fit.
  std::vector<CellColumn> by_column;
  std::size_t size = 0;                // bytes of `text` in use, or what `by_column` would be
  bool is_regular = false;             // every quote was checked to stand at a cell's border
  bool ends_part = false;              // its last record is the part's last
  std::uint64_t compressed_bytes = 0;  // of its part, read since the block before

  // Of the parser, which finds them in text.
  std::size_t rows = 0;
  /// Separator c of row r is positions[1 + r * columns + c]; positions[0] is "one before the text".
  Buffer<std::uint32_t> positions;
  std::vector<std::int64_t> lines;        // of each row
  std::vector<std::uint32_t> lengths_or;  // per column of the header: 0 when every cell is empty
  std::vector<std::uint32_t> last_begins,
      last_ends;  // of the last column, where lines end in CR LF
  bool has_crlf = false;
  std::vector<std::vector<Int128>> decimals;  // by ordinal; in use up to `rows`
  std::vector<std::vector<std::int64_t>> timestamps;
  std::vector<RejectedRow> rejected;
  std::unique_ptr<MoneyTotals> fitting_money, rejected_money;

  std::size_t columns() const { return plan->fields; }
  bool is_by_column() const { return !by_column.empty(); }

  /// `places` is used, and must live on, where the block is by column.
  CellRange cells(std::size_t column, std::size_t first_row, std::size_t count,
                  CellPlaces& places) const {
    if (is_by_column()) return by_column[column].cells(first_row, count, places);
    return cells_of_text(column, first_row, count);
  }
  CellRange cells_of_text(std::size_t column, std::size_t first_row, std::size_t count) const {
    if (has_crlf && column + 1 == columns()) {
      return {text.data(), last_begins.data() + first_row, last_ends.data() + first_row, 1, count};
    }
    const std::uint32_t* at = positions.data() + first_row * columns() + column;
    return {text.data(), at, at + 1, columns(), count};
  }
  std::size_t row_begin(std::size_t row) const {
    return static_cast<std::uint32_t>(positions.data()[row * columns()] + 1);
  }
  std::size_t row_end(std::size_t row) const {  // its line feed included
    return positions.data()[(row + 1) * columns()] + std::size_t{1};
  }
};

}  // namespace finops::bill
