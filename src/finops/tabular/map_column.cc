#include "finops/tabular/map_column.h"

#include <algorithm>
#include <utility>

#include "finops/core/error.h"
#include "finops/tabular/decimal_text.h"
#include "finops/tabular/map_cells.h"

namespace finops::bill {
namespace {

constexpr std::size_t kKnownBytes = 4 << 20;

// Definition levels; a key's reach kMember, a value's kValue.
constexpr std::uint32_t kNullMap = 0, kEmptyMap = 1, kMember = 2, kValue = 3;
constexpr int kRepetitionWidth = 1, kDefinitionWidth = 2;

}  // namespace

std::uint32_t MapLeaf::code_of(std::string_view text) {
  if (is_plain_) return 0;
  return kernels().lookup(dictionary_, text.data(), static_cast<std::uint32_t>(text.size()));
}

void MapLeaf::add(std::uint32_t code, std::string_view plain) {
  ++page_values_;
  ++chunk_values_;
  if (is_plain_) {
    plain_ += plain;
  } else {
    codes_.push_back(code);
  }
}

bool MapLeaf::wants_plain() const {
  if (is_plain_) return false;
  const std::size_t bytes = dictionary_.value_bytes;
  const bool repeats_little =
      chunk_values_ >= 4096 && dictionary_.size() * 4 > chunk_values_ * 3 && bytes > 65536;
  return bytes > options_->dictionary_bytes || repeats_little;
}

void MapLeaf::flush_page(std::size_t levels, std::string body) {
  const bool has_codes = !is_plain_ && page_values_ > 0;
  if (has_codes) {
    const std::size_t n = codes_.size(), begin = body.size();
    body.resize(begin + n * 4 + 160);
    auto* const out = reinterpret_cast<std::uint8_t*>(body.data()) + begin;
    const bool is_constant = std::ranges::all_of(codes_, [&](auto c) { return c == codes_[0]; });
    // The dictionary page has the empty string, too, so that codes are its indices.
    const std::uint8_t* end = write_indices(codes_.data(), n, dictionary_.size(), is_constant, out);
    body.resize(begin + static_cast<std::size_t>(end - out));
  } else {
    body += plain_;
  }
  pages_.add_page(has_codes ? Encoding::kRleDictionary : Encoding::kPlain, levels,
                  levels - page_values_, body);
  codes_.clear();
  plain_.clear();
  page_values_ = 0;
}

void MapLeaf::become_plain() {
  if (is_plain_) return;
  write_dictionary();
  dictionary_ = StringDictionary();
  is_plain_ = true;
}

void MapLeaf::write_dictionary() {
  std::string page;
  const std::size_t distinct = dictionary_.size();
  for (std::uint32_t code = 0; code < distinct; ++code) {
    append_plain_text(page, dictionary_.value(code));
  }
  pages_.set_dictionary(page, distinct);
}

ColumnChunk MapLeaf::finish_chunk() {
  if (!is_plain_) write_dictionary();
  dictionary_.clear();
  chunk_values_ = 0;
  is_plain_ = type_ != ColumnType::kText;
  return pages_.finish();
}

MapColumn::MapColumn(const EncodingOptions& options, ColumnType type)
    : options_(&options),
      type_(type),
      keys_(options, ColumnType::kText),
      values_(options, type == ColumnType::kTextMap ? ColumnType::kText : ColumnType::kDecimal) {}

void MapColumn::forget() {
  texts_ = StringDictionary();
  known_.clear();
  members_.clear();
  bytes_ = std::string();
}

void MapColumn::remember_member(const JsonObject::Member& from) {
  Member member{};
  member.is_null = is_null_member(from, type_);
  member.key_code = keys_.code_of(from.key);
  member.key_at = static_cast<std::uint32_t>(bytes_.size());
  append_plain_text(bytes_, from.key);
  member.value_at = static_cast<std::uint32_t>(bytes_.size());
  if (!member.is_null && type_ == ColumnType::kDecimalMap) {
    append_plain_number(bytes_, parse_any_decimal(from.value).value);
  } else if (!member.is_null) {
    member.value_code = values_.code_of(from.value);
    append_plain_text(bytes_, from.value);
  }
  member.end = static_cast<std::uint32_t>(bytes_.size());
  members_.push_back(member);
}

void MapColumn::remember(std::string_view raw) {
  std::string scratch;
  const Cell cell = unquoted({raw.data(), static_cast<std::uint32_t>(raw.size())}, scratch);
  Known known;
  known.first = static_cast<std::uint32_t>(members_.size());
  known.is_null = cell.length == 0;
  if (!known.is_null) {
    const std::string fault = read_map(cell.view(), type_, json_);
    if (!fault.empty()) throw Error(ErrorKind::kInternal, "a map cell was not checked: " + fault);
    for (const JsonObject::Member& member : json_.members()) remember_member(member);
  }
  known.count = static_cast<std::uint32_t>(members_.size()) - known.first;
  known_.push_back(known);
}

void MapColumn::append(const CellRange& cells) {
  if (texts_.memory() + bytes_.size() > kKnownBytes) forget();
  if (codes_.size() < cells.rows) codes_.resize(cells.rows);
  kernels().encode(texts_, cells, true, false, codes_.data());
  for (auto code = static_cast<std::uint32_t>(known_.size()); code < texts_.size(); ++code) {
    remember(texts_.value(code));
  }
  for (std::size_t r = 0; r < cells.rows; ++r) {
    add_row(known_[codes_[r]]);
    const bool is_full = repetitions_.size() >= 4 * options_->page_rows ||
                         keys_.page_bytes() + values_.page_bytes() >= options_->plain_page_bytes;
    if (is_full) flush_page();
  }
  check_leaves();
  if (page_rows_ >= options_->page_rows) flush_page();
}

void MapColumn::append_nulls(std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) add_level(0, kNullMap, kNullMap);
  page_rows_ += n;
  if (page_rows_ >= options_->page_rows) flush_page();
}

