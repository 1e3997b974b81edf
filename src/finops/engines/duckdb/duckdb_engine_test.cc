#include "finops/engines/duckdb/duckdb_engine.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

/// Every type, in a file of its own order; then the same fields under other names, some missing.
class DuckdbEngineTest : public ::testing::Test {
 protected:
  lake::TableView bill() {
    write_parquet(folder_ / "1.parquet",
                  "SELECT 'x' AS a, 1.000000000000000001::DECIMAL(38,18) AS c, "
                  "TIMESTAMPTZ '2026-05-31 23:59:59.5+00' AS t, MAP {'k': 'v'} AS m, "
                  "MAP {'d': 2.5::DECIMAL(38,18)} AS md UNION ALL "
                  "SELECT 'y', NULL, NULL, NULL, NULL",
                  "{a: 1, c: 2, t: 3, m: {__duckdb_field_id: 4, key: 5, value: 6}, "
                  "md: {__duckdb_field_id: 7, key: 8, value: 9}}");
    write_parquet(folder_ / "2.parquet",
                  "SELECT 7::BIGINT AS l, TIMESTAMPTZ '2026-06-01 00:00:00+00' AS a, 'z' AS t, "
                  "true AS b, 'raw'::BLOB AS r, 3 AS i, 'unknown' AS gone",
                  "{l: 10, a: 3, t: 1, b: 11, r: 12, i: 13, gone: 99}");
    return table_of("bill",
                    {column(1, "a"), column(2, "c", ColumnType::kDecimal),
                     column(3, "t", ColumnType::kTimestamp), column(4, "m", ColumnType::kTextMap),
                     column(7, "md", ColumnType::kDecimalMap), column(10, "l", ColumnType::kLong),
                     column(11, "b", ColumnType::kBoolean), column(12, "r", ColumnType::kBinary),
                     column(13, "i", ColumnType::kInt), column(14, "new")},
                    {"file://" + (folder_ / "1.parquet"), folder_ / "2.parquet"});
  }

  const TempFolder folder_;
};

TEST_F(DuckdbEngineTest, ShowsFilesOfAllShapesByFieldId) {
  const auto engine = make_duckdb_engine({bill()});
  EXPECT_EQ(rows_of(*engine, "FROM billing.bill ORDER BY a"),
            "x|1.000000000000000001|2026-05-31 23:59:59.5|{\"k\": \"v\"}|"
            "{\"d\": \"2.500000000000000000\"}|NULL|NULL|NULL|NULL|NULL\n"
            "y|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n"
            "z|NULL|2026-06-01 00:00:00|NULL|NULL|7|true|raw|3|NULL\n");
  EXPECT_EQ(rows_of(*engine, "SELECT sum(c), count(*) FROM bill"), "1.000000000000000001|3\n");
  EXPECT_EQ(rows_of(*engine, "SELECT DISTINCT typeof(t), typeof(m), typeof(md) FROM bill"),
            "TIMESTAMP|MAP(VARCHAR, VARCHAR)|MAP(VARCHAR, DECIMAL(38,18))\n");
}

TEST_F(DuckdbEngineTest, ColumnsMayHaveAnyNames) {
  std::vector<std::string> names = {"a \"b\"",  "it's", "back\\slash\\",    "{x=1, y: [2]}",
                                    " spaces ", "NULL", "sch\xC3\xB6n; --", "=,:(\\\"'"};
  for (const char odd : std::string_view(" !#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\"\t")) {
    names.push_back(std::string("k") + odd);
  }
  std::vector<Column> columns;
  std::string select, ids, expected;
  for (const std::string& name : names) {
    columns.push_back(column(static_cast<int>(columns.size()) + 1, name));
    const std::string id = std::to_string(columns.size());
    select += (select.empty() ? "SELECT '" : ", '") + id + "' AS c" + id;
    ids += (ids.empty() ? "{c" : ", c") + id + ": " + id;
    expected += (expected.empty() ? "" : "|") + id;
  }
  columns.push_back(column(9999, "not there"));
  write_parquet(folder_ / "names.parquet", select, ids + "}");
  const auto engine = make_duckdb_engine({table_of("t", columns, {folder_ / "names.parquet"})});
  EXPECT_EQ(rows_of(*engine, "FROM t"), expected + "|NULL\n");
  EXPECT_EQ(rows_of(*engine, "SELECT count(*) FROM t WHERE \"not there\" IS NULL"), "1\n");
}

