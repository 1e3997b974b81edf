#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace finops::bill {

/// Text buffers, and whatever a cell points into, are readable so many bytes past their end.
inline constexpr std::size_t kTextPadding = 128;

/// The cells of one column in consecutive rows: cell i is text[begins[i*stride]+1 ..
/// ends[i*stride]), as it stands, with its quotes. The addition is modulo 2^32: UINT32_MAX stands
/// before the text.
struct CellRange {
  const char* text;
  const std::uint32_t* begins;
  const std::uint32_t* ends;
  std::size_t stride;
  std::size_t rows;
};

struct Cell {
  const char* data;
  std::uint32_t length;
  std::string_view view() const { return {data, length}; }
};

inline Cell raw_cell_at(const CellRange& cells, std::size_t row) {
  const char* data = cells.text + static_cast<std::uint32_t>(cells.begins[row * cells.stride] + 1);
  return {data, static_cast<std::uint32_t>(cells.text + cells.ends[row * cells.stride] - data)};
}

/// Copies what quotes enclose into `scratch`, each doubled quote once.
Cell undouble_quotes(const char* data, std::uint32_t length, std::string& scratch);

/// The value of a sound cell: itself, or what its quotes enclose. Points into the text, or into
/// `scratch` (until its next use) where quotes are doubled.
inline Cell unquoted(Cell cell, std::string& scratch) {
  if (cell.length < 2 || cell.data[0] != '"') [[likely]]
    return cell;
  const Cell inner{cell.data + 1, cell.length - 2};
  if (std::memchr(inner.data, '"', inner.length) == nullptr) return inner;
  return undouble_quotes(inner.data, inner.length, scratch);
}

inline Cell cell_at(const CellRange& cells, std::size_t row, std::string& scratch) {
  return unquoted(raw_cell_at(cells, row), scratch);
}

}  // namespace finops::bill
