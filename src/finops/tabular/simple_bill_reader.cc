#include "finops/tabular/simple_bill_reader.h"

#include <optional>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/tabular/simple_json_lines.h"
#include "finops/tabular/simple_parquet.h"
#include "finops/tabular/simple_records.h"
#include "finops/tabular/simple_values.h"

namespace finops {
namespace {

using simple::Record;

/// What a cell that is not NULL says, or what is wrong with it.
struct Reading {
  std::string canonical;
  std::optional<Decimal::Parsed> decimal;
  std::string fault;
};

Reading read_cell(const std::string& value, ColumnType type) {
  if (!simple::is_utf8(value)) return {.canonical = {}, .decimal = {}, .fault = "not UTF-8"};
  Reading reading;
  if (type == ColumnType::kText) {
    reading.canonical = value;
  } else if (type == ColumnType::kDecimal) {
    reading.decimal = Decimal::parse(value);
    if (!reading.decimal) return {.canonical = {}, .decimal = {}, .fault = "not a decimal(38,18)"};
    const Int128 unscaled = reading.decimal->value.unscaled();
    reading.canonical = simple::little_endian(static_cast<UInt128>(unscaled), 16);
  } else if (type == ColumnType::kTimestamp) {
    const auto micros = simple::parse_time(value);
    if (!micros) return {.canonical = {}, .decimal = {}, .fault = "not a time"};
    reading.canonical = simple::little_endian(static_cast<UInt128>(*micros), 8);
  } else {
    const auto entries = simple::parse_map(value, type);
    if (!entries) return {.canonical = {}, .decimal = {}, .fault = "not a JSON object that fits"};
    reading.canonical = simple::canonical(*entries, type);
  }
  return reading;
}

void add_cell(DecimalTotals& totals, const std::optional<Decimal::Parsed>& decimal) {
  if (!decimal) {
    ++totals.unreadable_cells;
    return;
  }
  totals.sum.add(decimal->value.unscaled());
  if (!decimal->was_rounded) return;
  ++totals.rounded_cells;
  totals.rounding_residual.add(decimal->residual);
}

void add_totals(CurrencyTotals& totals, const CurrencyTotals& more) {
  for (const auto& [currency, columns] : more) {
    for (const auto& [name, from] : columns) {
      DecimalTotals& to = totals[currency][name];
      to.sum.add(from.sum);
      to.unreadable_cells += from.unreadable_cells;
      to.rounded_cells += from.rounded_cells;
      to.rounding_residual.add(from.rounding_residual);
    }
  }
}

/// One delivery. Rows that fit add to `report_.loaded`, the others to `rejected_`.
class SimpleRead {
 public:
  SimpleRead(const BillLayout& layout, std::size_t cell_limit,
             const std::function<void(RejectedRow&&)>& on_rejected)
      : layout_(layout), cell_limit_(cell_limit), on_rejected_(on_rejected) {
    for (const BoundColumn& bound : layout.delivered) check(bound.column);
    for (const BoundColumn& bound : layout.delivered) {
      contents_.push_back(&report_.loaded.columns[bound.column.name]);
    }
    for (const Column& added : layout.added) {
      contents_.push_back(&report_.loaded.columns[added.name]);
    }
  }

  void read(const BillPart& part) {
    part_ = {.key = part.key, .sha256 = {}, .bytes = 0, .rows = 0, .rejected = 0};
    if (part.format == BillFormat::kParquet) {
      read_parquet(part);
    } else if (is_json_lines(part.format)) {
      read_json_lines(part);
    } else {
      read_csv(part);
    }
    report_.source_rows += part_.rows;
    report_.rejected_rows += part_.rejected;
    report_.parts.push_back(part_);
  }

  SimpleReadReport finish() {
    report_.source = report_.loaded.decimals;
    add_totals(report_.source, rejected_);
    return std::move(report_);
  }

 private:
  static void check(const Column& column) {
    const bool is_readable = column.type == ColumnType::kText ||
                             column.type == ColumnType::kDecimal ||
                             column.type == ColumnType::kTimestamp || is_map(column.type);
    if (is_readable) return;
    throw Error(ErrorKind::kUnsupported, "a bill's column '" + column.name +
                                             "' cannot be of type " +
                                             std::string(to_string(column.type)));
  }

  void read_csv(const BillPart& part) {
    simple::Text text(part.key, part.format, part.open());
    simple::Records records(text, part.key);
    if (read_header(records)) {
      Record record;
      while (records.next(record, part.cell_limit(cell_limit_), kRecordLimit)) {
        if (part.origin) record.line = part.origin->line;
        const bool is_empty_line = record.raw.empty();
        if (is_empty_line && text.is_at_end()) break;
        read_row(record);
      }
    }
    part_.bytes = text.compressed_bytes();
    part_.sha256 = text.sha256();
  }

  void read_parquet(const BillPart& part) {
    simple::ParquetRecords records(part);
    take_header(records.columns());
    Record record;
    while (records.next(record)) read_row(record);
    part_.bytes = records.bytes();
    part_.sha256 = records.sha256();
  }

  void read_json_lines(const BillPart& part) {
    simple::JsonLines lines(part);
    take_header(lines.columns());
    Record record;
    while (lines.next(record)) read_row(record);
    part_.bytes = lines.bytes();
    part_.sha256 = lines.sha256();
  }

  [[noreturn]] void fail_header(const std::string& why) const {
    throw Error(ErrorKind::kInvalidData, "cannot read '" + part_.key + "': its header " + why);
  }

