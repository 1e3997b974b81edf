#include "finops/pipeline/quarantine_reading.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "finops/ledger/bill_partition.h"
#include "finops/ledger/ledger.h"
#include "finops/pipeline/quarantine_writer.h"
#include "finops/pipeline/table_columns.h"
#include "finops/sources/billing_source.h"
#include "finops/stores/object_store.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {
namespace {

/// The tables of bills that have a quarantine, whether or not they are still configured.
std::vector<std::string> quarantined_tables(lake::Lake& lake) {
  const std::vector<lake::TableName> tables = lake.tables();
  std::vector<std::string> names;
  for (const auto& table : tables) {
    if (std::ranges::find(tables, quarantine_table(table.name)) != tables.end())
      names.push_back(table.name);
  }
  return names;
}

bool is_selected(const BillPartition& partition, const Selection& selection) {
  const bool is_source =
      selection.sources.empty() ||
      std::ranges::find(selection.sources, partition.source) != selection.sources.end();
  const auto period = BillingPeriod::parse(partition.billing_period);
  return is_source && (!period || PeriodRange{selection.first, selection.last}.contains(*period));
}

std::string text_of(const CellValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : *text;
}

std::vector<std::string> reasons_of(const CellValue& value) {
  const auto json = nlohmann::json::parse(text_of(value), nullptr, false);
  if (!json.is_array()) return {text_of(value)};
  return json.get<std::vector<std::string>>();
}

/// The kind of fault without the cell that shows it, so that rows can be counted by it:
/// "lineItem/UsageAmount: not a decimal number: 'abc'" -> "lineItem/UsageAmount: not a decimal
/// number".
std::string kind_of(const std::string& reason) { return reason.substr(0, reason.find(": '")); }

/// The cells at `places`; NULL where there is none.
CellRow at_places(CellRow row, const std::vector<std::size_t>& places) {
  CellRow cells;
  for (const std::size_t place : places) {
    cells.push_back(place < row.size() ? std::move(row[place]) : CellValue());
  }
  return cells;
}

/// A file of a quarantine table, which has `schema`.
struct QuarantineFile {
  std::string data_table;
  std::shared_ptr<const TableSchema> schema;
  lake::LakeFile file;
};

std::vector<QuarantineFile> files_of(lake::Lake& lake, const Selection& selection) {
  std::vector<QuarantineFile> files;
  for (const auto& data_table : quarantined_tables(lake)) {
    lake::TableView view = lake.view(quarantine_table(data_table));
    const auto schema = std::make_shared<const TableSchema>(std::move(view.schema));
    for (auto& file : view.files) {
      if (!is_selected(BillPartition::of(file.partition), selection)) continue;
      files.push_back({data_table, schema, std::move(file)});
    }
  }
  return files;
}

/// The rows of a file as the wanted columns, by name; one that the table lacks is NULL.
std::vector<CellRow> read_file(lake::Lake& lake, const QuarantineFile& of,
                               const std::vector<std::string>& names) {
  std::vector<Column> columns;
  std::vector<std::size_t> places;
  for (const auto& name : names) {
    const Column* column = of.schema->find(name);
    places.push_back(column == nullptr ? names.size() : columns.size());
    if (column != nullptr) columns.push_back(*column);
  }
  std::vector<CellRow> rows =
      read_parquet_rows(open_random(lake.store(), lake.key_of(of.file.uri)), columns);
  for (auto& row : rows) row = at_places(std::move(row), places);
  return rows;
}

ExportId id_of(const QuarantineFile& of, const CellValue& version) {
  auto [source, period] = BillPartition::of(of.file.partition);
  return {of.data_table, std::move(source), std::move(period), text_of(version)};
}

const std::vector<std::string> kRowColumns = {"execution_id", "source_file", "source_line",
                                              "currency",     "reasons",     "raw"};

QuarantinedRow row_of(const QuarantineFile& of, const CellRow& cells) {
  const auto* line = std::get_if<std::int64_t>(&cells[2]);
  return {id_of(of, cells[0]), text_of(cells[1]),    line == nullptr ? 0 : *line,
          text_of(cells[3]),   reasons_of(cells[4]), text_of(cells[5])};
}

void sort_rows(std::vector<QuarantinedRow>& rows) {
  std::ranges::stable_sort(
      rows, {}, [](const QuarantinedRow& row) { return std::tie(row.id, row.file, row.line); });
}

void count(QuarantineCount& counted, const CellValue& cost) {
  ++counted.rows;
  if (const auto* amount = std::get_if<Decimal>(&cost)) counted.cost.add(amount->unscaled());
}

}  // namespace

std::vector<QuarantineSummary> read_quarantine_summaries(lake::Lake& lake,
                                                         const Selection& selection) {
  std::map<ExportId, QuarantineSummary> summaries;
  std::map<std::string, std::string> cost_columns;  // by table
  for (const auto& file : files_of(lake, selection)) {
    std::string& cost = cost_columns[file.data_table];
    if (cost.empty()) cost = cost_column_of(lake.view({"billing", file.data_table}));
    for (const auto& cells : read_file(lake, file, {"execution_id", "currency", "reasons", cost})) {
      const ExportId id = id_of(file, cells[0]);
      QuarantineSummary& summary = summaries[id];
      summary.id = id;
      ++summary.rows;
      QuarantineOfCurrency& in_currency = summary.currencies[text_of(cells[1])];
      count(in_currency.all, cells[3]);
      std::set<std::string> kinds;
      for (const auto& reason : reasons_of(cells[2])) kinds.insert(kind_of(reason));
      for (const auto& kind : kinds) count(in_currency.reasons[kind], cells[3]);
    }
  }
  for (const auto& record : Ledger(lake).records(false)) {
    const auto it = summaries.find(record.id);
    if (it == summaries.end()) continue;
    it->second.is_current |= record.state == DeliveryState::kCurrent;
    if (!record.waiver.empty()) it->second.waiver = record.waiver;
  }
  std::vector<QuarantineSummary> list;
  for (auto& [id, summary] : summaries) list.push_back(std::move(summary));
  return list;
}

std::vector<QuarantinedRow> read_quarantined_rows(lake::Lake& lake, const Selection& selection,
                                                  std::uint64_t limit) {
  std::vector<QuarantinedRow> rows;
  for (const auto& file : files_of(lake, selection)) {
    for (const auto& cells : read_file(lake, file, kRowColumns)) {
      if (rows.size() >= limit) break;
      rows.push_back(row_of(file, cells));
    }
  }
  sort_rows(rows);
  return rows;
}

std::vector<QuarantinedRow> read_quarantine_of(lake::Lake& lake, const ExportId& id,
                                               std::uint64_t most_bytes) {
  const auto period = BillingPeriod::parse(id.partition);
  auto files = files_of(lake, {.sources = {id.source}, .first = period, .last = period});
  std::uint64_t bytes = 0;
  for (const auto& file : files) bytes += file.data_table == id.table ? file.file.bytes : 0;
  if (bytes > most_bytes) {
    throw Error(ErrorKind::kUnsupported,
                "the quarantine of " + id.partition_name() + " has " + std::to_string(bytes) +
                    " bytes of Parquet, too many to be read at once within memory_limit; load the "
                    "delivery again instead (--overwrite)");
  }
  std::vector<QuarantinedRow> rows;
  for (const auto& file : files) {
    if (file.data_table != id.table) continue;
    for (const auto& cells : read_file(lake, file, kRowColumns)) {
      QuarantinedRow row = row_of(file, cells);
      if (row.id == id) rows.push_back(std::move(row));
    }
  }
  sort_rows(rows);
  return rows;
}

}  // namespace finops
