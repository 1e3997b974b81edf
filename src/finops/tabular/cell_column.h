#pragma once

#include <bit>
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

/// Stands for NULL among the numbers of a column: a NaN that no file has.
inline constexpr double kNullReal = std::bit_cast<double>(std::uint64_t{0x7FF8'F1A0'0000'0001});
inline bool is_null_real(double number) {
  return std::bit_cast<std::uint64_t>(number) == std::bit_cast<std::uint64_t>(kNullReal);
}

/// One column of some rows, where a file is stored by column: the cell of row r is text codes[r],
/// or text r where there are no codes, or the shortest text of number r where there are no texts.
struct CellColumn {
  std::shared_ptr<const CellTexts> texts;
  std::vector<std::uint32_t> codes;
  std::vector<double> reals;  // finite, or kNullReal

  bool is_coded() const { return !codes.empty(); }
  bool has_texts() const { return texts != nullptr; }
  /// Of a column that has none. Cells can be had from then on.
  void make_texts();
  bool is_empty() const;
  /// Bytes of the cells as CSV has them, separators included; roughly where the column is coded.
  std::size_t text_bytes() const;
  /// Bytes that are this column's alone.
  std::size_t memory() const;
  CellRange cells(std::size_t first, std::size_t count, CellPlaces& places) const;
};

/// Appends the rows as records of CSV, each ended by a line feed. Makes the texts that are missing.
void append_records(std::vector<CellColumn>& columns, std::size_t rows, std::string& out);

/// Appends the shortest text that is read as this number again.
void append_real(std::string& out, double number);

}  // namespace finops::bill
