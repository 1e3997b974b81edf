#include <nlohmann/json.hpp>
#include <set>

#include "finops/core/unique_ids.h"
#include "tests/support/hooked_catalog.h"
#include "tests/support/lake_fixture.h"

namespace finops::lake {
namespace {

using nlohmann::json;

constexpr std::int64_t kFarFuture = 9'000'000'000'000;

class ExpiryTest : public LakeTest {
 protected:
  void SetUp() override {
    LakeTest::SetUp();
    for (int i = 0; i < 5; ++i) {
      clock_.set(2'000'000'000'000 + std::int64_t{i} * 1000);
      Loader(*lake_).load(a4_, "a" + std::to_string(i), 10);
    }
    Loader(*lake_).load(a5_, "other", 7);
  }

  std::set<std::string> keys() {
    std::set<std::string> keys;
    for (const auto& object : store_->list("billing/aws_billing_data/")) keys.insert(object.key);
    return keys;
  }
  std::set<std::string> keys_of(const std::vector<std::string>& uris) {
    std::set<std::string> keys;
    for (const auto& uri : uris) keys.insert(lake_->key_of(uri));
    return keys;
  }
  /// Changes the table's metadata as another writer would.
  void edit(const std::function<void(json&)>& change) {
    const auto from = catalog_->metadata_location(kBills).value();
    auto metadata = json::parse(read_all(*store_, lake_->key_of(from), 1 << 20));
    change(metadata);
    const auto to = "file:///lake/billing/aws_billing_data/metadata/" + random_uuid() + ".json";
    put_text(*store_, lake_->key_of(to), metadata.dump());
    catalog_->swap({{kBills, from, to}});
  }
};

TEST_F(ExpiryTest, OldSnapshotsGoWithTheFilesThatOnlyTheyReach) {
  const auto before = keys();
  const auto ids = lake_->snapshots(kBills);
  const auto report = lake_->expire_snapshots(kBills, {kFarFuture, 2}, false);
  EXPECT_EQ(report.snapshots.size(), 4u);
  EXPECT_EQ(lake_->snapshots(kBills).size(), 2u);
  const auto after = keys();
  for (const auto& key : keys_of(report.files)) EXPECT_FALSE(after.contains(key)) << key;
  // 4 lists, 4 manifests of April that were rewritten, 4 data files that were replaced.
  EXPECT_EQ(report.files.size(), 12u);
  const auto reader = another_lake();
  EXPECT_EQ(contents(reader->view(kBills)),
            (Lines{"payer-a 2026-04 a4 10", "payer-a 2026-05 other 7"}));
  EXPECT_EQ(contents(reader->view(kBills, ids[4].id)), Lines{"payer-a 2026-04 a4 10"});
  EXPECT_EQ(kind_thrown_by([&] { reader->view(kBills, ids[3].id); }), ErrorKind::kNotFound);
  for (const auto& file : reader->view(kBills).files) {
    EXPECT_TRUE(after.contains(reader->key_of(file.uri)));
  }
  EXPECT_LT(after.size(), before.size());
}

TEST_F(ExpiryTest, ADryRunTellsTheSameAndRemovesNothing) {
  const auto before = keys();
  const auto planned = lake_->expire_snapshots(kBills, {kFarFuture, 2}, true);
  EXPECT_EQ(keys(), before);
  EXPECT_EQ(lake_->snapshots(kBills).size(), 6u);
  const auto done = lake_->expire_snapshots(kBills, {kFarFuture, 2}, false);
  EXPECT_EQ(planned.snapshots, done.snapshots);
  EXPECT_EQ(planned.files, done.files);
}

TEST_F(ExpiryTest, YoungSnapshotsStay) {
  EXPECT_EQ(lake_->expire_snapshots(kBills, {2'000'000'002'000, 1}, false).snapshots.size(), 2u);
  EXPECT_EQ(lake_->expire_snapshots(kBills, {2'000'000'002'000, 1}, false).snapshots.size(), 0u);
}

TEST_F(ExpiryTest, TheCurrentSnapshotAlwaysStays) {
  lake_->expire_snapshots(kBills, {kFarFuture, 0}, false);
  EXPECT_EQ(bills().size(), 2u);
}

TEST_F(ExpiryTest, TimeTravelStillReachesBackToTheWholeTimeThatIsKept) {
  // Nothing was committed at that moment: the snapshot before it was current.
  const std::int64_t moment = 2'000'000'002'500;
  const auto then = contents(lake_->view_as_of(kBills, moment));
  EXPECT_EQ(lake_->expire_snapshots(kBills, {moment, 1}, false).snapshots.size(), 2u);
  EXPECT_EQ(contents(another_lake()->view_as_of(kBills, moment)), then);
}

TEST_F(ExpiryTest, ASnapshotThatIsAskedForStaysWhateverItsAge) {
  const auto ids = lake_->snapshots(kBills);
  lake_->expire_snapshots(kBills, {kFarFuture, 1, {ids[1].id, 12345}}, false);
  const auto view = another_lake()->view(kBills, ids[1].id);
  EXPECT_EQ(contents(view), Lines{"payer-a 2026-04 a1 10"});
  EXPECT_TRUE(store_->stat(lake_->key_of(view.files[0].uri)));
  EXPECT_EQ(lake_->snapshots(kBills).size(), 2u);
}

TEST_F(ExpiryTest, OfTwoRunsAtOnceTheSecondFindsNothingLeft) {
  const auto hooked = std::make_shared<HookedCatalog>(catalog_);
  const auto slow = make_lake(store_, kRoot, hooked, clock_);
  ExpiryReport first;
  hooked->next_swap = [&](const HookedCatalog::SwapCall& swap) {
    first = lake_->expire_snapshots(kBills, {kFarFuture, 1}, false);
    return swap();
  };
  const auto second = slow->expire_snapshots(kBills, {kFarFuture, 1}, false);
  EXPECT_EQ(first.snapshots.size(), 5u);
  EXPECT_EQ(second.snapshots.size(), 0u);
  EXPECT_EQ(second.files.size(), 0u);
  for (const auto& file : another_lake()->view(kBills).files) {
    EXPECT_TRUE(store_->stat(lake_->key_of(file.uri)));
  }
}

TEST_F(ExpiryTest, ATaggedSnapshotStaysWhole) {
  const auto pinned = lake_->snapshots(kBills)[1].id;
  edit([&](json& metadata) {
    metadata["refs"]["receipt-1"] = {{"snapshot-id", pinned}, {"type", "tag"}};
  });
  lake_->expire_snapshots(kBills, {kFarFuture, 1}, false);
  const auto view = another_lake()->view(kBills, pinned);
  EXPECT_EQ(contents(view), Lines{"payer-a 2026-04 a1 10"});
  EXPECT_TRUE(store_->stat(lake_->key_of(view.files[0].uri)));
}

TEST_F(ExpiryTest, AFileThatCameBackIntoTheTableStays) {
  // Another writer may move `main` back: then a removed file is live again.
  const auto old = lake_->snapshots(kBills)[2].id;
  edit([&](json& metadata) {
    metadata["refs"]["main"]["snapshot-id"] = old;
    metadata["current-snapshot-id"] = old;
  });
  lake_->expire_snapshots(kBills, {kFarFuture, 1}, false);
  const auto view = another_lake()->view(kBills);
  EXPECT_EQ(contents(view), Lines{"payer-a 2026-04 a2 10"});
  EXPECT_TRUE(store_->stat(lake_->key_of(view.files[0].uri)));
}

TEST_F(ExpiryTest, AfterAnUnknownOutcomeNoFileIsRemoved) {
  const auto hooked = std::make_shared<HookedCatalog>(catalog_);
  const auto lake = make_lake(store_, kRoot, hooked, clock_);
  hooked->next_swap = [&](const HookedCatalog::SwapCall&) {
    hooked->is_unreachable = true;
    return Catalog::Outcome::kUnknown;
  };
  const auto before = keys();
  EXPECT_EQ(kind_thrown_by([&] { lake->expire_snapshots(kBills, {kFarFuture, 1}, false); }),
            ErrorKind::kUnknownOutcome);
  for (const auto& key : before) EXPECT_TRUE(keys().contains(key)) << key;
}

TEST_F(ExpiryTest, FilesOutsideOfTheLakeAreNotOurs) {
  edit([&](json& metadata) {
    metadata["statistics"] = json::array({{{"snapshot-id", lake_->snapshots(kBills)[0].id},
                                           {"statistics-path", "s3://elsewhere/x.puffin"}}});
  });
  const auto report = lake_->expire_snapshots(kBills, {kFarFuture, 1}, false);
  EXPECT_EQ(std::ranges::count(report.files, "s3://elsewhere/x.puffin"), 0);
}

}  // namespace
}  // namespace finops::lake
