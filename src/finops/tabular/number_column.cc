#include "finops/tabular/number_column.h"

#include <algorithm>
#include <utility>

namespace finops::bill {

template <class Value>
void NumberColumn<Value>::clear_dictionary() {
  distinct_.clear();
  slots_.assign(slots_.size() > 4096 || slots_.empty() ? 1024 : slots_.size(), 0);
  last_ = null();
  last_code_ = 0;
}

template <class Value>
std::size_t NumberColumn<Value>::slot_of(Value value) const {
  const auto bits = static_cast<UInt128>(value);
  std::uint64_t h = static_cast<std::uint64_t>(bits) * 0x9E3779B97F4A7C15ull +
                    static_cast<std::uint64_t>(bits >> 64);
  h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93ull;
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = (h >> 32) & mask;
  while (slots_[slot] != 0 && distinct_[slots_[slot] - 1] != value) slot = (slot + 1) & mask;
  return slot;
}

template <class Value>
std::uint32_t NumberColumn<Value>::code(Value value) {
  const std::size_t slot = slot_of(value);
  if (slots_[slot] != 0) return slots_[slot];
  distinct_.push_back(value);
  const auto added = static_cast<std::uint32_t>(distinct_.size());
  slots_[slot] = added;
  if (distinct_.size() * 2 > slots_.size()) grow_slots();
  return added;
}

template <class Value>
void NumberColumn<Value>::grow_slots() {
  slots_.assign(slots_.size() * 4, 0);
  for (std::size_t i = 0; i < distinct_.size(); ++i) {
    slots_[slot_of(distinct_[i])] = static_cast<std::uint32_t>(i + 1);
  }
}

template <class Value>
void NumberColumn<Value>::bound(Value value) {
  if (!has_bounds_) min_ = max_ = value;
  has_bounds_ = true;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

template <class Value>
std::uint32_t* NumberColumn<Value>::reserve(std::size_t n) {
  if (codes_.size() < page_rows_ + n + 64) codes_.resize(options_->page_rows + n + 64);
  if (!page_has_values_) std::fill_n(codes_.data(), page_rows_, 0u);
  page_has_values_ = true;
  return codes_.data() + page_rows_;
}

template <class Value>
void NumberColumn<Value>::advance(std::size_t n) {
  page_rows_ += n;
  chunk_rows_ += n;
  if (!is_plain_) check_dictionary();
  if (page_rows_ >= options_->page_rows) flush_page();
}

template <class Value>
void NumberColumn<Value>::append(const Value* values, std::size_t n) {
  std::uint32_t* out = reserve(n);
  if (is_plain_) {
    append_plain(values, n);
  } else {
    for (std::size_t i = 0; i < n; ++i) {
      if (values[i] != last_) {
        last_ = values[i];
        last_code_ = last_ == null() ? 0 : code(last_);
      }
      out[i] = last_code_;
    }
  }
  advance(n);
}

template <class Value>
void NumberColumn<Value>::append_nulls(std::size_t n) {
  if (page_has_values_) std::fill_n(reserve(n), n, 0u);
  advance(n);
}

template <class Value>
void NumberColumn<Value>::check_dictionary() {
  const bool is_too_big = distinct_.size() * sizeof(Value) > options_->dictionary_bytes;
  const bool repeats_little = chunk_rows_ >= 4096 && distinct_.size() * 2 > chunk_rows_;
  if (!is_too_big && !repeats_little) return;
  starts_plain_ = repeats_little;
  give_up_dictionary();
}

template <class Value>
void NumberColumn<Value>::give_up_dictionary() {
  if (is_plain_) return;
  flush_page();
  write_dictionary();
  clear_dictionary();
  is_plain_ = true;
}

template <class Value>
void NumberColumn<Value>::write_dictionary() {
  std::string page;
  page.reserve(distinct_.size() * sizeof(Value));
  for (const Value value : distinct_) {
    append_plain_number(page, value);
    bound(value);
  }
  pages_.set_dictionary(page, distinct_.size());
}

template <class Value>
void NumberColumn<Value>::append_plain(const Value* values, std::size_t n) {
  std::uint32_t* out = codes_.data() + page_rows_;
  const std::size_t wanted = plain_bytes_ + n * sizeof(Value);
  if (wanted > plain_.capacity()) plain_.reserve(2 * wanted, plain_bytes_);
  char* write = plain_.data() + plain_bytes_;
  for (std::size_t i = 0; i < n; ++i) {
    const bool is_value = values[i] != null();
    out[i] = is_value ? 1 : 0;
    if (!is_value) continue;
    bound(values[i]);
    write_plain_number(write, values[i]);
    write += sizeof(Value);
  }
  plain_bytes_ = static_cast<std::size_t>(write - plain_.data());
}

template <class Value>
void NumberColumn<Value>::flush_page() {
  if (page_rows_ == 0) return;
  if (!page_has_values_) {
    pages_.add_nulls(page_rows_);
  } else if (is_plain_) {
    pages_.add_plain(codes_.data(), page_rows_, {plain_.data(), plain_bytes_});
  } else {
    pages_.add_codes(codes_.data(), page_rows_, std::max<std::size_t>(distinct_.size(), 1));
  }
  plain_bytes_ = 0;
  page_rows_ = 0;
  page_has_values_ = false;
}

template <class Value>
void NumberColumn<Value>::finish_chunk(std::vector<ColumnChunk>& chunks) {
  flush_page();
  if (!is_plain_) write_dictionary();
  ColumnChunk chunk = pages_.finish();
  if (has_bounds_) {
    append_plain_number(chunk.min.emplace(), min_);
    append_plain_number(chunk.max.emplace(), max_);
  }
  chunks.push_back(std::move(chunk));
  has_bounds_ = false;
  clear_dictionary();
  is_plain_ = starts_plain_;
  chunk_rows_ = 0;
}

template class NumberColumn<Int128>;
template class NumberColumn<std::int64_t>;

void LineColumn::append(const std::int64_t* lines, std::size_t n) {
  plain_.append(reinterpret_cast<const char*>(lines), n * sizeof(std::int64_t));
  for (std::size_t i = 0; i < n; ++i) {
    min_ = std::min(min_, lines[i]);
    max_ = std::max(max_, lines[i]);
  }
  if (plain_.size() >= options_->page_rows * sizeof(std::int64_t)) flush_page();
}

void LineColumn::flush_page() {
  if (plain_.empty()) return;
  pages_.add_plain(nullptr, plain_.size() / sizeof(std::int64_t), plain_);
  plain_.clear();
}

void LineColumn::finish_chunk(std::vector<ColumnChunk>& chunks) {
  flush_page();
  chunks.push_back(pages_.finish());
  append_plain_number(chunks.back().min.emplace(), min_);
  append_plain_number(chunks.back().max.emplace(), max_);
  min_ = INT64_MAX;
  max_ = INT64_MIN;
}

}  // namespace finops::bill
