#include "finops/tabular/cell_column.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "finops/core/csv_cell.h"
#include "finops/core/utf8.h"

namespace finops::bill {
namespace {

constexpr std::size_t kRealBytes = 14;  // of a number's text, with its separator, usually

void append_cell(std::string& out, std::string_view cell) {
  const bool is_quoted = cell.starts_with('"');
  if (is_quoted || cell.find_first_of(",\r\n") == cell.npos) {
    out += cell;
  } else {
    append_quoted_cell(out, cell);
  }
}

}  // namespace

void CellTexts::finish() {
  if (!bytes_.empty() && std::memchr(bytes_.data(), '"', bytes_.size()) != nullptr) quote_cells();
  is_utf8_ = finops::is_utf8(bytes_);
  bytes_.append(kTextPadding, '\0');
}

void CellTexts::quote_cells() {
  std::string quoted;
  quoted.reserve(bytes_.size() + bytes_.size() / 4);
  std::uint32_t begin = 0;
  for (std::size_t i = 1; i < separators_.size(); ++i) {
    const std::string_view text(bytes_.data() + begin, separators_[i] - begin);
    begin = separators_[i] + 1;
    if (text.find('"') == text.npos) {
      quoted += text;
    } else {
      append_quoted_cell(quoted, text);
    }
    separators_[i] = static_cast<std::uint32_t>(quoted.size());
    quoted += ',';
  }
  bytes_ = std::move(quoted);
}

void CellColumn::make_texts() {
  const auto made = std::make_shared<CellTexts>();
  made->reserve(reals.size(), reals.size() * kRealBytes);
  for (const double number : reals) {
    if (!is_null_real(number)) append_real(made->bytes(), number);
    made->end_cell();
  }
  made->finish();
  texts = made;
  reals.clear();
}

bool CellColumn::is_empty() const {
  if (!has_texts()) return std::ranges::all_of(reals, is_null_real);
  if (texts->is_empty()) return true;
  if (!is_coded()) return false;
  return std::ranges::all_of(codes, [](std::uint32_t code) { return code == 0; });
}

std::size_t CellColumn::text_bytes() const {
  if (!has_texts()) return reals.size() * kRealBytes;
  const std::size_t bytes = texts->separators()[texts->size()] + std::size_t{1};
  return is_coded() ? codes.size() * bytes / texts->size() : bytes;
}

std::size_t CellColumn::memory() const {
  const bool has_own_texts = has_texts() && !is_coded();
  return codes.size() * sizeof(std::uint32_t) + reals.size() * sizeof(double) +
         (has_own_texts ? texts->memory() : 0);
}

CellRange CellColumn::cells(std::size_t first, std::size_t count, CellPlaces& places) const {
  if (!is_coded()) return texts->range(first, count);
  if (places.begins.size() < count) {
    places.begins.resize(count + count / 2);
    places.ends.resize(count + count / 2);
  }
  const std::uint32_t* const separators = texts->separators();
  for (std::size_t i = 0; i < count; ++i) {
    places.begins[i] = separators[codes[first + i]];
    places.ends[i] = separators[codes[first + i] + 1];
  }
  return {texts->data(), places.begins.data(), places.ends.data(), 1, count};
}

void append_real(std::string& out, double number) {
  std::array<char, 32> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

void append_records(std::vector<CellColumn>& columns, std::size_t rows, std::string& out) {
  for (CellColumn& column : columns) {
    if (!column.has_texts()) column.make_texts();
  }
  CellPlaces places;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t begin = out.size();
    for (const CellColumn& column : columns) {
      append_cell(out, raw_cell_at(column.cells(row, 1, places), 0).view());
      out += ',';
    }
    if (out.size() - begin <= 1) out.insert(begin, "\"\"");  // an empty line could be no row
    out.back() = '\n';
  }
}

}  // namespace finops::bill
