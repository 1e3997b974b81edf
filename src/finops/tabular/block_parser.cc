#include "finops/tabular/block_parser.h"

#include <algorithm>
#include <numeric>

#include "finops/core/error.h"
#include "finops/tabular/json_line.h"
#include "finops/tabular/row_judge.h"

namespace finops::bill {
namespace {

constexpr std::size_t kKeptSeparators = 1 << 20;

std::string field_count_reason(std::size_t found, std::size_t wanted) {
  return std::to_string(found) + (found == 1 ? " field" : " fields") + " instead of " +
         std::to_string(wanted);
}

/// An empty string for a blank line.
std::string fault_of_line(const RowBlock& block, std::int64_t number) {
  const std::string_view line = block.delivered.line(number);
  if (is_blank_line(line)) return {};
  const std::string why = fault_of_json_line(line);
  if (!why.empty()) return "not a JSON object: " + why;
  throw Error(ErrorKind::kInternal, "line " + std::to_string(number) + " of '" + block.plan->key +
                                        "' was rejected without a reason");
}

/// Perhaps the last record is an empty line: reason to look closely.
bool may_end_in_empty_line(std::string_view text) {
  return text == "\n" || text == "\r\n" || text.ends_with("\n\n") || text.ends_with("\n\r\n");
}

}  // namespace

BlockParser::BlockParser(const BillShape& shape)
    : shape_(&shape),
      known_maps_(shape.delivered.size()),
      known_decimals_(shape.decimal_names.size()),
      known_timestamps_(shape.timestamps) {}

void BlockParser::parse(RowBlock& block) {
  block.lines.clear();
  block.rejected.clear();
  if (block.fitting_money == nullptr) {
    block.fitting_money = std::make_unique<MoneyTotals>(*shape_);
    block.rejected_money = std::make_unique<MoneyTotals>(*shape_);
  }
  block.fitting_money->clear();
  block.rejected_money->clear();
  if (block.is_by_column() && parse_by_column(block)) return;
  while (!parse_once(block)) {
  }
  std::sort(block.rejected.begin(), block.rejected.end(),
            [](const RejectedRow& a, const RejectedRow& b) { return a.line < b.line; });
  set_lengths(block);
  block.delivered = {};
}

/// False for a block that has become text, since a row of it does not fit.
bool BlockParser::parse_by_column(RowBlock& block) {
  has_faults_ = block.size > block.plan->limits.record;
  has_faults_ |= std::ranges::any_of(block.by_column, [](const CellColumn& column) {
    return column.has_texts() && !column.texts->is_utf8();
  });
  is_faulty_.assign(block.rows, 0);
  roundings_.clear();
  is_ascii_ = true;
  if (!has_faults_) read_cells(block);
  if (has_faults_) {
    make_text(block);
    return false;
  }
  block.lines.resize(block.rows);
  std::iota(block.lines.begin(), block.lines.end(), block.first_line);
  block.lengths_or.clear();
  for (const CellColumn& column : block.by_column) {
    block.lengths_or.push_back(column.is_empty() ? 0 : 1);
  }
  add_money(block);
  return true;
}

void BlockParser::make_text(RowBlock& block) {
  std::string text;
  append_records(block.by_column, block.rows, text);
  block.by_column.clear();
  std::size_t begin = 0;
  for (std::size_t row = 0; begin < text.size(); ++row) {
    const auto rest = std::string_view(text).substr(begin);
    const ScannedRecord record = scan_record(rest, true, block.plan->limits);
    if (record.state == ScannedRecord::State::kTooLong) {
      throw record_too_long(*block.plan, block.first_line + static_cast<std::int64_t>(row));
    }
    begin += record.end;
  }
  block.size = text.size();
  block.text.reserve(text.size() + kTextPadding);
  std::copy(text.begin(), text.end(), block.text.data());
}

bool BlockParser::parse_once(RowBlock& block) {
  if (!find_cells(block)) return false;
  set_last_column(block);
  has_faults_ = false;
  is_faulty_.assign(block.rows, 0);
  roundings_.clear();
  read_cells(block);
  if (has_faults_) {
    reject_marked(block);
    return false;
  }
  add_money(block);
  return true;
}

bool BlockParser::find_cells(RowBlock& block) {
  block.positions.reserve(block.size + block.size / 8 + kTextPadding);
  block.positions.data()[0] = UINT32_MAX;
  records_.clear();
  const bool looks_closely =
      !block.is_regular ||
      (block.ends_part && may_end_in_empty_line({block.text.data(), block.size}));
  const bool is_grid = looks_closely ? index_any(block) : index_regular(block);
  if (is_grid) {
    set_lines(block);
    return true;
  }
  reject_malformed(block);
  return false;
}

/// Every row has as many separators as columns and the last is a line feed: the n-th line feed is
/// where it must be.
bool BlockParser::index_regular(RowBlock& block) {
  const SeparatorIndex found =
      kernels().index(block.text.data(), block.size, block.positions.data() + 1);
  is_ascii_ = found.is_ascii;
  block.has_crlf = found.has_crlf;
  block.rows = found.records;
  lines_ = found.lines;
  bool is_grid = found.separators == found.records * block.columns();
  const std::uint32_t* last = block.positions.data() + block.columns();
  for (std::size_t r = 0; is_grid && r < found.records; ++r, last += block.columns()) {
    is_grid = block.text.data()[*last] == '\n';
  }
  if (!is_grid) list_records(block, found.separators);
  return is_grid;
}

void BlockParser::list_records(const RowBlock& block, std::size_t separators) {
  std::size_t begin = 0, fields = 0;
  for (std::size_t i = 1; i <= separators; ++i) {
    ++fields;
    const std::size_t at = block.positions.data()[i];
    if (block.text.data()[at] != '\n') continue;
    records_.push_back({begin, at + 1, fields, ScannedRecord::State::kSound});
    begin = at + 1;
    fields = 0;
  }
}

/// Byte by byte, for text where the parity of quotes proves nothing.
bool BlockParser::index_any(RowBlock& block) {
  const std::string_view text{block.text.data(), block.size};
  if (separators_.capacity() > kKeptSeparators) separators_ = {};
  separators_.clear();
  block.has_crlf = false;
  bool is_grid = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t before = separators_.size();
    // The reader cut at a record's end; what an unclosed cell was found in may lie behind the
    // block.
    ScannedRecord found =
        scan_record(text.substr(begin), block.ends_part, block.plan->limits, &separators_, begin);
    if (!found.is_decided()) {
      found = {ScannedRecord::State::kUnclosedCell, text.find('\n', begin) + 1 - begin};
    }
    records_.push_back({begin, begin + found.end, separators_.size() - before, found.state});
    is_grid = is_grid && !is_malformed(block, records_.back());
    begin += found.end;
    block.has_crlf |= content_end(text.data(), records_.back().begin, begin) + 1 < begin;
  }
  if (block.ends_part && !records_.empty()) {
    const Record& last = records_.back();
    if (content_end(text.data(), last.begin, last.end) == last.begin) {
      block.size = last.begin;
      separators_.pop_back();
      records_.pop_back();
      is_grid =
          std::ranges::none_of(records_, [&](const Record& r) { return is_malformed(block, r); });
    }
  }
  is_ascii_ = false;
  block.rows = records_.size();
  lines_ = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  if (is_grid) std::copy(separators_.begin(), separators_.end(), block.positions.data() + 1);
  return is_grid;
}

