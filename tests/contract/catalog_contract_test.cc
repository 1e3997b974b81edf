#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "finops/lake/faulty_catalog.h"
#include "finops/lake/memory/memory_catalog.h"
#include "finops/lake/sqlite/sqlite_catalog.h"
#include "tests/support/temp_folder.h"

namespace finops::lake {
namespace {

using Outcome = Catalog::Outcome;

/// One implementation under test: `make` returns an empty catalog.
struct CatalogCase {
  std::string name;
  std::function<std::shared_ptr<Catalog>()> make;

  friend void PrintTo(const CatalogCase& catalog, std::ostream* out) { *out << catalog.name; }
};

/// What every Catalog does. A new catalog adds one CatalogCase below.
class CatalogContract : public ::testing::TestWithParam<CatalogCase> {
 protected:
  Outcome swap(const TableName& table, const std::string& from, const std::string& to) {
    return catalog_->swap({{table, from, to}});
  }
  std::string location(const TableName& table) {
    return catalog_->metadata_location(table).value_or("none");
  }

  const std::shared_ptr<Catalog> catalog_ = GetParam().make();
  const TableName a_{"billing", "a"}, b_{"billing", "b"}, other_{"focus", "a"};
};

TEST_P(CatalogContract, IsEmptyAtFirst) {
  EXPECT_TRUE(catalog_->tables().empty());
  EXPECT_FALSE(catalog_->metadata_location(a_));
}

TEST_P(CatalogContract, ASwapFromNothingCreatesATable) {
  EXPECT_EQ(swap(a_, "", "a1"), Outcome::kDone);
  EXPECT_EQ(location(a_), "a1");
  EXPECT_EQ(location(b_), "none");
  EXPECT_EQ(location(other_), "none");
  EXPECT_EQ(catalog_->tables(), std::vector<TableName>{a_});
}

TEST_P(CatalogContract, ATableIsNotCreatedTwice) {
  swap(a_, "", "a1");
  EXPECT_EQ(swap(a_, "", "a2"), Outcome::kBaseChanged);
  EXPECT_EQ(location(a_), "a1");
}

TEST_P(CatalogContract, ASwapHappensOnlyFromWhatIsThere) {
  swap(a_, "", "a1");
  EXPECT_EQ(swap(a_, "a0", "a2"), Outcome::kBaseChanged);
  EXPECT_EQ(swap(a_, "a1", "a2"), Outcome::kDone);
  EXPECT_EQ(swap(a_, "a1", "a3"), Outcome::kBaseChanged);
  EXPECT_EQ(swap(b_, "b1", "b2"), Outcome::kBaseChanged);
  EXPECT_EQ(location(a_), "a2");
  EXPECT_EQ(location(b_), "none");
}

TEST_P(CatalogContract, SwapsOfOneCallHappenTogetherOrNotAtAll) {
  swap(a_, "", "a1");
  swap(b_, "", "b1");
  EXPECT_EQ(catalog_->swap({{a_, "a1", "a2"}, {b_, "b0", "b2"}}), Outcome::kBaseChanged);
  EXPECT_EQ(catalog_->swap({{other_, "", "o1"}, {b_, "b0", "b2"}}), Outcome::kBaseChanged);
  EXPECT_EQ(location(a_), "a1");
  EXPECT_EQ(location(other_), "none");
  EXPECT_EQ(catalog_->swap({{a_, "a1", "a2"}, {b_, "b1", "b2"}, {other_, "", "o1"}}),
            Outcome::kDone);
  EXPECT_EQ(location(a_), "a2");
  EXPECT_EQ(location(b_), "b2");
  EXPECT_EQ(location(other_), "o1");
}

TEST_P(CatalogContract, TablesComeInOrderOfNamespaceAndName) {
  swap(other_, "", "o1");
  swap(b_, "", "b1");
  swap(a_, "", "a1");
  EXPECT_EQ(catalog_->tables(), (std::vector<TableName>{a_, b_, other_}));
}

TEST_P(CatalogContract, NamesAreTakenAsTheyAre) {
  const TableName odd{"b'; --", "täbel \"x\""};
  EXPECT_EQ(swap(odd, "", "file:///x y/%20'\""), Outcome::kDone);
  EXPECT_EQ(location(odd), "file:///x y/%20'\"");
  EXPECT_EQ(swap(odd, "file:///x y/%20'\"", "next"), Outcome::kDone);
  EXPECT_EQ(catalog_->tables(), std::vector<TableName>{odd});
}

TEST_P(CatalogContract, OfWritersAtOnceOneWinsEachRound) {
  constexpr int kRounds = 20, kWriters = 4;
  swap(a_, "", "0");
  std::vector<int> wins(kWriters);
  std::vector<std::jthread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int round = 0; round < kRounds; ++round) {
        const auto from = location(a_);
        const auto to = std::to_string(w) + "-" + std::to_string(round);
        if (swap(a_, from, to) == Outcome::kDone) ++wins[static_cast<std::size_t>(w)];
      }
    });
  }
  writers.clear();
  int all = 0;
  for (const int w : wins) all += w;
  EXPECT_GE(all, kRounds);  // somebody wins whenever somebody loses
  EXPECT_LE(all, kRounds * kWriters);
}

TEST_P(CatalogContract, CountingWritersLoseNoUpdate) {
  constexpr int kRounds = 10, kWriters = 4;
  swap(a_, "", "0");
  std::vector<std::jthread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&] {
      for (int done = 0; done < kRounds;) {
        const auto from = location(a_);
        done += swap(a_, from, std::to_string(std::stoi(from) + 1)) == Outcome::kDone;
      }
    });
  }
  writers.clear();
  EXPECT_EQ(location(a_), std::to_string(kRounds * kWriters));
}

/// A catalog in a file that does not exist yet and goes with the catalog.
std::shared_ptr<Catalog> sqlite_catalog() {
  const auto folder = std::make_shared<TempFolder>();
  std::shared_ptr<Catalog> catalog = make_sqlite_catalog(*folder / "not yet/there.db", "finops");
  return {catalog.get(), [folder, catalog](Catalog*) {}};
}

INSTANTIATE_TEST_SUITE_P(
    AllCatalogs, CatalogContract,
    ::testing::Values(CatalogCase{"Memory", [] { return std::make_shared<MemoryCatalog>(); }},
                      CatalogCase{"Sqlite", [] { return sqlite_catalog(); }},
                      CatalogCase{"FaultyWithoutFault",
                                  [] {
                                    return std::make_shared<FaultyCatalog>(
                                        std::make_shared<MemoryCatalog>(),
                                        std::make_shared<FaultPlan>());
                                  }}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace finops::lake
