#include "finops/tabular/text_column.h"

#include <algorithm>
#include <utility>

namespace finops::bill {

std::uint32_t* TextColumn::reserve(std::size_t n) {
  if (codes_.size() < page_rows_ + n + 64) codes_.resize(options_->page_rows + n + 64);
  if (!page_has_values_) std::fill_n(codes_.data(), page_rows_, 0u);
  return codes_.data() + page_rows_;
}

void TextColumn::advance(std::size_t n, bool has_values) {
  page_rows_ += n;
  chunk_rows_ += n;
  page_has_values_ = page_has_values_ || has_values;
}

void TextColumn::append(const CellRange& cells) {
  if (is_plain_) return append_plain(cells);
  repeats_ += kernels().encode(dictionary_, cells, false, use_last_, reserve(cells.rows));
  seen_ += cells.rows;
  if (seen_ >= 4096) {  // worth a test of its own only when nearly always true or in long runs
    use_last_ = repeats_ * 8 > seen_ * 7;
    repeats_ = seen_ = 0;
  }
  advance(cells.rows, true);
  check_dictionary();
  if (page_rows_ >= options_->page_rows) flush_page();
}

void TextColumn::append(const CellColumn& column, std::size_t first_row, std::size_t rows) {
  if (is_plain_ || !column.is_coded()) return append(column.cells(first_row, rows, places_));
  if (translation_.texts != column.texts) {
    translation_.texts = column.texts;
    translation_.codes.assign(column.texts->size(), UINT32_MAX);
  }
  std::uint32_t* const out = reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    std::uint32_t code = translation_.codes[column.codes[first_row + i]];
    if (code == UINT32_MAX) [[unlikely]]
      code = translate(column.codes[first_row + i]);
    out[i] = code;
  }
  advance(rows, true);
  check_dictionary();
  if (page_rows_ >= options_->page_rows) flush_page();
}

std::uint32_t TextColumn::translate(std::uint32_t code) {
  std::string scratch;
  const Cell cell = cell_at(translation_.texts->range(code, 1), 0, scratch);
  return translation_.codes[code] = kernels().lookup(dictionary_, cell.data, cell.length);
}

void TextColumn::append_nulls(std::size_t n) {
  if (page_has_values_) std::fill_n(reserve(n), n, 0u);
  advance(n, false);
  if (page_rows_ >= options_->page_rows) flush_page();
}

void TextColumn::check_dictionary() {
  const std::size_t bytes = dictionary_.value_bytes;
  const bool is_too_big = bytes > options_->dictionary_bytes;
  const bool repeats_little =
      chunk_rows_ >= 4096 && dictionary_.size() * 4 > chunk_rows_ * 3 && bytes > 65536;
  if (!is_too_big && !repeats_little) return;
  starts_plain_ = repeats_little;
  give_up_dictionary();
}

void TextColumn::give_up_dictionary() {
  if (is_plain_) return;
  flush_page();
  write_dictionary();
  dictionary_ = StringDictionary();
  translation_ = {};
  is_plain_ = true;
}

void TextColumn::write_dictionary() {
  std::string page;
  page.reserve(dictionary_.value_bytes);
  const std::size_t codes = std::max<std::size_t>(dictionary_.size(), 1);  // with that of NULL
  for (std::uint32_t code = 1; code < codes; ++code)
    append_plain_text(page, dictionary_.value(code));
  pages_.set_dictionary(page, codes - 1);
}

void TextColumn::append_plain(const CellRange& cells) {
  std::uint32_t* out = reserve(cells.rows);
  std::string scratch;
  for (std::size_t i = 0; i < cells.rows; ++i) {
    const Cell cell = cell_at(cells, i, scratch);
    out[i] = cell.length != 0 ? 1 : 0;
    if (cell.length != 0) append_plain_text(plain_, cell.view());
  }
  advance(cells.rows, true);
  if (page_rows_ >= options_->page_rows || plain_.size() >= options_->plain_page_bytes)
    flush_page();
}

void TextColumn::flush_page() {
  if (page_rows_ == 0) return;
  if (!page_has_values_) {
    pages_.add_nulls(page_rows_);
  } else if (is_plain_) {
    pages_.add_plain(codes_.data(), page_rows_, plain_);
  } else {
    pages_.add_codes(codes_.data(), page_rows_, std::max<std::size_t>(dictionary_.size() - 1, 1));
  }
  plain_.clear();
  page_rows_ = 0;
  page_has_values_ = false;
}

void TextColumn::finish_chunk(std::vector<ColumnChunk>& chunks) {
  flush_page();
  if (!is_plain_) write_dictionary();
  chunks.push_back(pages_.finish());
  dictionary_.clear();
  translation_ = {};
  is_plain_ = starts_plain_;
  chunk_rows_ = 0;
}

void ConstantColumn::append(std::string_view value, std::size_t n) {
  if (distinct_.empty() || distinct_.back() != value) {
    if (std::ranges::find(distinct_, value) == distinct_.end()) distinct_.emplace_back(value);
  }
  const auto at = std::find(distinct_.rbegin(), distinct_.rend(), value);
  codes_.insert(codes_.end(), n, static_cast<std::uint32_t>(distinct_.rend() - at));
  if (codes_.size() >= options_->page_rows) flush_page();
}

void ConstantColumn::flush_page() {
  if (codes_.empty()) return;
  const std::size_t n = codes_.size();
  codes_.resize(n + 8);
  pages_.add_codes(codes_.data(), n, distinct_.size());
  codes_.clear();
}

void ConstantColumn::finish_chunk(std::vector<ColumnChunk>& chunks) {
  flush_page();
  std::string page;
  for (const std::string& value : distinct_) append_plain_text(page, value);
  pages_.set_dictionary(page, distinct_.size());
  chunks.push_back(pages_.finish());
  if (!distinct_.empty()) {
    const auto [low, high] = std::ranges::minmax_element(distinct_);
    chunks.back().min = *low;
    chunks.back().max = *high;
  }
  distinct_.clear();
}

}  // namespace finops::bill
