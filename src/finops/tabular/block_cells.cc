// The part of BlockParser that reads cells.
#include <cstring>
#include <utility>

#include "finops/core/utf8.h"
#include "finops/tabular/block_parser.h"
#include "finops/tabular/map_cells.h"
#include "finops/tabular/timestamp_text.h"

namespace finops::bill {
namespace {

/// Of the texts of one map column that a thread remembers.
constexpr std::size_t kKnownMapBytes = 4 << 20;

template <class T>
void grow(std::vector<T>& vector, std::size_t size) {
  if (vector.size() < size) vector.resize(size + size / 4);
}

}  // namespace

void BlockParser::read_cells(RowBlock& block) {
  if (!is_ascii_) check_utf8(block);
  block.decimals.resize(shape_->decimal_names.size());
  block.timestamps.resize(shape_->timestamps);
  for (std::size_t c = 0; c < block.plan->columns.size(); ++c) {
    const PartPlan::CsvColumn& column = block.plan->columns[c];
    if (decode_reals(block, c) || column.type == ColumnType::kText || decode_coded(block, c)) {
      continue;
    }
    const CellRange cells = block.cells(c, 0, block.rows, places_);
    if (column.type == ColumnType::kDecimal) {
      decode_decimals(cells, column.ordinal, block.decimals[column.ordinal]);
    } else if (column.type == ColumnType::kTimestamp) {
      decode_timestamps(cells, block.timestamps[column.ordinal]);
    } else if (is_map(column.type)) {
      check_maps(cells, known_maps_[column.delivered], column.type);
    }
  }
}

void BlockParser::check_utf8(const RowBlock& block) {
  const char* const text = block.text.data();
  if (is_utf8({text, block.size})) return;
  for (std::size_t r = 0; r < block.rows; ++r) {
    const std::size_t begin = block.row_begin(r);
    if (!is_utf8({text + begin, block.row_end(r) - begin})) mark(r);
  }
}

/// False when a cell does not fit or is rounded.
template <typename Value, typename Parse>
bool BlockParser::decode_codes(const CellColumn& column, KnownValues<Value>& known, Parse parse,
                               std::vector<Value>& out) {
  using State = KnownValues<Value>::State;
  if (known.texts != column.texts) {
    known.texts = column.texts;
    known.values.resize(column.texts->size());
    known.states.assign(column.texts->size(), State::kUnknown);
  }
  grow(out, column.codes.size());
  std::string scratch;
  for (std::size_t row = 0; row < column.codes.size(); ++row) {
    const std::uint32_t code = column.codes[row];
    if (known.states[code] != State::kUsual) {
      if (known.states[code] == State::kUnknown) {
        const Cell cell = cell_at(column.texts->range(code, 1), 0, scratch);
        known.states[code] = parse(cell, known.values[code]) ? State::kUsual : State::kOther;
      }
      if (known.states[code] == State::kOther) return false;
    }
    out[row] = known.values[code];
  }
  return true;
}

/// True for a column of numbers that it could decode as they are; of others these become texts.
bool BlockParser::decode_reals(RowBlock& block, std::size_t column) {
  if (!block.is_by_column() || block.by_column[column].has_texts()) return false;
  CellColumn& cells = block.by_column[column];
  const PartPlan::CsvColumn& planned = block.plan->columns[column];
  if (planned.type == ColumnType::kDecimal) {
    std::vector<Int128>& out = block.decimals[planned.ordinal];
    grow(out, cells.reals.size());
    std::string text;
    std::size_t row = 0;
    for (; row < cells.reals.size(); ++row) {
      out[row] = kNullDecimal;
      if (is_null_real(cells.reals[row])) continue;
      if (decimal_of_real(cells.reals[row], out[row])) continue;
      text.clear();
      append_real(text, cells.reals[row]);
      const DecimalCell cell = parse_any_decimal(text);
      if (cell.state != DecimalCell::State::kExact) break;
      out[row] = cell.value;
    }
    if (row == cells.reals.size()) return true;
  }
  cells.make_texts();
  return false;
}

/// True for a column that it could decode by the distinct values of its codes.
bool BlockParser::decode_coded(RowBlock& block, std::size_t column) {
  if (!block.is_by_column() || !block.by_column[column].is_coded()) return false;
  const CellColumn& cells = block.by_column[column];
  const auto [delivered, type, ordinal, name] = block.plan->columns[column];
  if (type == ColumnType::kDecimal) {
    const auto parse = [](const Cell& cell, Int128& value) {
      value = kNullDecimal;
      if (cell.length == 0 || parse_usual_decimal(cell.data, cell.length, value)) return true;
      const DecimalCell any = parse_any_decimal(cell.view());
      value = any.value;
      return any.fits() && any.state == DecimalCell::State::kExact;
    };
    return decode_codes(cells, known_decimals_[ordinal], parse, block.decimals[ordinal]);
  }
  if (type != ColumnType::kTimestamp) return false;
  const auto parse = [](const Cell& cell, std::int64_t& value) {
    value = kNullTimestamp;
    const auto time =
        cell.length == 0 ? std::optional(kNullTimestamp) : parse_timestamp(cell.view());
    if (time) value = *time;
    return time.has_value();
  };
  return decode_codes(cells, known_timestamps_[ordinal], parse, block.timestamps[ordinal]);
}

void BlockParser::decode_decimals(const CellRange& cells, std::size_t ordinal,
                                  std::vector<Int128>& out) {
  grow(out, cells.rows);
  std::string scratch;
  for (std::size_t r = 0; r < cells.rows; ++r) {
    const Cell cell = cell_at(cells, r, scratch);
    out[r] = kNullDecimal;
    if (cell.length == 0 || parse_usual_decimal(cell.data, cell.length, out[r])) continue;
    const DecimalCell any = parse_any_decimal(cell.view());
    if (!any.fits()) {
      mark(r);
      continue;
    }
    out[r] = any.value;
    if (any.state == DecimalCell::State::kExact) continue;
    const bool is_deep = any.state == DecimalCell::State::kRoundedDeeply;
    roundings_.push_back({ordinal, r, any, is_deep ? std::string(cell.view()) : std::string()});
  }
}

void BlockParser::decode_timestamps(const CellRange& cells, std::vector<std::int64_t>& out) {
  grow(out, cells.rows);
  std::string scratch;
  Cell last{nullptr, 0};  // billing periods and hours come in runs
  std::int64_t last_value = 0;
  for (std::size_t r = 0; r < cells.rows; ++r) {
    const Cell cell = cell_at(cells, r, scratch);
    out[r] = kNullTimestamp;
    if (cell.length == 0) continue;
    if (cell.length == last.length && std::memcmp(cell.data, last.data, last.length) == 0) {
      out[r] = last_value;
      continue;
    }
    const auto value = parse_timestamp(cell.view());
    if (!value) {
      mark(r);
      continue;
    }
    out[r] = *value;
    if (cell.data == scratch.data()) continue;  // will be overwritten
    last = cell;
    last_value = *value;
  }
}

void BlockParser::check_maps(const CellRange& cells, KnownMaps& known, ColumnType type) {
  if (known.texts.memory() > kKnownMapBytes) known = {};
  grow(codes_, cells.rows + kTextPadding);
  kernels().encode(known.texts, cells, true, false, codes_.data());
  std::string scratch;
  for (auto code = static_cast<std::uint32_t>(known.is_bad.size()); code < known.texts.size();
       ++code) {
    const std::string_view raw = known.texts.value(code);
    const Cell value = unquoted({raw.data(), static_cast<std::uint32_t>(raw.size())}, scratch);
    const bool is_bad = value.length != 0 && !read_map(value.view(), type, json_).empty();
    known.is_bad.push_back(is_bad ? 1 : 0);
  }
  for (std::size_t r = 0; r < cells.rows; ++r) {
    if (known.is_bad[codes_[r]] != 0) mark(r);
  }
}

/// Adds the currencies to `totals`, and the number of each row's to currencies_; true when all rows
/// have the same.
bool BlockParser::number_currencies(const RowBlock& block, MoneyTotals& totals) {
  if (!block.plan->currency) {
    totals.currency("");
    return true;
  }
  grow(currencies_, block.rows);
  const CellRange cells = block.cells(*block.plan->currency, 0, block.rows, places_);
  std::string scratch, last;
  std::uint32_t number = 0;
  for (std::size_t r = 0; r < block.rows; ++r) {
    const Cell cell = cell_at(cells, r, scratch);
    if (r == 0 || cell.view() != last) {
      last = cell.view();
      number = totals.currency(last);
    }
    currencies_[r] = number;
  }
  return totals.currencies() == 1;
}

void BlockParser::add_money(RowBlock& block) {
  if (block.rows == 0) return;
  MoneyTotals& totals = *block.fitting_money;
  const bool has_one_currency = number_currencies(block, totals);
  for (const PartPlan::CsvColumn& column : block.plan->columns) {
    if (column.type != ColumnType::kDecimal) continue;
    add_column(block.decimals[column.ordinal], block.rows, column.ordinal, has_one_currency,
               totals);
  }
  for (const Rounding& rounding : roundings_) {
    const std::uint32_t currency = has_one_currency ? 0 : currencies_[rounding.row];
    totals.add_rounding(currency, rounding.ordinal, rounding.cell, rounding.text);
  }
}

void BlockParser::add_column(const std::vector<Int128>& values, std::size_t rows,
                             std::size_t ordinal, bool has_one_currency,
                             MoneyTotals& totals) const {
  if (has_one_currency) {
    BlockSum sum;
    std::uint64_t nulls = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      const bool is_null = values[r] == kNullDecimal;
      nulls += is_null ? 1 : 0;
      sum.add(is_null ? 0 : values[r]);
    }
    MoneyTotals::ColumnTotal& total = totals.column(0, ordinal);
    total.sum = std::move(sum);
    total.readable = rows - nulls;
  } else {
    for (std::size_t r = 0; r < rows; ++r) {
      if (values[r] == kNullDecimal) continue;
      MoneyTotals::ColumnTotal& total = totals.column(currencies_[r], ordinal);
      total.sum.add(values[r]);
      ++total.readable;
    }
  }
  if (shape_->cost_decimal != ordinal) return;
  for (std::size_t r = 0; r < rows; ++r) {
    if (values[r] == kNullDecimal) continue;
    totals.add_absolute_cost(has_one_currency ? 0 : currencies_[r], values[r]);
  }
}

}  // namespace finops::bill
