#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"
#include "finops/engines/sql_engine.h"
#include "finops/lake/lake.h"

namespace finops {

/// A row to be put into a table: NULL, text, decimal, boolean or integer, as its column's type is.
using TransformCell = std::variant<std::monostate, std::string, Decimal, bool, std::int64_t>;
using TransformRow = std::vector<TransformCell>;

/// A table as Trino knows it.
struct TrinoTable {
  std::string name;             // "\"finops\".\"sales_silver\".\"orders\""
  std::vector<Column> columns;  // by name and type
};

/// A query in the words of Trino, which gives the same rows to the last digit. `sql` is of use only
/// without refusals.
struct TrinoSelect {
  struct Refusal {
    std::size_t at = 0;  // byte of the query
    std::string what;    // "the operator '/'; divide with decimal_quotient"
  };
  std::string sql;
  std::vector<Refusal> refusals;
};

/// SQL that makes tables of a lake from others. What it reads is shown to it, file by file, also
/// when no snapshot has these files yet; what it makes is Parquet with the lake's field ids. It
/// reads and writes below the folders that it was made with and nowhere else. Beside the functions
/// of SqlEngine it has read_text(), read_decimal(), read_timestamp(), read_date() and
/// read_boolean(), which give NULL for a text that says none, and the functions of finops that make
/// SQL portable (docs/datasets.md). The order of rows is nowhere kept.
/// One thread at a time. Throws as SqlEngine.
class TransformEngine {
 public:
  virtual ~TransformEngine() = default;

  /// Makes the table readable as "schema"."name", in place of what had this name.
  virtual void show(const std::string& schema, const std::string& name,
                    const lake::TableView& table) = 0;
  /// Keeps the rows of a query as the temporary table "name" for later statements; on disk where
  /// memory is short.
  virtual void keep(const std::string& name, const std::string& select,
                    std::stop_token stop = {}) = 0;
  /// The same for rows that `next` gives, until it gives nothing. Columns of the types kText,
  /// kDecimal, kBoolean and kLong.
  virtual void keep_rows(const std::string& name, const std::vector<Column>& columns,
                         const std::function<std::optional<TransformRow>()>& next) = 0;
  virtual void forget(const std::string& name) = 0;

  /// Makes name(BIGINT, DECIMAL(38,18)) a function of later statements, NULL where an argument is.
  /// It gives a STRUCT with a field for each of the columns, of the types kDecimal, kBoolean and
  /// kLong. `calculate` fills a row of as many cells, and is called by several threads at once.
  using Calculate = std::function<void(std::int64_t number, Decimal amount, TransformRow& result)>;
  virtual void define(const std::string& name, const std::vector<Column>& columns,
                      Calculate calculate) = 0;

  /// The columns of a query as a table of the lake has them, by name and type: decimals and
  /// integers of more than 64 bits are decimal(38,18). kUnsupported for types that lose or vary,
  /// such as DOUBLE, with the cast that helps.
  virtual std::vector<Column> columns_of(const std::string& select) = 0;
  /// "silver.usage_events": what a query reads, as it is written there.
  virtual std::vector<std::string> tables_of(const std::string& select) = 0;

  /// The query for Trino. `tables` has all that it reads, by the names of tables_of(), shown here.
  virtual TrinoSelect for_trino(const std::string& select,
                                const std::map<std::string, TrinoTable>& tables) = 0;

  virtual void query(const std::string& select, ResultSink& sink, std::stop_token stop = {}) = 0;

  /// Writes the rows of a query, whose columns these are by name, as one Parquet file with their
  /// field ids. Returns its rows; no file for none.
  virtual std::int64_t write_parquet(const std::string& select, const std::vector<Column>& columns,
                                     const std::string& path, std::stop_token stop = {}) = 0;
};

}  // namespace finops
