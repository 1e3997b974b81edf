#include "finops/pipeline/quarantine_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "finops/ledger/bill_partition.h"

namespace finops {
namespace {

std::vector<Column> fixed_columns() {
  const auto column = [](const char* name, ColumnType type, bool is_required) {
    return Column{name, type, name, is_required};
  };
  return {column("source", ColumnType::kText, true),
          column("billing_period", ColumnType::kText, true),
          column("execution_id", ColumnType::kText, true),
          column("source_file", ColumnType::kText, true),
          column("source_line", ColumnType::kLong, true),
          column("currency", ColumnType::kText, false),
          column("reasons", ColumnType::kText, true),
          column("raw", ColumnType::kBinary, true)};
}

std::vector<Column> wanted_columns(const BillLayout& layout) {
  std::vector<Column> columns = fixed_columns();
  for (const auto& bound : layout.delivered) {
    const bool is_taken = std::ranges::any_of(
        columns, [&](const Column& column) { return column.name == bound.column.name; });
    if (bound.column.type != ColumnType::kDecimal || is_taken) continue;
    columns.push_back({bound.column.name, ColumnType::kDecimal, bound.column.name, false});
  }
  return columns;
}

}  // namespace

lake::TableName quarantine_table(const std::string& data_table) {
  return {"billing", data_table + "_quarantine"};
}

QuarantineWriter::QuarantineWriter(lake::Lake& lake, const std::string& data_table,
                                   const BillLayout& layout)
    : lake_(lake), table_(quarantine_table(data_table)), layout_(layout) {}

void QuarantineWriter::begin() {
  const std::vector<Column> wanted = wanted_columns(layout_);
  lake_.ensure_table(table_, {wanted, BillPartition::columns()});
  const lake::TableView view = lake_.view(table_);
  for (const auto& column : wanted) columns_.push_back(*view.schema.find(column.name));
  const std::string key = lake_.data_key(table_, {layout_.source, layout_.billing_period});
  writer_ = make_parquet_row_writer(key, lake_.store().create(key), columns_,
                                    {"source", "billing_period", "execution_id"});
}

void QuarantineWriter::add(RejectedRow&& row) {
  if (!writer_) begin();
  CellRow cells = {
      layout_.source,
      layout_.billing_period,
      layout_.execution_id,
      std::move(row.file),
      row.line,
      std::move(row.currency),
      nlohmann::json(row.reasons).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
      std::move(row.raw)};
  for (std::size_t i = cells.size(); i < columns_.size(); ++i) {
    const auto readable = row.decimals.find(columns_[i].name);
    const bool is_readable = readable != row.decimals.end();
    cells.push_back(is_readable ? CellValue(Decimal::from_unscaled(readable->second))
                                : CellValue());
  }
  writer_->append(std::move(cells));
}

std::optional<WrittenParquet> QuarantineWriter::finish() {
  if (!writer_) return std::nullopt;
  return writer_->finish();
}

}  // namespace finops