TEST_F(DuckdbEngineTest, TheTimeZoneOfTheMachineMovesNoDay) {
  const char* before = std::getenv("TZ");
  const std::string kept = before != nullptr ? before : "";
  setenv("TZ", "America/New_York", 1);
  const auto engine = make_duckdb_engine({bill()});
  EXPECT_EQ(rows_of(*engine, "SELECT t::DATE FROM bill WHERE t IS NOT NULL ORDER BY t"),
            "2026-05-31\n2026-06-01\n");
  before != nullptr ? setenv("TZ", kept.c_str(), 1) : unsetenv("TZ");
}

TEST_F(DuckdbEngineTest, AnEmptyTableHasColumnsAndNoRows) {
  auto table = bill();
  table.files.clear();
  const auto engine = make_duckdb_engine({table});
  EXPECT_EQ(rows_of(*engine, "FROM bill"), "");
  EXPECT_EQ(rows_of(*engine, "SELECT count(*), sum(c) FROM bill"), "0|NULL\n");
  EXPECT_EQ(
      rows_of(*engine, "SELECT column_type FROM (DESCRIBE bill) WHERE column_name IN ('c', 't')"),
      "DECIMAL(38,18)\nTIMESTAMP\n");
}

TEST_F(DuckdbEngineTest, ReadsNoMoreAndNoOtherFilesThanTheSnapshotNames) {
  const fs::path odd = folder_.path() / "a [1]*";
  const fs::path twin = folder_.path() / "a 1x";
  fs::create_directories(odd / "source=other");
  fs::create_directories(twin / "source=other");
  for (const fs::path& path : {odd, twin}) {
    const std::string value = path == odd ? "right" : "wrong";
    write_parquet(path / "source=other/it's?.parquet", "SELECT '" + value + "' AS source",
                  "{source: 1}");
    write_parquet(path / "source=other/it'sx.parquet", "SELECT 'wrong' AS source", "{source: 1}");
  }
  const auto engine = make_duckdb_engine(
      {table_of("odd \"name\"", {column(1, "source")}, {odd / "source=other/it's?.parquet"})});
  EXPECT_EQ(rows_of(*engine, "SELECT source FROM \"odd \"\"name\"\"\""), "right\n");
}

TEST_F(DuckdbEngineTest, FilesOfOtherPartitionsAreNotOpened) {
  std::vector<std::string> paths;
  for (const char* month : {"01", "02", "03"}) {
    const fs::path folder = folder_.path() / ("data/month=" + std::string(month));
    fs::create_directories(folder);
    paths.push_back(folder / "x.parquet");
    write_parquet(paths.back(),
                  "SELECT '" + std::string(month) + "' AS month, 2.5::DECIMAL(38,18) AS cost",
                  "{month: 1, cost: 2}");
  }
  auto table =
      table_of("by_month", {column(1, "month"), column(2, "cost", ColumnType::kDecimal)}, paths);
  table.partition_by = {"month"};
  for (std::size_t i = 0; i < table.files.size(); ++i) {
    table.files[i].partition = {"0" + std::to_string(i + 1)};
    table.files[i].columns = lake::columns_mark(table.schema.columns);
  }
  const auto engine = make_duckdb_engine({table});
  EXPECT_EQ(rows_of(*engine,
                    "SELECT month, typeof(month), sum(cost) FROM by_month GROUP BY 1 "
                    "ORDER BY 1"),
            "01|VARCHAR|2.500000000000000000\n02|VARCHAR|2.500000000000000000\n"
            "03|VARCHAR|2.500000000000000000\n");
  std::ofstream(paths[2]) << "nothing that could be read";
  EXPECT_EQ(rows_of(*engine, "SELECT sum(cost) FROM by_month WHERE month < '03'"),
            "5.000000000000000000\n");
  EXPECT_ANY_THROW(rows_of(*engine, "SELECT sum(cost) FROM by_month"));
  // The first file is the one that DuckDB opens for the columns.
  std::ofstream(paths[0]) << "nothing that could be read";
  const auto damaged = make_duckdb_engine({table, bill()});
  EXPECT_EQ(rows_of(*damaged, "SELECT count(*) FROM bill"), "3\n");
  EXPECT_ANY_THROW(rows_of(*damaged, "SELECT sum(cost) FROM by_month"));
}

TEST_F(DuckdbEngineTest, TablesOfOtherNamespacesHaveTheirSchemaOnly) {
  auto table = bill();
  table.name = {"marts", "daily"};
  const auto engine = make_duckdb_engine({table});
  EXPECT_EQ(rows_of(*engine, "SELECT count(*) FROM marts.daily"), "3\n");
  EXPECT_EQ(kind_thrown_by([&] { rows_of(*engine, "FROM daily"); }), ErrorKind::kUsage);
}

