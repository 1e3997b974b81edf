#include "finops/tabular/row_judge.h"

#include <utility>

#include "finops/core/utf8.h"
#include "finops/tabular/map_cells.h"
#include "finops/tabular/record_scanner.h"
#include "finops/tabular/timestamp_text.h"

namespace finops::bill {
namespace {

constexpr std::string_view kNotUtf8 = "not UTF-8";

/// What is wrong with a value that is no decimal; empty when it fits.
std::string fault_of_value(std::string_view value, ColumnType type) {
  if (!is_utf8(value)) return std::string(kNotUtf8);
  if (type == ColumnType::kTimestamp && !parse_timestamp(value)) return "not a time";
  if (!is_map(type)) return {};
  JsonObject json;
  return read_map(value, type, json);
}

class Judgement {
 public:
  Judgement(const RowBlock& block, MoneyTotals& money, RejectedRow& row, std::string currency)
      : money_(money), row_(row), currency_(money.currency(currency)) {
    row_.currency = std::move(currency);
    row_.file = block.plan->key;
  }

  void add(const PartPlan::CsvColumn& column, std::string_view value,
           const std::string& output_name) {
    if (value.empty()) return;
    if (column.type != ColumnType::kDecimal) {
      const std::string fault = fault_of_value(value, column.type);
      if (!fault.empty()) add_reason(column, fault, value);
      return;
    }
    const DecimalCell cell = parse_any_decimal(value);
    money_.add(currency_, column.ordinal, cell, value);
    if (cell.fits()) {
      row_.decimals[output_name] = cell.value;
    } else {
      add_reason(column, is_utf8(value) ? fault_of(cell.state) : kNotUtf8, value);
    }
  }

 private:
  void add_reason(const PartPlan::CsvColumn& column, std::string_view fault,
                  std::string_view value) {
    row_.reasons.push_back(column.name + ": " + std::string(fault) + ": '" + shown(value) + "'");
  }

  MoneyTotals& money_;
  RejectedRow& row_;
  std::uint32_t currency_;
};

/// As delivered, without its line end.
std::string raw_of(const RowBlock& block, std::size_t begin, std::size_t end, std::int64_t line) {
  if (block.plan->is_json_lines) return std::string(block.delivered.line(line));
  const char* const text = block.text.data();
  return {text + begin, text + content_end(text, begin, end)};
}

std::string currency_of(const RowBlock& block, std::size_t row) {
  if (!block.plan->currency) return {};
  std::string scratch;
  const Cell cell = cell_at(block.cells_of_text(*block.plan->currency, row, 1), 0, scratch);
  return is_utf8(cell.view()) ? std::string(cell.view()) : "?";
}

}  // namespace

std::string shown(std::string_view cell) {
  constexpr std::size_t kMost = 80;
  std::string text;
  std::size_t at = 0;
  while (at < cell.size() && text.size() < kMost) {
    std::size_t length = 1;
    while (length < 4 && !is_utf8(cell.substr(at, length))) ++length;
    const auto first = static_cast<unsigned char>(cell[at]);
    if (!is_utf8(cell.substr(at, length)) || first < 0x20 || first == 0x7F) {
      length = 1;
      text += "\\x";
      text += "0123456789abcdef"[first >> 4];
      text += "0123456789abcdef"[first & 15];
    } else {
      text += cell.substr(at, length);
    }
    at += length;
  }
  return at < cell.size() ? text + "..." : text;
}

RejectedRow judge_row(const RowBlock& block, std::size_t row, MoneyTotals& money) {
  RejectedRow rejected;
  Judgement judgement(block, money, rejected, currency_of(block, row));
  rejected.line = block.lines[row];
  rejected.raw = raw_of(block, block.row_begin(row), block.row_end(row), rejected.line);
  std::string scratch;
  for (std::size_t c = 0; c < block.plan->columns.size(); ++c) {
    const PartPlan::CsvColumn& column = block.plan->columns[c];
    judgement.add(column, cell_at(block.cells_of_text(c, row, 1), 0, scratch).view(),
                  column.type == ColumnType::kDecimal ? money.name(column.ordinal) : column.name);
  }
  return rejected;
}

RejectedRow malformed_row(const RowBlock& block, std::size_t begin, std::size_t end,
                          std::int64_t line, std::string reason) {
  RejectedRow rejected;
  rejected.file = block.plan->key;
  rejected.line = line;
  rejected.currency = "?";
  rejected.reasons.push_back(std::move(reason));
  rejected.raw = raw_of(block, begin, end, line);
  return rejected;
}

}  // namespace finops::bill
