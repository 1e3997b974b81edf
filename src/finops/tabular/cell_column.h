#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "finops/tabular/cell_range.h"

namespace finops::bill {

/// The texts of cells, one behind the other as a CSV of one column has them, but that a cell is
/// quoted only where it holds a quote. Filled by end_cell() after each cell's bytes, then finished
/// once; from then on any thread may read.
class CellTexts {
 public:
  /// Takes what was appended to bytes() since the last cell as one.
  void end_cell() {
    separators_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    bytes_ += ',';
  }
  std::string& bytes() { return bytes_; }
  void reserve(std::size_t cells, std::size_t text_bytes) {
    separators_.reserve(cells + 1);
    bytes_.reserve(text_bytes);
  }
  void finish();

  std::size_t size() const { return separators_.size() - 1; }
  std::size_t memory() const { return bytes_.size() + separators_.size() * sizeof(std::uint32_t); }
  bool is_utf8() const { return is_utf8_; }
  /// True when every cell is empty.
  bool is_empty() const { return separators_.back() + 1 == size(); }
  CellRange range(std::size_t first, std::size_t count) const {
    const std::uint32_t* const at = separators_.data() + first;
    return {bytes_.data(), at, at + 1, 1, count};
  }
  const char* data() const { return bytes_.data(); }
  const std::uint32_t* separators() const { return separators_.data(); }

 private:
  void quote_cells();

  std::string bytes_;
  std::vector<std::uint32_t> separators_ = {UINT32_MAX};  // "one before", then of each cell
  bool is_utf8_ = true;
};

/// Room for the places of cells that are not beside each other.
struct CellPlaces {
  std::vector<std::uint32_t> begins, ends;
};

/// One column of some rows, where a file is stored by column: the cell of row r is text codes[r],
/// or text r where there are no codes.
struct CellColumn {
  std::shared_ptr<const CellTexts> texts;
  std::vector<std::uint32_t> codes;

  bool is_coded() const { return !codes.empty(); }
  bool is_empty() const;
  /// Bytes of the cells as CSV has them, separators included; roughly where the column is coded.
  std::size_t text_bytes() const;
  /// Bytes that are this column's alone.
  std::size_t memory() const;
  CellRange cells(std::size_t first, std::size_t count, CellPlaces& places) const;
};

/// Appends the rows as records of CSV, each ended by a line feed.
void append_records(const std::vector<CellColumn>& columns, std::size_t rows, std::string& out);

}  // namespace finops::bill
