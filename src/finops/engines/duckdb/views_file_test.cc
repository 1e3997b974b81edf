#include "finops/engines/duckdb/views_file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

/// A lake of one table whose n-th version has the n-th file.
class ViewsFileTest : public ::testing::Test {
 protected:
  lake::TableView version(int n) {
    const std::string path = folder_ / (std::to_string(n) + ".parquet");
    if (!fs::exists(path)) {
      write_parquet(path,
                    "SELECT " + std::to_string(n) +
                        "::BIGINT AS n, "
                        "TIMESTAMPTZ '2026-05-31 23:30:00+00' AS t",
                    "{n: 1, t: 2}");
    }
    auto table = table_of(
        "bill", {column(1, "n", ColumnType::kLong), column(2, "t", ColumnType::kTimestamp)},
        {"file://" + path});
    table.metadata_location += std::to_string(n);
    return table;
  }

  bool publish(int n) {
    return publish_views_if_changed(
        database_,
        [&] { return TableVersions{{{"billing", "bill"}, version(n).metadata_location}}; },
        [&] {
          ++reads_;
          return std::vector{version(n)};
        });
  }

  /// True when the condition holds for all rows of the view, read by a client in another time zone.
  void expect_shown(const std::string& from, const std::string& condition) {
    DuckdbConnection client(database_, {{"access_mode", "READ_ONLY"}});
    client.run("SET TimeZone = 'America/New_York'");
    EXPECT_NO_THROW(client.run("SELECT error('not so') FROM (SELECT count(*) = 1 AND bool_and(" +
                               condition + ") AS holds FROM " + from + ") WHERE NOT holds"));
  }

  const TempFolder folder_;
  const std::string database_ = folder_ / "new folder/finops.duckdb";
  int reads_ = 0;
};

TEST_F(ViewsFileTest, AnyClientSeesTheTablesInUtc) {
  EXPECT_TRUE(publish(1));
  for (const char* from : {"bill", "billing.bill", "main.bill"}) {
    expect_shown(from,
                 "n = 1 AND t::DATE = DATE '2026-05-31' AND t = TIMESTAMP '2026-05-31 23:30:00'");
  }
}

TEST_F(ViewsFileTest, AttachedUnderAnotherNameItShowsTheSame) {
  publish(1);
  DuckdbConnection client("", {});
  client.run("ATTACH " + duckdb_sql::quoted_literal(database_) + " AS other (READ_ONLY)");
  EXPECT_NO_THROW(client.run("SELECT n FROM other.bill; SELECT n FROM other.billing.bill"));
}

TEST_F(ViewsFileTest, NoViewOfATableIsAViewOfAView) {
  publish(1);
  DuckdbConnection client(database_, {{"access_mode", "READ_ONLY"}});
  EXPECT_NO_THROW(
      client.run("SELECT error('not so') FROM (SELECT count(*) = 2 AND "
                 "bool_and(contains(sql, 'read_parquet')) AS is_so FROM duckdb_views() "
                 "WHERE view_name = 'bill') WHERE NOT is_so"));
}

TEST_F(ViewsFileTest, NothingIsDoneWhenNothingChanged) {
  EXPECT_TRUE(publish(1));
  const auto written = fs::last_write_time(database_);
  EXPECT_FALSE(publish(1));
  EXPECT_FALSE(publish(1));
  EXPECT_EQ(reads_, 1);
  EXPECT_EQ(fs::last_write_time(database_), written);
}

TEST_F(ViewsFileTest, ANewVersionReplacesTheOld) {
  publish(1);
  EXPECT_TRUE(publish(2));
  expect_shown("bill", "n = 2");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "new folder"), {}), 3);
}

TEST_F(ViewsFileTest, AMissingChangedOrUnstampedFileIsRepaired) {
  publish(1);
  fs::remove(database_);
  EXPECT_TRUE(publish(1));
  std::ofstream(database_) << "scribble";
  EXPECT_TRUE(publish(1));
  expect_shown("bill", "n = 1");
  fs::remove(folder_ / "new folder/.finops.duckdb.stamp");
  EXPECT_TRUE(publish(1));
  EXPECT_FALSE(publish(1));
  expect_shown("bill", "n = 1");
}

TEST_F(ViewsFileTest, LeftoversOfKilledProcessesDoNoHarm) {
  publish(1);
  for (const char* name : {"finops.duckdb.wal", ".finops.duckdb.new", ".finops.duckdb.new.wal"}) {
    std::ofstream(folder_ / ("new folder/" + std::string(name))) << "left over";
  }
  EXPECT_TRUE(publish(2));
  expect_shown("bill", "n = 2");
}

TEST_F(ViewsFileTest, AClientThatHasItOpenDoesNotStopIt) {
  publish(1);
  DuckdbConnection reader(database_, {{"access_mode", "READ_ONLY"}});
  EXPECT_TRUE(publish(2));
  EXPECT_NO_THROW(reader.run("SELECT error('changed') FROM bill WHERE n != 1"));
  expect_shown("bill", "n = 2");
}

TEST_F(ViewsFileTest, ATableThatCannotBeReadDoesNotHideTheOthers) {
  auto bad = version(1);
  bad.name.name = "deleted_rows";
  bad.has_row_deletes = true;
  const std::vector<lake::TableView> tables = {bad, version(1)};
  publish_views_if_changed(database_, [] { return TableVersions{}; }, [&] { return tables; });
  expect_shown("bill", "n = 1");
  DuckdbConnection client(database_, {{"access_mode", "READ_ONLY"}});
  EXPECT_NE(std::string(error_thrown_by([&] { client.run("FROM deleted_rows"); }).what())
                .find("delete files"),
            std::string::npos);
}

TEST_F(ViewsFileTest, AnOlderStateNeverReplacesANewerOne) {
  std::atomic<int> current = 1;
  for (int n = 1; n <= 6; ++n) version(n);
  const auto work = [&] {
    for (int i = 0; i < 3; ++i) {
      publish_views_if_changed(
          database_,
          [&] { return TableVersions{{{"billing", "bill"}, version(current).metadata_location}}; },
          [&] { return std::vector{version(current)}; });
      if (current < 6) ++current;
    }
  };
  {
    const std::jthread one(work), two(work);
  }
  EXPECT_NO_THROW(publish(current));
  expect_shown("bill", "n = " + std::to_string(current));
}

TEST_F(ViewsFileTest, AFailureLeavesTheOldFileAndNamesIt) {
  publish(1);
  auto broken = version(2);
  broken.files[0].uri = "file://" + (folder_ / "gone.parquet");
  const Error error = error_thrown_by([&] {
    publish_views_if_changed(
        database_, [] { return TableVersions{}; }, [&] { return std::vector{broken}; });
  });
  EXPECT_NE(std::string(error.what()).find(database_), std::string::npos);
  expect_shown("bill", "n = 1");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_ / "new folder"), {}), 3);
}

}  // namespace
}  // namespace finops