bool BlockParser::is_malformed(const RowBlock& block, const Record& record) const {
  return record.state != ScannedRecord::State::kSound || record.fields != block.columns();
}

/// Of a record that is malformed; an empty string for what is no row at all.
std::string BlockParser::fault_of(const RowBlock& block, std::size_t record) const {
  if (block.plan->is_json_lines) return fault_of_line(block, block.lines[record]);
  switch (records_[record].state) {
    case ScannedRecord::State::kBrokenQuote:
      return "broken quoting: a closing quote is followed by more than a comma or a line end";
    case ScannedRecord::State::kUnclosedCell: return "broken quoting: a quoted cell is not closed";
    default: return field_count_reason(records_[record].fields, block.columns());
  }
}

void BlockParser::reject_malformed(RowBlock& block) {
  set_lines(block);
  is_faulty_.assign(records_.size(), 0);
  for (std::size_t r = 0; r < records_.size(); ++r) {
    const Record& record = records_[r];
    if (!is_malformed(block, record)) continue;
    is_faulty_[r] = 1;
    std::string reason = fault_of(block, r);
    if (reason.empty()) continue;
    block.rejected.push_back(
        malformed_row(block, record.begin, record.end, block.lines[r], std::move(reason)));
  }
  remove_marked(block);
}