void MapColumn::add_level(std::uint32_t repetition, std::uint32_t key, std::uint32_t value) {
  repetitions_.push_back(repetition);
  key_levels_.push_back(key);
  value_levels_.push_back(value);
}

void MapColumn::add_row(const Known& row) {
  ++page_rows_;
  if (row.count == 0) {
    const std::uint32_t level = row.is_null ? kNullMap : kEmptyMap;
    add_level(0, level, level);
  }
  const std::string_view bytes = bytes_;
  for (std::uint32_t i = 0; i < row.count; ++i) {
    const Member& m = members_[row.first + i];
    add_level(i > 0 ? 1 : 0, kMember, m.is_null ? kMember : kValue);
    keys_.add(m.key_code, bytes.substr(m.key_at, m.value_at - m.key_at));
    if (!m.is_null) values_.add(m.value_code, bytes.substr(m.value_at, m.end - m.value_at));
  }
}

void MapColumn::check_leaves() {
  if (!keys_.wants_plain() && !values_.wants_plain()) return;
  flush_page();
  if (keys_.wants_plain()) keys_.become_plain();
  if (values_.wants_plain()) values_.become_plain();
}

std::size_t MapColumn::dictionary_memory() const {
  return keys_.dictionary_memory() + values_.dictionary_memory();
}

void MapColumn::give_up_dictionary() {
  flush_page();
  keys_.become_plain();
  values_.become_plain();
}

void MapColumn::flush_page() {
  if (page_rows_ == 0) return;
  const std::size_t levels = repetitions_.size();
  std::string keys, values;
  append_levels(keys, repetitions_.data(), levels, kRepetitionWidth);
  values = keys;
  append_levels(keys, key_levels_.data(), levels, kDefinitionWidth);
  append_levels(values, value_levels_.data(), levels, kDefinitionWidth);
  keys_.flush_page(levels, std::move(keys));
  values_.flush_page(levels, std::move(values));
  repetitions_.clear();
  key_levels_.clear();
  value_levels_.clear();
  page_rows_ = 0;
}

void MapColumn::finish_chunk(std::vector<ColumnChunk>& chunks) {
  flush_page();
  chunks.push_back(keys_.finish_chunk());
  chunks.push_back(values_.finish_chunk());
  forget();  // the codes are of the dictionaries that are gone
}

}  // namespace finops::bill
