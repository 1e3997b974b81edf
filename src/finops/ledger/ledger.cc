#include "finops/ledger/ledger.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "finops/core/error.h"
#include "finops/ledger/bill_partition.h"
#include "finops/stores/object_store.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

/// The columns of billing.deliveries, in the order of a CellRow below.
enum LedgerColumn : std::size_t {
  kTable,
  kSource,
  kPeriod,
  kExecutionId,
  kRevision,
  kState,
  kRecordedAt,
  kSourceRows,
  kLoadedRows,
  kQuarantinedRows,
  kManifestKey,
  kManifestEtag,
  kColumns,
  kRefusal,
  kJudgedBy,
  kHold,
  kWaiver,
  kReceipt,
  kColumnCount,
};

std::vector<Column> ledger_columns() {
  const auto column = [](const char* name, ColumnType type, bool is_required = false) {
    return Column{name, type, name, is_required};
  };
  return {column("table", ColumnType::kText, true),
          column("source", ColumnType::kText, true),
          column("billing_period", ColumnType::kText, true),
          column("execution_id", ColumnType::kText, true),
          column("revision", ColumnType::kLong, true),
          column("state", ColumnType::kText, true),
          column("recorded_at", ColumnType::kTimestamp, true),
          column("source_rows", ColumnType::kLong, true),
          column("loaded_rows", ColumnType::kLong, true),
          column("quarantined_rows", ColumnType::kLong, true),
          column("manifest_key", ColumnType::kText),
          column("manifest_etag", ColumnType::kText),
          column("columns", ColumnType::kText),
          column("refusal", ColumnType::kText),
          column("judged_by", ColumnType::kText),
          column("hold", ColumnType::kText),
          column("waiver", ColumnType::kText),
          column("receipt", ColumnType::kText)};
}

/// The same columns with the ids that the table gave them. One that ledgers of before lack has
/// none: it is read as NULL.
std::vector<Column> committed_columns(const lake::TableView& view) {
  std::vector<Column> columns = ledger_columns();
  for (auto& column : columns) {
    const Column* committed = view.schema.find(column.name);
    if (committed == nullptr && column.name == "waiver") continue;
    if (committed == nullptr) {
      throw Error(ErrorKind::kUnsupported, "the table " + view.name.to_string() +
                                               " has no column '" + column.name +
                                               "': it was made by something else than finops");
    }
    column = *committed;
  }
  return columns;
}

DeliveryState state_from(const std::string& text) {
  for (const auto state :
       {DeliveryState::kCurrent, DeliveryState::kSuperseded, DeliveryState::kRefused}) {
    if (to_string(state) == text) return state;
  }
  throw Error(ErrorKind::kInvalidData,
              "the ledger has a delivery in the unknown state '" + text + "'");
}

std::string columns_to_json(const DeliveryRecord& record) {
  Json json = Json::array();
  for (const auto& [source_name, column] : record.columns) json.push_back({source_name, column});
  return json.dump();
}

CellValue optional_text(const std::string& text) {
  return text.empty() ? CellValue() : CellValue(text);
}

CellRow to_row(const DeliveryRecord& record) {
  const auto number = [](std::uint64_t value) {
    return CellValue(static_cast<std::int64_t>(value));
  };
  CellRow row(kColumnCount);
  row[kTable] = record.id.table;
  row[kSource] = record.id.source;
  row[kPeriod] = record.id.partition;
  row[kExecutionId] = record.id.version;
  row[kRevision] = std::int64_t{record.revision};
  row[kState] = std::string(to_string(record.state));
  row[kRecordedAt] = record.recorded_ms * 1000;
  row[kSourceRows] = number(record.source_rows);
  row[kLoadedRows] = number(record.loaded_rows);
  row[kQuarantinedRows] = number(record.quarantined_rows);
  row[kManifestKey] = optional_text(record.manifest_key);
  row[kManifestEtag] = optional_text(record.manifest_etag);
  row[kColumns] = columns_to_json(record);
  row[kRefusal] = optional_text(record.refusal);
  row[kJudgedBy] = optional_text(record.judged_by);
  row[kHold] = optional_text(record.hold);
  row[kWaiver] = optional_text(record.waiver);
  row[kReceipt] = optional_text(record.receipt);
  return row;
}

std::string text_of(const CellValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::string() : *text;
}

std::int64_t number_of(const CellValue& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  return number == nullptr ? 0 : *number;
}

