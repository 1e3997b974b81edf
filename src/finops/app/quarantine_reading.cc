#include "finops/app/quarantine_reading.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

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

bool is_selected(const lake::PartitionKey& partition, const Selection& selection) {
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

/// Calls `take` with each selected quarantined row, as the wanted columns (by name; one that the
/// table lacks is NULL; `wanted` tells them by the table of bills), file by file.
template <class Wanted, class Take>
void for_each_row(lake::Lake& lake, const Selection& selection, const Wanted& wanted,
                  const Take& take) {
  for (const auto& data_table : quarantined_tables(lake)) {
    const lake::TableName table = quarantine_table(data_table);
    const lake::TableView view = lake.view(table);
    const std::vector<std::string> names = wanted(data_table);
    std::vector<Column> columns;
    std::vector<std::size_t> places;
    for (const auto& name : names) {
      const Column* column = view.schema.find(name);
      places.push_back(column == nullptr ? names.size() : columns.size());
      if (column != nullptr) columns.push_back(*column);
    }
    for (const auto& file : view.files) {
      if (!is_selected(file.partition, selection)) continue;
      auto bytes = open_random(lake.store(), lake.key_of(file.uri));
      for (auto& row : read_parquet_rows(std::move(bytes), columns)) {
        take(data_table, file.partition, at_places(std::move(row), places));
      }
    }
  }
}

}  // namespace

std::vector<QuarantineSummary> read_quarantine_summaries(lake::Lake& lake,
                                                         const Selection& selection) {
  std::map<ExportId, QuarantineSummary> summaries;
  for_each_row(
      lake, selection,
      [&](const std::string& data_table) {
        const std::string cost = cost_column_of(lake.view({"billing", data_table}));
        return std::vector<std::string>{"execution_id", "currency", "reasons", cost};
      },
      [&](const std::string& table, const lake::PartitionKey& partition, const CellRow& cells) {
        const ExportId id{table, partition.source, partition.billing_period, text_of(cells[0])};
        QuarantineSummary& summary = summaries[id];
        summary.id = id;
        ++summary.rows;
        std::set<std::string> kinds;
        for (const auto& reason : reasons_of(cells[2])) kinds.insert(kind_of(reason));
        for (const auto& kind : kinds) ++summary.reasons[kind];
        if (const auto* cost = std::get_if<Decimal>(&cells[3])) {
          summary.unblended_cost[text_of(cells[1])].add(cost->unscaled());
        }
      });
  for (const auto& record : Ledger(lake).records(false)) {
    const auto it = summaries.find(record.id);
    if (it != summaries.end() && record.state == DeliveryState::kCurrent) {
      it->second.is_current = true;
    }
  }
  std::vector<QuarantineSummary> list;
  for (auto& [id, summary] : summaries) list.push_back(std::move(summary));
  return list;
}

std::vector<QuarantinedRow> read_quarantined_rows(lake::Lake& lake, const Selection& selection,
                                                  std::uint64_t limit) {
  std::vector<QuarantinedRow> rows;
  for_each_row(
      lake, selection,
      [](const std::string&) {
        return std::vector<std::string>{"execution_id", "source_file", "source_line",
                                        "currency",     "reasons",     "raw"};
      },
      [&](const std::string& table, const lake::PartitionKey& partition, const CellRow& cells) {
        if (rows.size() >= limit) return;
        const auto* line = std::get_if<std::int64_t>(&cells[2]);
        rows.push_back({{table, partition.source, partition.billing_period, text_of(cells[0])},
                        text_of(cells[1]),
                        line == nullptr ? 0 : *line,
                        text_of(cells[3]),
                        reasons_of(cells[4]),
                        text_of(cells[5])});
      });
  std::ranges::stable_sort(
      rows, {}, [](const QuarantinedRow& row) { return std::tie(row.id, row.file, row.line); });
  return rows;
}

}  // namespace finops
