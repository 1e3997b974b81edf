#include "tests/support/duckdb_warehouse.h"

#include <fstream>
#include <mutex>
#include <set>

#include "finops/engines/duckdb/cell_text.h"
#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/sql_text.h"
#include "tests/support/memory_bytes.h"
#include "tests/support/temp_folder.h"

namespace finops {
namespace {

using Rows = std::vector<std::vector<std::string>>;

Rows rows_of(DuckdbConnection& connection, const std::string& sql) {
  const DuckdbStatement statement = connection.prepare(sql);
  DuckdbResult result = connection.execute(statement, false);
  std::vector<ResultType> types;
  for (idx_t i = 0; i < duckdb_column_count(result.get()); ++i) {
    const DuckdbType type(duckdb_column_logical_type(result.get(), i));
    types.push_back(result_type(type.get(), duckdb_column_name(result.get(), i)));
  }
  Rows rows;
  std::optional<std::string> cell;
  while (const DuckdbChunk chunk = result.next_chunk()) {
    for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk.get()); ++row) {
      auto& cells = rows.emplace_back();
      for (idx_t i = 0; i < types.size(); ++i) {
        set_cell(types[i], duckdb_data_chunk_get_vector(chunk.get(), i), row, cell);
        cells.push_back(cell.value_or("NULL"));
      }
    }
  }
  return rows;
}

std::string type_of(const Column& column) {
  if (is_map(column.type)) {
    return "STRUCT(key VARCHAR, value " +
           std::string(column.type == ColumnType::kTextMap ? "VARCHAR" : "DECIMAL(38, 18)") + ")[]";
  }
  return std::string(sql_type(column.type));
}

/// DuckDB's own sums end at 38 digits, so rows are added here.
ExactSum sum_of(const std::string& text) {
  return text == "NULL" ? ExactSum() : *ExactSum::parse(Decimal::parse(text)->value.to_string());
}

std::string currency_of(const WarehouseTable& table) {
  return table.currency_column.empty() ? "''" : "ifnull(" + table.currency_column + ", '')";
}

std::string is_in(const PeriodReplacement& replacement) {
  const std::string& column = replacement.table.period_column;
  return "source = " + quoted_literal(replacement.source) + " AND " + column + " >= TIMESTAMP '" +
         replacement.period.to_string() + "-01' AND " + column + " < TIMESTAMP '" +
         replacement.period.next().to_string() + "-01'";
}

}  // namespace

struct DuckdbWarehouse::Database {
  std::mutex mutex;
  DuckdbConnection connection{"", {}};
  TempFolder files;

  std::set<std::string> columns(const std::string& table) {
    std::set<std::string> names;
    for (const auto& row : rows_of(connection,
                                   "SELECT column_name FROM duckdb_columns() WHERE "
                                   "table_name = " +
                                       quoted_literal(table))) {
      names.insert(row[0]);
    }
    return names;
  }
  void check(const PeriodReplacement& replacement);
  void insert(const PeriodReplacement& replacement, const std::string& file);
};

DuckdbWarehouse::DuckdbWarehouse() : database_(std::make_unique<Database>()) {}
DuckdbWarehouse::~DuckdbWarehouse() = default;

std::vector<std::vector<std::string>> DuckdbWarehouse::rows(const std::string& sql) {
  const std::lock_guard lock(database_->mutex);
  return rows_of(database_->connection, sql);
}

std::optional<std::vector<HeldDelivery>> DuckdbWarehouse::held(const WarehouseTable& table) {
  const std::lock_guard lock(database_->mutex);
  if (database_->columns(table.name).empty()) return std::nullopt;
  const std::string cost = table.cost_column.empty() ? "NULL" : table.cost_column;
  std::map<std::string, HeldDelivery> deliveries;
  for (const auto& row : rows_of(database_->connection,
                                 "SELECT ifnull(source, ''), strftime(" + table.period_column +
                                     ", '%Y-%m'), ifnull(execution_id, ''), " + currency_of(table) +
                                     ", " + cost + " FROM " + table.name)) {
    HeldDelivery& held = deliveries[row[0] + "\n" + row[1] + "\n" + row[2]];
    held.source = row[0];
    held.billing_period = row[1];
    held.execution_id = row[2];
    ++held.rows;
    held.cost[row[3]].add(sum_of(row[4]));
  }
  std::vector<HeldDelivery> result;
  for (auto& [key, held] : deliveries) result.push_back(std::move(held));
  return result;
}

void DuckdbWarehouse::Database::insert(const PeriodReplacement& replacement,
                                       const std::string& file) {
  const std::string& name = replacement.table.name;
  const std::set<std::string> there = columns(name);
  for (const Column& column : replacement.table.columns) {
    if (there.contains(column.name)) continue;
    connection.run("ALTER TABLE " + name + " ADD COLUMN " + column.name + " " + type_of(column));
  }
  connection.run("DELETE FROM " + name + " WHERE " + is_in(replacement));
  if (replacement.rows == 0) return;
  const auto value = [](const Column& column) {
    if (is_map(column.type)) return "map_entries(" + column.name + ") AS " + column.name;
    if (column.type != ColumnType::kTimestamp) return column.name;
    return column.name + " AT TIME ZONE 'UTC' AS " + column.name;
  };
  const std::string values = sql_list(replacement.table.columns, value);
  connection.run("INSERT INTO " + name + " BY NAME SELECT " + values + " FROM read_parquet(" +
                 quoted_literal(file) + ")");
}

void DuckdbWarehouse::Database::check(const PeriodReplacement& replacement) {
  std::string sql = "SELECT " + currency_of(replacement.table);
  std::vector<std::string> decimals;
  for (const Column& column : replacement.table.columns) {
    if (column.type != ColumnType::kDecimal) continue;
    decimals.push_back(column.name);
    sql += ", " + column.name;
  }
  std::uint64_t count = 0;
  MoneySums sums;
  for (const auto& row : rows_of(
           connection, sql + " FROM " + replacement.table.name + " WHERE " + is_in(replacement))) {
    ++count;
    for (std::size_t i = 0; i < decimals.size(); ++i) {
      sums[row[0]][decimals[i]].add(sum_of(row[1 + i]));
    }
  }
  if (count == replacement.rows && difference_of(replacement.sums, sums).empty()) return;
  throw Error(ErrorKind::kInvalidData, "the rows are not those that were given");
}

ReplacedPeriod DuckdbWarehouse::replace_period(const PeriodReplacement& replacement) {
  auto text = std::make_shared<std::string>();
  if (replacement.rows > 0) {
    MemoryWriter out(text);
    replacement.write_parquet(out);
  }
  const std::lock_guard lock(database_->mutex);
  const std::string file = database_->files / "rows.parquet";
  std::ofstream(file, std::ios::binary) << *text;
  DuckdbConnection& connection = database_->connection;
  const std::string columns = sql_list(replacement.table.columns, [](const Column& column) {
    return column.name + " " + type_of(column);
  });
  connection.run("CREATE TABLE IF NOT EXISTS " + replacement.table.name + " (" + columns + ")");
  connection.run("BEGIN");
  try {
    database_->insert(replacement, file);
    database_->check(replacement);
  } catch (...) {
    connection.run("ROLLBACK");
    throw;
  }
  connection.run("COMMIT");
  return {.way = "transaction", .bytes_sent = text->size()};
}

}  // namespace finops