DeliveryRecord from_row(const CellRow& row, bool with_receipt) {
  const auto count = [&](std::size_t column) {
    return static_cast<std::uint64_t>(number_of(row[column]));
  };
  DeliveryRecord record;
  record.id = {text_of(row[kTable]), text_of(row[kSource]), text_of(row[kPeriod]),
               text_of(row[kExecutionId])};
  record.revision = static_cast<int>(number_of(row[kRevision]));
  record.state = state_from(text_of(row[kState]));
  record.recorded_ms = number_of(row[kRecordedAt]) / 1000;
  record.source_rows = count(kSourceRows);
  record.loaded_rows = count(kLoadedRows);
  record.quarantined_rows = count(kQuarantinedRows);
  record.manifest_key = text_of(row[kManifestKey]);
  record.manifest_etag = text_of(row[kManifestEtag]);
  record.refusal = text_of(row[kRefusal]);
  record.judged_by = text_of(row[kJudgedBy]);
  record.hold = text_of(row[kHold]);
  record.waiver = text_of(row[kWaiver]);
  const Json columns = Json::parse(text_of(row[kColumns]), nullptr, false);
  if (columns.is_array()) {
    for (const auto& pair : columns) record.columns.emplace_back(pair.at(0), pair.at(1));
  }
  if (with_receipt) record.receipt = text_of(row[kReceipt]);
  return record;
}

}  // namespace

std::string_view to_string(DeliveryState state) {
  switch (state) {
    case DeliveryState::kCurrent: return "current";
    case DeliveryState::kSuperseded: return "superseded";
    case DeliveryState::kRefused: return "refused";
  }
  return "current";
}

lake::TableName Ledger::table() { return {"billing", "deliveries"}; }

std::vector<DeliveryRecord> Ledger::records(bool with_receipts,
                                            std::optional<lake::PartitionKey> only) const {
  return read(with_receipts, [&](const lake::PartitionKey& key) { return !only || key == *only; });
}

std::vector<DeliveryRecord> Ledger::records_of_period(const std::string& billing_period) const {
  return read(true, [&](const lake::PartitionKey& key) {
    return BillPartition::of(key).billing_period == billing_period;
  });
}

LedgerPartition Ledger::partition(const lake::PartitionKey& key) const {
  LedgerPartition partition{.key = key};
  partition.records =
      read(true, [&](const lake::PartitionKey& one) { return one == key; }, &partition.files);
  return partition;
}

std::vector<DeliveryRecord> Ledger::read(
    bool with_receipts, const std::function<bool(const lake::PartitionKey&)>& wants,
    std::vector<std::string>* files) const {
  std::vector<DeliveryRecord> records;
  if (!lake_.has_table(table())) return records;
  const lake::TableView view = lake_.view(table());
  std::vector<Column> columns = committed_columns(view);
  if (!with_receipts) columns.pop_back();
  const bool has_waivers = columns[kWaiver].field_id > 0;
  if (!has_waivers) columns.erase(columns.begin() + kWaiver);
  for (const auto& file : view.files) {
    if (!wants(file.partition)) continue;
    if (files != nullptr) files->push_back(file.uri);
    std::shared_ptr<const RandomAccessBytes> bytes =
        open_random(lake_.store(), lake_.key_of(file.uri));
    for (auto& row : read_parquet_rows(std::move(bytes), columns)) {
      if (!has_waivers) {
        row.emplace_back();
        std::rotate(row.begin() + kWaiver, row.end() - 1, row.end());
      }
      records.push_back(from_row(row, with_receipts));
    }
  }
  std::ranges::stable_sort(records, {}, &DeliveryRecord::recorded_ms);
  return records;
}

lake::PartitionChange Ledger::replace(const LedgerPartition& partition) {
  // Also with what ledgers of before lack.
  lake_.ensure_table(table(), {ledger_columns(), BillPartition::columns()});
  const lake::TableView view = lake_.view(table());
  lake::PartitionChange change{.table = table(), .partition = partition.key};
  change.planned_on = partition.files;
  const std::string key = lake_.data_key(table(), partition.key);
  auto writer = make_parquet_row_writer(key, lake_.store().create(key), committed_columns(view),
                                        {"source", "billing_period", "execution_id"});
  for (const auto& record : partition.records) writer->append(to_row(record));
  change.add.push_back(writer->finish());
  return change;
}

std::int64_t next_recorded_ms(const std::vector<DeliveryRecord>& records, const Clock& clock) {
  std::int64_t next = clock.now().time_since_epoch().count();
  for (const auto& record : records) next = std::max(next, record.recorded_ms);
  return next;
}

const DeliveryRecord* current_delivery(const std::vector<DeliveryRecord>& records) {
  const auto it = std::ranges::find(records, DeliveryState::kCurrent, &DeliveryRecord::state);
  return it == records.end() ? nullptr : &*it;
}

}  // namespace finops
