#include "finops/lake/relocation.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "finops/core/unique_ids.h"
#include "finops/lake/lake_check.h"
#include "tests/support/hooked_catalog.h"
#include "tests/support/lake_fixture.h"

namespace finops::lake {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kNewRoot = "s3://bucket/moved/lake";

class RelocationTest : public LakeTest {
 protected:
  void SetUp() override {
    LakeTest::SetUp();
    loader_.load(a4_, "a1", 10);
    loader_.load(b4_, "b1", 7);
    lake_->add_columns(kBills, {tag("team", "resourceTags/user:team")}, {});
    loader_.load(a4_, "a2", 11);
    for (const auto& object : store_->list("")) {
      put_text(*moved_, object.key, read_all(*store_, object.key, 1 << 20));
    }
  }

  std::vector<RelocatedTable> relocate(bool dry_run = false) {
    return relocate_lake(*moved_, paths_, *catalog_, clock_, dry_run);
  }
  std::unique_ptr<Lake> lake_at_the_new_place() {
    return make_lake(moved_, kNewRoot, catalog_, clock_);
  }
  std::map<TableName, std::string> locations() {
    std::map<TableName, std::string> out;
    for (const auto& table : catalog_->tables()) {
      out[table] = catalog_->metadata_location(table).value();
    }
    return out;
  }

  const LakePaths paths_{kNewRoot, kRoot};
  std::shared_ptr<MemoryStore> moved_ = std::make_shared<MemoryStore>(clock_);
};

TEST_F(RelocationTest, AllSnapshotsAreReadAndCommittedToAtTheNewPlace) {
  const auto snapshots = lake_->snapshots(kBills);
  Lines past;
  for (const auto& snapshot : snapshots) {
    for (const auto& line : contents(lake_->view(kBills, snapshot.id))) past.push_back(line);
  }
  const auto tables = relocate();
  ASSERT_EQ(tables.size(), 2u);
  EXPECT_EQ(tables[0].snapshots, 3u);
  EXPECT_EQ(tables[0].data_files, 3u);
  const auto lake = lake_at_the_new_place();
  const auto now = lake->snapshots(kBills);
  ASSERT_EQ(now.size(), snapshots.size());
  Lines still;
  for (std::size_t i = 0; i < now.size(); ++i) {
    EXPECT_EQ(now[i].id, snapshots[i].id);
    EXPECT_EQ(now[i].committed_ms, snapshots[i].committed_ms);
    EXPECT_EQ(now[i].summary, snapshots[i].summary);
    const auto view = lake->view(kBills, now[i].id);
    for (const auto& line : contents(view)) still.push_back(line);
    for (const auto& file : view.files) {
      EXPECT_TRUE(file.uri.starts_with(std::string(kNewRoot) + "/billing/aws_billing_data/data/"));
      EXPECT_TRUE(moved_->stat(lake->key_of(file.uri)));
    }
  }
  EXPECT_EQ(still, past);
  EXPECT_EQ(lake->view(kBills).location, std::string(kNewRoot) + "/billing/aws_billing_data");
  EXPECT_EQ(lake->view(kBills).schema.columns.size(), bill_columns().size() + 1);
  Loader(*lake).load(a4_, "a3", 12);
  EXPECT_EQ(contents(lake->view(kBills)),
            (Lines{"payer-a 2026-04 a3 12", "payer/b c= 2026-04 b1 7"}));
  EXPECT_THAT(check_lake(*moved_, LakePaths(kNewRoot), *catalog_).problems, IsEmpty());
}

TEST_F(RelocationTest, NothingThatReadersNeedNamesTheFormerPlace) {
  relocate();
  const LakePaths today(kNewRoot);
  const auto needed = check_lake(*moved_, today, *catalog_);
  EXPECT_THAT(needed.problems, IsEmpty());
  const auto metadata = read_all(*moved_, today.key_of(locations()[kBills]), 1 << 20);
  auto document = json::parse(metadata);
  document.erase("metadata-log");  // the version before stays what it was
  EXPECT_EQ(document.dump().find(kRoot), std::string::npos);
}

TEST_F(RelocationTest, ADryRunWritesNothing) {
  const auto before = moved_->list("").size();
  const auto were = locations();
  EXPECT_EQ(relocate(true).size(), 2u);
  EXPECT_EQ(moved_->list("").size(), before);
  EXPECT_EQ(locations(), were);
}

TEST_F(RelocationTest, ALakeThatIsAtItsPlaceIsLeftAlone) {
  relocate();
  const auto were = locations();
  EXPECT_THAT(relocate(), IsEmpty());
  EXPECT_EQ(locations(), were);
}

TEST_F(RelocationTest, NothingChangesWhileAFileIsMissingAtTheNewPlace) {
  const auto were = locations();
  const auto before = moved_->list("").size();
  for (const auto& file : lake_->view(kBills).files) {
    const auto key = lake_->key_of(file.uri);
    moved_->remove(key);
    const auto text = [&] {
      try {
        relocate();
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kConflict);
        return std::string(error.what());
      }
      return std::string();
    }();
    EXPECT_THAT(text, HasSubstr(file.uri));
    put_text(*moved_, key, "data");
  }
  EXPECT_EQ(locations(), were);
  EXPECT_EQ(moved_->list("").size(), before);
  EXPECT_EQ(relocate().size(), 2u);
}

TEST_F(RelocationTest, AfterASwapThatIsRefusedNothingIsLeft) {
  const auto before = moved_->list("").size();
  HookedCatalog hooked(catalog_);
  hooked.next_swap = [](const HookedCatalog::SwapCall&) -> Catalog::Outcome {
    throw Error(ErrorKind::kPermissionDenied, "read-only");
  };
  EXPECT_EQ(kind_thrown_by([&] { relocate_lake(*moved_, paths_, hooked, clock_, false); }),
            ErrorKind::kPermissionDenied);
  EXPECT_EQ(moved_->list("").size(), before);
}

TEST_F(RelocationTest, ATableElsewhereIsNotUnderstood) {
  const LakePaths wrong(kNewRoot, "file:///another/lake");
  EXPECT_EQ(kind_thrown_by([&] { relocate_lake(*moved_, wrong, *catalog_, clock_, false); }),
            ErrorKind::kConflict);
}

TEST(FormerRootTest, TheLongerRootDecidesWhereOneHoldsTheOther) {
  const LakePaths deeper("file:///data/lake/v2", "file:///data/lake");
  EXPECT_EQ(deeper.key_of("file:///data/lake/billing/x"), "billing/x");
  EXPECT_EQ(deeper.key_of("file:///data/lake/v2/billing/x"), "billing/x");
  const LakePaths higher("file:///data", "file:///data/lake");
  EXPECT_EQ(higher.moved("/data/lake/billing/x"), "file:///data/billing/x");
  EXPECT_FALSE(LakePaths("file:///data/lake").is_inside("s3://data/lake/x"));
}

}  // namespace
}  // namespace finops::lake