TEST_F(DuckdbEngineTest, WhatCannotBeReadFaithfullyIsRefused) {
  auto deleted = bill(), imported = bill();
  deleted.has_row_deletes = true;
  imported.name.name = "imported";
  imported.properties["schema.name-mapping.default"] = "[]";
  const auto engine = make_duckdb_engine({deleted, imported});
  for (const char* sql : {"SELECT count(*) FROM bill", "SELECT 1 FROM imported", "FROM bill"}) {
    const Error error = error_thrown_by([&] { rows_of(*engine, sql); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
    EXPECT_NE(std::string(error.what()).find("iceberg_scan('file:///lake/"), std::string::npos);
  }
}

TEST_F(DuckdbEngineTest, AMissingDataFileIsNamed) {
  const Error error = error_thrown_by([&] {
    const auto engine =
        make_duckdb_engine({table_of("t", {column(1, "a")}, {folder_ / "gone.parquet"})});
    rows_of(*engine, "FROM t");
  });
  EXPECT_NE(std::string(error.what()).find(folder_ / "gone.parquet"), std::string::npos);
}

TEST_F(DuckdbEngineTest, WrongStatementsAreUsageWithDuckdbsWords) {
  const auto engine = make_duckdb_engine({bill()});
  for (const char* sql :
       {"SELEC 1", "SELECT nothing FROM bill", "FROM nowhere", "", ";", "SELECT 1; SELECT 2"}) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(kind_thrown_by([&] { rows_of(*engine, sql); }), ErrorKind::kUsage);
  }
  EXPECT_EQ(kind_thrown_by([&] { rows_of(*engine, std::string("SELECT 1\0", 9)); }),
            ErrorKind::kUsage);
  EXPECT_EQ(kind_thrown_by([&] { rows_of(*engine, "SELECT 'abc'::INTEGER"); }),
            ErrorKind::kInvalidData);
  EXPECT_EQ(rows_of(*engine, "SELECT 1; -- one"), "1\n");
}

TEST_F(DuckdbEngineTest, NothingOfTheMachineIsReadOrChanged) {
  std::ofstream(folder_ / "secret.csv") << "a\n1\n";
  const auto engine = make_duckdb_engine({bill()});
  const std::string secret = "'" + (folder_ / "secret.csv") + "'";
  const std::string data = "'" + (folder_ / "1.parquet") + "'";
  const auto size = fs::file_size(folder_ / "1.parquet");
  for (const std::string& sql :
       {"FROM read_csv(" + secret + ")", "FROM " + secret, "FROM read_text(" + secret + ")",
        "COPY (SELECT 1) TO " + secret, "COPY (SELECT 1) TO " + data, "COPY bill TO " + data,
        "EXPLAIN ANALYZE COPY (SELECT 1) TO " + data,
        "explain (analyze) COPY (SELECT 1) TO " + data,
        "EXPLAIN /**/ ANALYZE COPY (SELECT 1) TO " + data,
        "EXPORT DATABASE '" + (folder_ / "d") + "'", "ATTACH '" + (folder_ / "a.duckdb") + "'",
        std::string("SET enable_external_access = true"), std::string("CREATE TABLE t AS SELECT 1"),
        std::string("DROP VIEW bill"), std::string("INSTALL httpfs"), std::string("LOAD httpfs"),
        std::string("CALL pragma_version()")}) {
    SCOPED_TRACE(sql);
    EXPECT_EQ(kind_thrown_by([&] { rows_of(*engine, sql); }), ErrorKind::kUsage);
  }
  EXPECT_EQ(fs::file_size(folder_ / "1.parquet"), size);
  EXPECT_EQ(rows_of(*engine, "SELECT count(*) FROM bill"), "3\n");
}

TEST_F(DuckdbEngineTest, StatementsThatReadAreAllowed) {
  const auto engine = make_duckdb_engine({bill()});
  for (const char* sql :
       {"VALUES (1)", "WITH x AS (SELECT 1) FROM x", "DESCRIBE bill", "SHOW TABLES",
        "SUMMARIZE bill", "EXPLAIN SELECT 1", "explain analyze FROM bill",
        "(SELECT 1) UNION (SELECT 2)", " -- hello\n SELECT 1", "PRAGMA table_info('bill')"}) {
    SCOPED_TRACE(sql);
    EXPECT_NO_THROW(EXPECT_NE(rows_of(*engine, sql), ""));
  }
}

TEST_F(DuckdbEngineTest, ALargeResultIsStreamedInOrder) {
  const auto engine =
      make_duckdb_engine({}, {.memory_bytes = 64 << 20, .threads = 2, .spill_folder = ""});
  class CheckingSink : public TextSink {
   public:
    void row(const ResultRow& row) override {
      if (row.at(0) != std::to_string(rows)) ADD_FAILURE() << *row.at(0);
      ++rows;
    }
  } sink;
  engine->query("SELECT range, repeat('x', 200) FROM range(1000000)", sink);
  EXPECT_EQ(sink.rows, 1'000'000);
}

TEST_F(DuckdbEngineTest, WhatDoesNotFitIntoMemoryIsSpilledOrRefused) {
  const std::string sql =
      "SELECT count(*) FROM (SELECT range % 3000000 AS k, repeat('x', 20) || range AS v, "
      "FROM range(3000000) ORDER BY v DESC LIMIT 2500000)";
  const auto refusing =
      make_duckdb_engine({}, {.memory_bytes = 40 << 20, .threads = 1, .spill_folder = ""});
  EXPECT_EQ(kind_thrown_by([&] { rows_of(*refusing, sql); }), ErrorKind::kNoSpace);
  {
    const auto spilling = make_duckdb_engine(
        {}, {.memory_bytes = 40 << 20, .threads = 1, .spill_folder = folder_ / "spill"});
    EXPECT_EQ(rows_of(*spilling, sql), "2500000\n");
  }
  EXPECT_TRUE(!fs::exists(folder_ / "spill") || fs::is_empty(folder_ / "spill"));
}

TEST_F(DuckdbEngineTest, AQueryStopsWhenItIsAskedTo) {
  const auto engine = make_duckdb_engine({});
  std::stop_source stop;
  class StoppingSink : public TextSink {
   public:
    explicit StoppingSink(std::stop_source& source) : source_(source) {}
    void row(const ResultRow&) override {
      ++rows;
      source_.request_stop();
    }

   private:
    std::stop_source& source_;
  } sink(stop);
  EXPECT_EQ(kind_thrown_by([&] { engine->query("FROM range(100000000)", sink, stop.get_token()); }),
            ErrorKind::kCancelled);
  EXPECT_LT(sink.rows, 1'000'000);
  EXPECT_EQ(kind_thrown_by([&] { engine->query("SELECT 1", sink, stop.get_token()); }),
            ErrorKind::kCancelled);
  EXPECT_EQ(rows_of(*engine, "SELECT 1"), "1\n");
}

TEST_F(DuckdbEngineTest, WritesAResultAsOneParquetFile) {
  const auto engine = make_duckdb_engine({bill()});
  const std::string path = folder_ / "out's/result [1].parquet";
  EXPECT_EQ(engine->copy_to_parquet("SELECT a, c, t, m, md, sum(l) OVER () AS \"big \"\"l\"\"\" "
                                    "FROM bill ORDER BY a DESC; -- all",
                                    path),
            3);
  EXPECT_EQ(engine->copy_to_parquet("SELECT 1 AS one", folder_ / "out's/other.parquet"), 1);
  DuckdbConnection duckdb("", {});
  duckdb.run("CREATE TABLE t AS FROM read_parquet(" +
             duckdb_sql::quoted_literal(duckdb_sql::exact_pattern(path)) + "); " +
             "SELECT error('wrong') FROM t HAVING list(a ORDER BY rowid) != ['z', 'y', 'x'] OR "
             "sum(c) != 1.000000000000000001 OR any_value(typeof(\"big \"\"l\"\"\")) != "
             "'DECIMAL(38,0)' OR "
             "sum(\"big \"\"l\"\"\") != 21");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "out's"), {}), 2);
}

TEST_F(DuckdbEngineTest, AFailedCopyLeavesTheOldFile) {
  const auto engine = make_duckdb_engine({bill()});
  std::ofstream(folder_ / "out.parquet") << "old";
  EXPECT_EQ(kind_thrown_by([&] {
              engine->copy_to_parquet("SELECT error('no') FROM bill", folder_ / "out.parquet");
            }),
            ErrorKind::kInvalidData);
  EXPECT_EQ(
      kind_thrown_by([&] { engine->copy_to_parquet("DROP VIEW bill", folder_ / "out.parquet"); }),
      ErrorKind::kUsage);
  EXPECT_EQ(fs::file_size(folder_ / "out.parquet"), 3u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 3);
}

}  // namespace
}  // namespace finops
