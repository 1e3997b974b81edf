#include "finops/lake/lake_check.h"

#include <gmock/gmock.h>

#include "tests/support/hooked_catalog.h"
#include "tests/support/lake_fixture.h"

namespace finops::lake {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Duration kWeek = std::chrono::days(7);

/// Things happen around its answers.
class BusyCatalog : public Catalog {
 public:
  explicit BusyCatalog(std::shared_ptr<Catalog> catalog) : catalog_(std::move(catalog)) {}

  std::vector<TableName> tables() override { return catalog_->tables(); }
  std::optional<std::string> metadata_location(const TableName& table) override {
    if (const auto happens = std::exchange(before_next_answer, nullptr)) happens();
    auto answer = catalog_->metadata_location(table);
    if (const auto happens = std::exchange(after_next_answer, nullptr)) happens();
    return answer;
  }
  Outcome swap(const std::vector<Swap>& swaps) override { return catalog_->swap(swaps); }

  std::function<void()> before_next_answer, after_next_answer;

 private:
  const std::shared_ptr<Catalog> catalog_;
};

class LakeCheckTest : public LakeTest {
 protected:
  void SetUp() override {
    LakeTest::SetUp();
    loader_.load(a4_, "a1", 10);
    loader_.load(a4_, "a2", 11);
    loader_.load(a5_, "a3", 12);
  }

  LakeCheck check() { return check_lake(*store_, paths_, *catalog_); }
  std::vector<OrphanFile> remove(const LakeCheck& check, Duration older_than = kWeek) {
    return remove_orphans(*store_, paths_, *catalog_, clock_, check, older_than);
  }
  /// "file: finding" of each problem.
  static Lines texts(const LakeCheck& check) {
    Lines out;
    for (const auto& problem : check.problems) out.push_back(problem.file + ": " + problem.finding);
    return out;
  }
  static Lines keys(const std::vector<OrphanFile>& orphans) {
    Lines out;
    for (const auto& orphan : orphans) out.push_back(orphan.key);
    return out;
  }
  std::string file_of(std::int64_t snapshot_id, const PartitionKey& partition) {
    for (const auto& file : lake_->view(kBills, snapshot_id).files) {
      if (file.partition == partition) return file.uri;
    }
    return {};
  }
  void pass(Duration time) { clock_.set((clock_.now() + time).time_since_epoch().count()); }

