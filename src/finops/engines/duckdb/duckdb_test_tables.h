#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/duckdb/view_sql.h"
#include "finops/engines/sql_engine.h"
#include "finops/lake/lake.h"

namespace finops {

/// Writes a Parquet file with field ids, as DuckDB's FIELD_IDS option takes them: "{a: 1, b: 2}".
inline void write_parquet(const std::string& path, const std::string& select,
                          const std::string& field_ids) {
  DuckdbConnection duckdb("", {});
  duckdb.run("COPY (" + select + ") TO " + duckdb_sql::quoted_literal(path) +
             " (FORMAT parquet, FIELD_IDS " + field_ids + ")");
}

inline Column column(int field_id, const std::string& name, ColumnType type = ColumnType::kText) {
  return {.name = name, .type = type, .doc = name, .field_id = field_id};
}

inline lake::TableView table_of(const std::string& name, std::vector<Column> columns,
                                const std::vector<std::string>& uris) {
  lake::TableView table;
  table.name = {"billing", name};
  table.metadata_location = "file:///lake/billing/" + name + "/metadata/v1.json";
  table.schema.columns = std::move(columns);
  for (const std::string& uri : uris) {
    lake::LakeFile file;
    file.uri = uri;
    table.files.push_back(std::move(file));
  }
  return table;
}

/// A result as text: cells by '|', rows by '\n', NULL as "NULL".
class TextSink : public ResultSink {
 public:
  void columns(const std::vector<ResultColumn>& columns) override { columns_ = columns; }
  void row(const ResultRow& row) override {
    ++rows;
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += (i > 0 ? "|" : "") + row[i].value_or("NULL");
    }
    text += "\n";
  }

  std::vector<ResultColumn> columns_;
  std::string text;
  std::int64_t rows = 0;
};

inline std::string rows_of(SqlEngine& engine, const std::string& sql) {
  TextSink sink;
  engine.query(sql, sink);
  return sink.text;
}

}  // namespace finops