/// Made once, from the whole text; rows that are taken out later are taken out of it too.
void BlockParser::set_lines(RowBlock& block) {
  if (!block.lines.empty()) return;  // taken over from before
  const char* const text = block.text.data();
  const auto count = [&](std::size_t begin, std::size_t end) {
    return std::count(text + begin, text + end, '\n');
  };
  block.lines.resize(block.rows);
  const bool has_more = !block.plan->numbers_rows && lines_ != block.rows;
  std::int64_t line = block.first_line;
  std::size_t begin = 0;
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::size_t end = records_.empty() ? block.row_end(r) : records_[r].end;
    block.lines[r] = line;
    line += has_more ? count(begin, end) : 1;
    begin = end;
  }
}

void BlockParser::set_last_column(RowBlock& block) const {
  if (!block.has_crlf) return;
  block.last_begins.resize(block.rows);
  block.last_ends.resize(block.rows);
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::uint32_t before = block.positions.data()[(r + 1) * block.columns() - 1];
    block.last_begins[r] = before;
    block.last_ends[r] = static_cast<std::uint32_t>(
        content_end(block.text.data(), static_cast<std::uint32_t>(before + 1), block.row_end(r)));
  }
}

void BlockParser::set_lengths(RowBlock& block) const {
  const std::size_t columns = block.columns();
  block.lengths_or.assign(columns, 0);
  const std::uint32_t* at = block.positions.data();
  for (std::size_t r = 0; r < block.rows; ++r, at += columns) {
    for (std::size_t c = 0; c < columns; ++c) block.lengths_or[c] |= at[c + 1] - at[c] - 1;
  }
}

void BlockParser::reject_marked(RowBlock& block) {
  for (std::size_t r = 0; r < block.rows; ++r) {
    if (is_faulty_[r] == 0) continue;
    block.rejected.push_back(judge_row(block, r, *block.rejected_money));
    if (block.rejected.back().reasons.empty()) {
      throw Error(ErrorKind::kInternal,
                  "a row of '" + block.plan->key + "' was rejected without a reason");
    }
  }
  records_.clear();
  for (std::size_t r = 0; r < block.rows; ++r) {
    records_.push_back({block.row_begin(r), block.row_end(r), 0, ScannedRecord::State::kSound});
  }
  remove_marked(block);
}

/// Takes the marked records out of the text and of `lines`.
void BlockParser::remove_marked(RowBlock& block) {
  std::size_t to = 0, kept = 0;
  for (std::size_t r = 0; r < records_.size(); ++r) {
    if (is_faulty_[r] != 0) continue;
    const Record& record = records_[r];
    std::copy(block.text.data() + record.begin, block.text.data() + record.end,
              block.text.data() + to);
    to += record.end - record.begin;
    block.lines[kept++] = block.lines[r];
  }
  block.size = to;
  block.lines.resize(kept);
  block.ends_part = false;  // the text's last record now may be an earlier one of the part's
}

}  // namespace finops::bill