  const LakePaths paths_{kRoot};
};

TEST_F(LakeCheckTest, AWholeLakeHasNeitherProblemsNorOrphans) {
  const auto found = check();
  EXPECT_THAT(texts(found), IsEmpty());
  EXPECT_THAT(keys(found.orphans), IsEmpty());
  ASSERT_EQ(found.tables.size(), 2u);
  EXPECT_EQ(found.tables[0].name, kBills);
  EXPECT_EQ(found.tables[0].snapshots, 3u);
  // 1 metadata file, 3 lists, 3 manifests, 3 data files.
  EXPECT_EQ(found.tables[0].files, 10u);
}

TEST_F(LakeCheckTest, ListsOnceAndAsksForNoSingleFile) {
  const auto before = store_->calls().size();
  check();
  int lists = 0;
  const auto calls = store_->calls();
  for (std::size_t i = before; i < calls.size(); ++i) {
    EXPECT_FALSE(calls[i].starts_with("stat")) << calls[i];
    lists += calls[i].starts_with("list") ? 1 : 0;
  }
  EXPECT_EQ(lists, 1);
}

TEST_F(LakeCheckTest, AMissingFileIsFoundInEverySnapshotThatIsKept) {
  const auto old = file_of(lake_->snapshots(kBills)[0].id, a4_);
  const auto current = lake_->view(kBills).files[0].uri;
  store_->remove(paths_.key_of(old));
  EXPECT_THAT(texts(check()),
              ElementsAre(old + ": the data file is missing: restore it from a backup"));
  store_->remove(paths_.key_of(current));
  EXPECT_EQ(check().problems.size(), 2u);
}

TEST_F(LakeCheckTest, AFileOfAnotherSizeIsAProblem) {
  const auto uri = lake_->view(kBills).files[0].uri;
  put_text(*store_, paths_.key_of(uri), "longer than it was");
  EXPECT_THAT(texts(check()), ElementsAre(HasSubstr("has 18 bytes, and should have 4")));
}

TEST_F(LakeCheckTest, AMissingOrDamagedManifestIsTold) {
  for (const auto& object : store_->list("billing/aws_billing_data/metadata/")) {
    if (!object.key.ends_with(".avro")) continue;
    const auto content = read_all(*store_, object.key, 1 << 20);
    store_->remove(object.key);
    EXPECT_THAT(texts(check()), ElementsAre(HasSubstr("is missing"))) << object.key;
    put_text(*store_, object.key, std::string(content.size(), 'x'));
    EXPECT_THAT(texts(check()), ElementsAre(HasSubstr("not an object container file")));
    put_text(*store_, object.key, content);
  }
  EXPECT_THAT(texts(check()), IsEmpty());
}

TEST_F(LakeCheckTest, NoOrphanIsRemovedWhileTheLakeHasProblems) {
  put_text(*store_, "billing/aws_billing_data/data/orphan.parquet", "x");
  store_->remove(paths_.key_of(lake_->view(kBills).files[0].uri));
  pass(2 * kWeek);
  const auto found = check();
  EXPECT_EQ(kind_thrown_by([&] { remove(found); }), ErrorKind::kConflict);
  EXPECT_TRUE(store_->stat("billing/aws_billing_data/data/orphan.parquet"));
}

TEST_F(LakeCheckTest, OldOrphansInFoldersOfTablesAreRemovedAndNothingElse) {
  const std::string data = "billing/aws_billing_data/data/orphan.parquet",
                    list = "billing/deliveries/metadata/snap-1.avro",
                    elsewhere = "billing/unknown/data/a.parquet",
                    beside = "billing/aws_billing_data/notes.txt", top = "readme",
                    young = "billing/aws_billing_data/data/young.parquet";
  for (const auto& key : {data, list, elsewhere, beside, top}) put_text(*store_, key, "orphan");
  const auto before = store_->list("").size();
  pass(2 * kWeek);
  put_text(*store_, young, "orphan");
  const auto found = check();
  EXPECT_THAT(keys(found.orphans), ElementsAre(data, young, beside, list, elsewhere, top));
  EXPECT_EQ(found.orphans[0].bytes, 6u);
  EXPECT_THAT(keys(remove(found)), ElementsAre(data, list));
  EXPECT_EQ(store_->list("").size(), before + 1 - 2);
  EXPECT_THAT(texts(check()), IsEmpty());
}

TEST_F(LakeCheckTest, AnOrphanOfTheLastHourIsNeverRemoved) {
  EXPECT_EQ(kind_thrown_by([&] { remove(check(), std::chrono::minutes(59)); }), ErrorKind::kUsage);
}

TEST_F(LakeCheckTest, WhatWasCommittedAfterTheCheckIsNoOrphanAnyMore) {
  auto change = loader_.replacement(kBills, b4_, "late", 3);
  pass(2 * kWeek);
  const auto found = check();
  ASSERT_EQ(found.orphans.size(), 1u);
  lake_->commit({change});
  EXPECT_THAT(remove(found), IsEmpty());
  EXPECT_THAT(texts(check()), IsEmpty());
}

TEST_F(LakeCheckTest, WhatIsCommittedOrExpiredWhileItLooksIsNoProblem) {
  BusyCatalog busy(catalog_);
  const auto load_and_expire = [&] {
    loader_.load(a4_, new_snapshot_id() % 2 == 0 ? "even" : "odd", 5);
    lake_->expire_snapshots(kBills, {9'000'000'000'000, 1}, false);
  };
  busy.before_next_answer = load_and_expire;  // after the listing
  EXPECT_THAT(texts(check_lake(*store_, paths_, busy)), IsEmpty());
  busy.after_next_answer = load_and_expire;  // before the files that it needs are looked at
  EXPECT_THAT(texts(check_lake(*store_, paths_, busy)), IsEmpty());
}

TEST_F(LakeCheckTest, WhatAKilledCommitLeavesIsAnOrphan) {
  const auto hooked = std::make_shared<HookedCatalog>(catalog_);
  const auto lake = make_lake(store_, kRoot, hooked, clock_);
  const auto before = store_->list("").size();
  hooked->next_swap = [&](const HookedCatalog::SwapCall&) {
    hooked->is_unreachable = true;  // nothing is known of the outcome: nothing is removed
    return Catalog::Outcome::kUnknown;
  };
  EXPECT_EQ(kind_thrown_by([&] { Loader(*lake).load(a4_, "killed", 5); }),
            ErrorKind::kUnknownOutcome);
  const auto found = check();
  EXPECT_THAT(texts(found), IsEmpty());
  // Of each table: data file, manifest, list, metadata.
  EXPECT_EQ(found.orphans.size(), 8u);
  pass(2 * kWeek);
  EXPECT_EQ(remove(found).size(), 8u);
  EXPECT_EQ(store_->list("").size(), before);
  EXPECT_EQ(bills(), (Lines{"payer-a 2026-04 a2 11", "payer-a 2026-05 a3 12"}));
}

TEST_F(LakeCheckTest, AnOldCatalogIsAProblem) {
  const auto old = std::make_shared<MemoryCatalog>();
  for (const auto& table : catalog_->tables()) {
    old->swap({{table, "", catalog_->metadata_location(table).value()}});
  }
  loader_.load(a4_, "a4", 10);
  EXPECT_THAT(texts(check_lake(*store_, paths_, *old)), IsEmpty());  // may be a killed commit's
  loader_.load(a4_, "a5", 10);
  const auto found = check_lake(*store_, paths_, *old);
  EXPECT_EQ(found.problems.size(), 2u);
  EXPECT_THAT(texts(found)[0], HasSubstr("the catalog is an old one"));
}

TEST_F(LakeCheckTest, WhatAFirstRunLeavesThatWasKilledBeforeItsFirstSwapIsNoProblem) {
  MemoryStore store;
  MemoryCatalog empty;
  EXPECT_THAT(texts(check_lake(store, paths_, empty)), IsEmpty());
  put_text(store, "billing/aws_billing_data/metadata/00000-0a.metadata.json", "{}");
  const auto found = check_lake(store, paths_, empty);
  EXPECT_THAT(texts(found), IsEmpty());
  EXPECT_EQ(found.orphans.size(), 1u);
  EXPECT_FALSE(found.orphans.front().is_removable);
  put_text(store, "billing/aws_billing_data/metadata/00001-0a.metadata.json", "{}");
  EXPECT_EQ(check_lake(store, paths_, empty).problems.size(), 1u);
}

TEST_F(LakeCheckTest, AnEmptyCatalogBesideAFullLakeIsAProblemAndOwnsNothing) {
  MemoryCatalog empty;
  const auto found = check_lake(*store_, paths_, empty);
  EXPECT_THAT(texts(found), ElementsAre(HasSubstr("the catalog has no tables")));
  EXPECT_THAT(keys(found.orphans), IsEmpty());
}

}  // namespace
}  // namespace finops::lake
