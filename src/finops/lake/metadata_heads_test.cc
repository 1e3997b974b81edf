#include "finops/lake/metadata_heads.h"

#include <gmock/gmock.h>

#include "finops/lake/metadata_name.h"
#include "tests/support/hooked_catalog.h"
#include "tests/support/lake_fixture.h"

namespace finops::lake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MetadataHeadsTest : public LakeTest {
 protected:
  FoundTable found(const TableName& name = kBills) {
    for (const auto& table : find_tables(*store_, LakePaths(kRoot)).tables) {
      if (table.name == name) return table;
    }
    return {};
  }
  static Lines names(const std::vector<FoundMetadata>& files) {
    Lines out;
    for (const auto& file : files) out.push_back(file.name);
    return out;
  }
  std::string current(const TableName& name = kBills) {
    return std::string(last_name(catalog_->metadata_location(name).value()));
  }
  /// Writes everything of a commit but the swap.
  void load_killed(const std::string& execution_id) {
    const auto hooked = std::make_shared<HookedCatalog>(catalog_);
    hooked->next_swap = [&](const HookedCatalog::SwapCall&) {
      hooked->is_unreachable = true;
      return Catalog::Outcome::kUnknown;
    };
    const auto lake = make_lake(store_, kRoot, hooked, clock_);
    kind_thrown_by([&] { Loader(*lake).load(a4_, execution_id, 5); });
  }
};

TEST_F(MetadataHeadsTest, TheLastVersionIsTheHeadAndTheOneBeforeItsBase) {
  loader_.load(a4_, "a1", 10);
  const auto before = current();
  loader_.load(a4_, "a2", 11);
  const auto table = found();
  EXPECT_THAT(names(table.heads), ElementsAre(current()));
  EXPECT_THAT(names(table.bases), ElementsAre(before));
  EXPECT_EQ(table.heads[0].uri, catalog_->metadata_location(kBills));
  EXPECT_EQ(table.heads[0].snapshot_id, lake_->view(kBills).snapshot_id);
  EXPECT_EQ(table.root, kRoot);
  EXPECT_EQ(table.files.size(), 3u);
}

TEST_F(MetadataHeadsTest, AFirstVersionHasNoBase) {
  const auto table = found();
  EXPECT_THAT(names(table.heads), ElementsAre(current()));
  EXPECT_THAT(table.bases, IsEmpty());
  EXPECT_FALSE(table.heads[0].snapshot_id);
}

TEST_F(MetadataHeadsTest, AnAttemptThatWasKilledIsAHeadUntilAnotherCommitFollows) {
  loader_.load(a4_, "a1", 10);
  const auto committed = current();
  load_killed("killed");
  auto table = found();
  EXPECT_EQ(table.heads.size(), 1u);  // cannot be told from a commit, but by the ledger
  EXPECT_THAT(names(table.bases), ElementsAre(committed));
  loader_.load(a4_, "a2", 11);
  EXPECT_EQ(found().heads.size(), 2u);
  const auto second = current();
  loader_.load(a4_, "a3", 11);
  table = found();
  EXPECT_THAT(names(table.heads), ElementsAre(current()));
  EXPECT_THAT(names(table.bases), ElementsAre(second));
}

TEST_F(MetadataHeadsTest, AnAttemptFromLongAgoIsNoHeadWhenTheLogForgotItsBase) {
  load_killed("killed");
  for (int i = 0; i < 30; ++i) loader_.load(a4_, "a" + std::to_string(i), 5);
  EXPECT_THAT(names(found().heads), ElementsAre(current()));
}

TEST_F(MetadataHeadsTest, WhatIsNoTableIsLeftAloneAndTold) {
  put_text(*store_, "deep/er/folder/metadata/00001-x.metadata.json", "{}");
  put_text(*store_, "billing/damaged/metadata/00001-x.metadata.json", "{\"loc");
  const auto all = find_tables(*store_, LakePaths(kRoot));
  EXPECT_EQ(all.tables.size(), 2u);
  EXPECT_THAT(all.notes, ElementsAre(HasSubstr("billing/damaged"), HasSubstr("deep/er/folder")));
}

TEST_F(MetadataHeadsTest, NamesWithStrangeLettersAreReadBack) {
  const TableName strange{"billing", "Ünï table/2"};
  lake_->ensure_table(strange, {bill_columns(), kPartitionBy});
  EXPECT_THAT(names(found(strange).heads), ElementsAre(current(strange)));
}

TEST_F(MetadataHeadsTest, AMovedLakeIsKnownByItsFormerRoot) {
  const auto table = find_tables(*store_, LakePaths("s3://bucket/lake")).tables.at(0);
  EXPECT_EQ(table.root, kRoot);
  EXPECT_EQ(table.heads[0].uri, catalog_->metadata_location(table.name));
}

}  // namespace
}  // namespace finops::lake