  /// Fills header_; false when the text is empty.
  bool read_header(simple::Records& records) {
    Record record;
    if (!records.next(record, kHeaderLimit, kHeaderLimit)) return false;
    if (record.fault != Record::Fault::kNone) fail_header("has broken quotes");
    if (!simple::is_utf8(record.raw)) fail_header("is not UTF-8");
    take_header(record.cells);
    return true;
  }

  void take_header(const std::vector<std::string>& names) {
    header_.clear();
    for (const std::string& name : names) {
      std::size_t i = 0;
      while (i < layout_.delivered.size() && layout_.delivered[i].source_name != name) ++i;
      if (i == layout_.delivered.size()) fail_header("has the unknown column '" + name + "'");
      header_.push_back(i);
    }
    if (std::set(header_.begin(), header_.end()).size() < header_.size()) {
      fail_header("names a column twice");
    }
  }

  void read_row(Record& record) {
    ++part_.rows;
    std::vector<std::string> reasons;
    if (record.fault == Record::Fault::kTextAfterQuote) {
      reasons.emplace_back("text after a closing quote");
    } else if (record.fault == Record::Fault::kUnclosedQuote) {
      reasons.emplace_back("a quote is not closed");
    } else if (record.fault == Record::Fault::kNoJsonObject) {
      reasons.emplace_back("not a JSON object");
    } else if (record.cells.size() != header_.size()) {
      reasons.emplace_back(std::to_string(record.cells.size()) + " cells, the header has " +
                           std::to_string(header_.size()));
    }
    if (!reasons.empty()) return reject(record, "?", std::move(reasons), {});
    read_cells(record);
  }

  void read_cells(Record& record) {
    std::vector<std::optional<Reading>> readings(layout_.delivered.size());
    std::vector<std::string> reasons;
    std::string currency;
    for (std::size_t c = 0; c < header_.size(); ++c) {
      const BoundColumn& bound = layout_.delivered[header_[c]];
      const std::string& value = record.cells[c];
      if (value.empty()) continue;
      auto& reading = readings[header_[c]].emplace(read_cell(value, bound.column.type));
      if (!reading.fault.empty()) reasons.push_back(bound.source_name + ": " + reading.fault);
      if (bound.column.name == layout_.currency_column) {
        currency = simple::is_utf8(value) ? value : "?";
      }
    }
    if (reasons.empty()) {
      load(record, currency, readings);
    } else {
      reject(record, std::move(currency), std::move(reasons), readings);
    }
  }

  void add_decimals(CurrencyTotals& totals, const std::string& currency,
                    const std::vector<std::optional<Reading>>& readings) {
    for (std::size_t i = 0; i < readings.size(); ++i) {
      const Column& column = layout_.delivered[i].column;
      if (column.type != ColumnType::kDecimal || !readings[i]) continue;
      add_cell(totals[currency][column.name], readings[i]->decimal);
    }
  }

  void load(const Record& record, const std::string& currency,
            const std::vector<std::optional<Reading>>& readings) {
    ++report_.loaded.rows;
    add_decimals(report_.loaded.decimals, currency, readings);
    for (std::size_t i = 0; i < readings.size(); ++i) {
      if (readings[i]) {
        contents_[i]->fingerprint.add(readings[i]->canonical);
      } else {
        ++contents_[i]->nulls;
      }
    }
    for (std::size_t i = 0; i < layout_.added.size(); ++i) {
      contents_[readings.size() + i]->fingerprint.add(
          added_value(layout_.added[i].name, record.line));
    }
  }

  std::string added_value(const std::string& name, std::int64_t line) const {
    if (name == "source") return layout_.source;
    if (name == "billing_period") return layout_.billing_period;
    if (name == "execution_id") return layout_.execution_id;
    if (name == "source_file") return part_.key;
    if (name == "source_line") return simple::little_endian(static_cast<UInt128>(line), 8);
    if (name == "ingestion_time") {
      return simple::little_endian(static_cast<UInt128>(layout_.ingestion_time), 8);
    }
    throw Error(ErrorKind::kUnsupported, "a bill has no added column '" + name + "'");
  }

  void reject(Record& record, std::string currency, std::vector<std::string> reasons,
              const std::vector<std::optional<Reading>>& readings) {
    ++part_.rejected;
    add_decimals(rejected_, currency, readings);
    if (!on_rejected_) return;
    RejectedRow row;
    row.file = part_.key;
    row.line = record.line;
    row.currency = std::move(currency);
    row.reasons = std::move(reasons);
    row.raw = std::move(record.raw);
    for (std::size_t i = 0; i < readings.size(); ++i) {
      if (!readings[i] || !readings[i]->decimal) continue;
      row.decimals[layout_.delivered[i].column.name] = readings[i]->decimal->value.unscaled();
    }
    on_rejected_(std::move(row));
  }

  const BillLayout& layout_;
  std::size_t cell_limit_;
  const std::function<void(RejectedRow&&)>& on_rejected_;
  SimpleReadReport report_;
  SimpleReadReport::Part part_;
  std::vector<ColumnContent*> contents_;  // delivered columns, then added ones
  std::vector<std::size_t> header_;       // which delivered column stands where
  CurrencyTotals rejected_;
};

}  // namespace

SimpleReadReport read_bill_simply(const std::vector<BillPart>& parts, const BillLayout& layout,
                                  std::size_t cell_limit,
                                  const std::function<void(RejectedRow&&)>& on_rejected) {
  SimpleRead read(layout, cell_limit, on_rejected);
  for (const BillPart& part : parts) read.read(part);
  return read.finish();
}

}  // namespace finops
