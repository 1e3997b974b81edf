#include "finops/lake/sqlite/sqlite_catalog.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "finops/sqlite/sqlite_connection.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops::lake {
namespace {

using Outcome = Catalog::Outcome;
using Rows = std::vector<SqliteConnection::Row>;

class SqliteCatalogTest : public ::testing::Test {
 protected:
  std::unique_ptr<Catalog> open() { return make_sqlite_catalog(path_, "finops"); }
  SqliteConnection connection() { return SqliteConnection({path_, "the catalog", "catalog.uri"}); }
  Rows rows(const std::string& sql) { return connection().query(sql); }

  TempFolder folder_;
  const std::string path_ = folder_ / "data/catalog.db";
  const TableName a_{"billing", "a"}, b_{"billing", "b"};
};

TEST_F(SqliteCatalogTest, LookingMakesNoFile) {
  const auto catalog = open();
  catalog->tables();
  catalog->metadata_location(a_);
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "data"));
}

TEST_F(SqliteCatalogTest, AFileThatAppearsLaterIsSeen) {
  const auto early = open();
  EXPECT_FALSE(early->metadata_location(a_));
  open()->swap({{a_, "", "a1"}});
  EXPECT_EQ(early->metadata_location(a_), "a1");
}

TEST_F(SqliteCatalogTest, TheRowsAreThoseOfIcebergsSqlCatalog) {
  const auto catalog = open();
  catalog->swap({{a_, "", "a1"}});
  catalog->swap({{a_, "a1", "a2"}});
  EXPECT_EQ(rows("SELECT * FROM iceberg_tables"),
            (Rows{{"finops", "billing", "a", "a2", "a1", "TABLE"}}));
  EXPECT_EQ(rows("SELECT * FROM iceberg_namespace_properties"),
            (Rows{{"finops", "billing", "exists", "true"}}));
}

TEST_F(SqliteCatalogTest, OtherCatalogsOfTheFileAreNotOurs) {
  open()->swap({{a_, "", "a1"}});
  const auto other = make_sqlite_catalog(path_, "other");
  EXPECT_TRUE(other->tables().empty());
  EXPECT_EQ(other->swap({{a_, "", "x1"}}), Outcome::kDone);
  EXPECT_EQ(open()->metadata_location(a_), "a1");
}

TEST_F(SqliteCatalogTest, AV0CatalogIsReadAndUpgradedByTheNextSwap) {
  open()->swap({{a_, "", "a1"}});
  connection().run("ALTER TABLE iceberg_tables DROP COLUMN iceberg_type");
  const auto catalog = open();
  EXPECT_EQ(catalog->metadata_location(a_), "a1");
  EXPECT_EQ(catalog->tables().size(), 1u);
  EXPECT_EQ(catalog->swap({{a_, "a1", "a2"}, {b_, "", "b1"}}), Outcome::kDone);
  EXPECT_EQ(catalog->metadata_location(a_), "a2");
  EXPECT_EQ(rows("SELECT iceberg_type FROM iceberg_tables ORDER BY table_name"),
            (Rows{{std::nullopt}, {"TABLE"}}));
}

TEST_F(SqliteCatalogTest, ViewsAreNoTables) {
  open()->swap({{a_, "", "a1"}});
  connection().run("UPDATE iceberg_tables SET iceberg_type = 'VIEW'");
  EXPECT_TRUE(open()->tables().empty());
  EXPECT_FALSE(open()->metadata_location(a_));
}

TEST_F(SqliteCatalogTest, AFileThatIsNoDatabaseIsInvalid) {
  std::filesystem::create_directories(folder_ / "data");
  std::ofstream(path_) << std::string(5000, 'x');
  for (const auto& error : {error_thrown_by([&] { open()->tables(); }),
                            error_thrown_by([&] { open()->swap({{a_, "", "a1"}}); })}) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
    EXPECT_NE(std::string(error.what()).find("'" + path_ + "'"), std::string::npos);
  }
}

TEST_F(SqliteCatalogTest, AFolderInPlaceOfTheFileIsAClearError) {
  std::filesystem::create_directories(path_);
  EXPECT_EQ(kind_thrown_by([&] { open()->tables(); }), ErrorKind::kPermissionDenied);
}

TEST_F(SqliteCatalogTest, ARefusedWriteChangesNothingAndSaysSo) {
  open()->swap({{a_, "", "a1"}, {b_, "", "b1"}});
  connection().run(
      "CREATE TRIGGER refuse BEFORE UPDATE ON iceberg_tables WHEN NEW.table_name = 'b' "
      "BEGIN SELECT RAISE(ABORT, 'no'); END");
  const auto catalog = open();
  EXPECT_EQ(kind_thrown_by([&] { catalog->swap({{a_, "a1", "a2"}, {b_, "b1", "b2"}}); }),
            ErrorKind::kInternal);
  EXPECT_EQ(catalog->metadata_location(a_), "a1");
  EXPECT_EQ(catalog->swap({{a_, "a1", "a3"}}), Outcome::kDone);
}

TEST_F(SqliteCatalogTest, ProcessesAtOnceLoseNoUpdate) {
  constexpr int kProcesses = 3, kRounds = 8;
  open()->swap({{a_, "", "0"}, {b_, "", "0"}});
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      const auto catalog = open();
      for (int done = 0; done < kRounds;) {
        const auto a = catalog->metadata_location(a_).value(), b = std::to_string(std::stoi(a) + 1);
        done += catalog->swap({{a_, a, b}, {b_, a, b}}) == Outcome::kDone;
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(open()->metadata_location(a_), std::to_string(kProcesses * kRounds));
  EXPECT_EQ(open()->metadata_location(b_), std::to_string(kProcesses * kRounds));
}

}  // namespace
}  // namespace finops::lake
