#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/core/byte_stream.h"
#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"

namespace finops {

/// A table of bills in a warehouse: its rows belong to a source and a billing period.
struct WarehouseTable {
  std::string name;
  std::vector<Column> columns;  // by their names in the warehouse; field ids are the lake's
  /// A timestamp, the first moment in UTC of the row's billing period: the table is partitioned by
  /// its month.
  std::string period_column;
  std::string cluster_column;   // of the table; empty: none
  std::string currency_column;  // a text; empty: the table's amounts have no currency
  std::string cost_column;      // a decimal, which tells versions apart; empty: none does
};

/// Sums of decimal columns, by currency ("" where a row has none) and column; a column without any
/// value in a currency may be left out.
using MoneySums = std::map<std::string, std::map<std::string, ExactSum>>;

/// What a table holds of one source and billing period, by its own account.
struct HeldDelivery {
  std::string source;          // empty: rows that finops did not write
  std::string billing_period;  // "YYYY-MM", of the period column; empty: rows that have none
  std::string execution_id;
  std::uint64_t rows = 0;
  std::map<std::string, ExactSum> cost;  // of the cost column, by currency
};

/// The rows that a source's billing period shall consist of.
struct PeriodReplacement {
  WarehouseTable table;
  std::string source;
  BillingPeriod period;
  /// No other source has rows of this month in this table, as far as the lake knows.
  bool is_sole_source = false;
  /// What the rows are; compared with what the warehouse holds afterwards, by the warehouse.
  std::uint64_t rows = 0;
  MoneySums sums;
  /// Writes one Parquet file with the columns of the table, the period column set to the period's
  /// first moment, and finishes the writer. Called again when an upload has to begin anew.
  std::function<void(ByteWriter&)> write_parquet;
};

/// What a replacement took.
struct ReplacedPeriod {
  std::string way;  // "partition" (one load job) or "transaction" (staged, then one transaction)
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_billed = 0;  // of queries
  std::vector<std::string> jobs;   // ids, for whoever looks them up
};

/// A table of somebody's warehouse that is kept equal to the lake. A (source, billing period) is
/// replaced as a whole: readers see the old rows or the new ones, at no moment none and at no
/// moment both; doing it again changes nothing. Throws Error: kInvalidConfig and kPermissionDenied
/// for what an operator must mend, kUnsupported for a table that is no such table, kInvalidData
/// when the warehouse does not hold what it was given, kUnknownOutcome when it cannot be told
/// whether it does. Different periods may be replaced by different threads at once.
/// tests/contract/warehouse_contract.h states the rest, and every implementation passes it.
class Warehouse {
 public:
  virtual ~Warehouse() = default;

  /// For people: "BigQuery my-project.finops".
  virtual std::string name() const = 0;

  /// The name that a column of the lake has here; names that differ in case only may be one name.
  virtual std::string column_name(std::string_view lake_name) const = 0;

  /// What the table holds; nothing when there is no such table. Only `name` and the columns that
  /// have a role need be set.
  virtual std::optional<std::vector<HeldDelivery>> held(const WarehouseTable& table) = 0;

  /// Creates the table when it is missing and adds the columns that it lacks.
  virtual ReplacedPeriod replace_period(const PeriodReplacement& replacement) = 0;
};

/// What is different between what was given and what is held, in words; empty: nothing. Columns
/// that one side leaves out count as zero there.
std::string difference_of(const MoneySums& given, const MoneySums& held);

}  // namespace finops
