#include <nlohmann/json.hpp>

#include "tests/support/lake_fixture.h"

namespace finops::lake {
namespace {

using nlohmann::json;

class IcebergLakeTest : public LakeTest {
 protected:
  std::string text_at(const std::string& uri) {
    return read_all(*store_, lake_->key_of(uri), 1 << 20);
  }
  json metadata(const TableName& table) {
    return json::parse(text_at(lake_->view(table).metadata_location));
  }
};

TEST_F(IcebergLakeTest, ATableBeginsEmptyWithItsColumnsAsGiven) {
  const auto view = lake_->view(kBills);
  EXPECT_EQ(view.location, "file:///lake/billing/aws_billing_data");
  EXPECT_FALSE(view.snapshot_id);
  EXPECT_TRUE(view.files.empty());
  ASSERT_EQ(view.schema.columns.size(), 7u);
  auto expected = bill_columns();
  for (std::size_t i = 0; i < 7; ++i) expected[i].field_id = static_cast<int>(i) + 1;
  expected[6].key_id = 8;
  expected[6].value_id = 9;
  EXPECT_EQ(view.schema.columns, expected);
  EXPECT_EQ(view.properties.at("write.metadata.metrics.column.execution_id"), "full");
  EXPECT_EQ(view.properties.at("write.metadata.previous-versions-max"), "20");
}

TEST_F(IcebergLakeTest, EnsuringATableAgainAddsWhatItLacksAndOverwritesNothing) {
  lake_->add_columns(kBills, {}, {{"owner", "somebody"}});
  const auto before = lake_->view(kBills);
  lake_->ensure_table(kBills, {bill_columns(), kPartitionBy, {{"owner", "finops"}}});
  EXPECT_EQ(lake_->view(kBills).metadata_location, before.metadata_location);
  auto columns = bill_columns();
  columns.push_back(tag("team", "user:team"));
  lake_->ensure_table(kBills, {columns, kPartitionBy, {{"owner", "finops"}, {"new", "1"}}});
  const auto after = lake_->view(kBills);
  EXPECT_EQ(after.schema.columns.size(), 8u);
  EXPECT_EQ(after.properties.at("owner"), "somebody");
  EXPECT_EQ(after.properties.at("new"), "1");
}

TEST_F(IcebergLakeTest, ATableIsPartitionedAsItWasMade) {
  for (const std::vector<std::string>& other :
       {std::vector<std::string>{}, {"source"}, {"billing_period", "source"}}) {
    EXPECT_EQ(kind_thrown_by([&] { lake_->ensure_table(kBills, {bill_columns(), other}); }),
              ErrorKind::kUnsupported);
  }
  EXPECT_EQ(lake_->view(kBills).partition_by, kPartitionBy);
  EXPECT_EQ(
      kind_thrown_by([&] { lake_->ensure_table({"billing", "new"}, {bill_columns(), {"no"}}); }),
      ErrorKind::kInternal);
}

TEST_F(IcebergLakeTest, ATableWithoutPartitionColumnsIsReplacedFileByFile) {
  const TableName events{"shop_bronze", "events"};
  lake_->ensure_table(events, {bill_columns(), {}});
  auto first = loader_.replacement(events, {}, "e1", 10);
  first.add.push_back(loader_.write(events, {}, "e2", 20));
  lake_->commit({first});
  EXPECT_TRUE(first.add[0].key.starts_with("shop_bronze/events/data/")) << first.add[0].key;
  EXPECT_EQ(contents(another_lake()->view(events)), (Lines{"e1 10", "e2 20"}));

  auto change = loader_.replacement(events, {}, "e3", 5);
  change.removes = [](const LakeFile& file) { return file.execution_id == "e1"; };
  lake_->commit({change});
  EXPECT_EQ(contents(another_lake()->view(events)), (Lines{"e2 20", "e3 5"}));
  EXPECT_EQ(lake_->snapshots(events).back().summary.at("total-records"), "25");

  change.planned_on.clear();  // of before
  EXPECT_EQ(kind_thrown_by([&] { lake_->commit({change}); }), ErrorKind::kConflict);
}

TEST_F(IcebergLakeTest, ATableMayBePartitionedByOneColumn) {
  const TableName daily{"shop_gold", "daily"};
  lake_->ensure_table(daily, {bill_columns(), {"billing_period"}});
  lake_->commit({loader_.replacement(daily, {"2026-04"}, "e1", 4),
                 loader_.replacement(daily, {"2026-05"}, "e1", 5)});
  lake_->commit({loader_.replacement(daily, {"2026-05"}, "e2", 6)});
  EXPECT_EQ(contents(another_lake()->view(daily)), (Lines{"2026-04 e1 4", "2026-05 e2 6"}));
  EXPECT_EQ(lake_->snapshots(daily).back().summary.at("total-records"), "10");
}

TEST_F(IcebergLakeTest, AChangeNamesAPartitionThatTheTableCanHave) {
  for (const PartitionKey& wrong : {PartitionKey{}, PartitionKey{"payer-a"}}) {
    PartitionChange change{.table = kBills, .partition = wrong};
    EXPECT_EQ(kind_thrown_by([&] { lake_->commit({change}); }), ErrorKind::kInternal);
  }
}

TEST_F(IcebergLakeTest, AReplacementChangesItsPartitionOnly) {
  loader_.load(a4_, "e1", 10);
  loader_.load(b4_, "e2", 7);
  loader_.load(a5_, "e3", 20);
  EXPECT_EQ(bills(),
            (Lines{"payer-a 2026-04 e1 10", "payer-a 2026-05 e3 20", "payer/b c= 2026-04 e2 7"}));
  const auto before = lake_->view(kBills);
  loader_.load(a4_, "e4", 11);
  EXPECT_EQ(bills(),
            (Lines{"payer-a 2026-04 e4 11", "payer-a 2026-05 e3 20", "payer/b c= 2026-04 e2 7"}));
  EXPECT_EQ(contents(lake_->view(kBills, before.snapshot_id)), contents(before));
}

TEST_F(IcebergLakeTest, AChangeMayKeepFilesOfItsPartition) {
  loader_.load(a4_, "e1", 10);
  loader_.load(a4_, "e2", 11);
  EXPECT_EQ(contents(lake_->view(kLedger)),
            (Lines{"payer-a 2026-04 e1 1", "payer-a 2026-04 e2 1"}));
  auto change = loader_.replacement(kLedger, a4_, "e3", 1);
  change.removes = [](const LakeFile& file) { return file.execution_id == "e1"; };
  lake_->commit({change});
  EXPECT_EQ(contents(lake_->view(kLedger)),
            (Lines{"payer-a 2026-04 e2 1", "payer-a 2026-04 e3 1"}));
}

TEST_F(IcebergLakeTest, TheSnapshotSummaryCountsWhatChangedAndWhatIsThere) {
  loader_.load(a4_, "e1", 10);
  loader_.load(a5_, "e2", 20);
  auto change = loader_.replacement(kBills, a4_, "e3", 12);
  change.summary = {{"finops.execution-id", "e3"}};
  const auto report = lake_->commit({change});
  const auto snapshot = lake_->snapshots(kBills).back();
  EXPECT_EQ(snapshot.id, report.snapshot_ids.at(kBills));
  EXPECT_EQ(snapshot.committed_ms, report.committed_ms);
  EXPECT_EQ(snapshot.operation, "overwrite");
  EXPECT_EQ(snapshot.summary, (std::map<std::string, std::string>{{"added-data-files", "1"},
                                                                  {"added-files-size", "4"},
                                                                  {"added-records", "12"},
                                                                  {"changed-partition-count", "1"},
                                                                  {"deleted-data-files", "1"},
                                                                  {"deleted-records", "10"},
                                                                  {"finops.execution-id", "e3"},
                                                                  {"removed-files-size", "4"},
                                                                  {"total-data-files", "2"},
                                                                  {"total-delete-files", "0"},
                                                                  {"total-equality-deletes", "0"},
                                                                  {"total-files-size", "8"},
                                                                  {"total-position-deletes", "0"},
                                                                  {"total-records", "32"}}));
}

TEST_F(IcebergLakeTest, TablesOfOneCommitChangeTogetherAtOneTime) {
  loader_.load(a4_, "e1", 10);
  lake_->add_columns(kLedger, {}, {{"a", "b"}});  // the ledger's time is ahead now
  const auto report = loader_.load(a4_, "e2", 11);
  for (const auto& table : {kBills, kLedger}) {
    EXPECT_EQ(lake_->snapshots(table).back().committed_ms, report.committed_ms);
    EXPECT_EQ(lake_->view(table).committed_ms, report.committed_ms);
    EXPECT_EQ(lake_->view(table).snapshot_id, report.snapshot_ids.at(table));
  }
}

TEST_F(IcebergLakeTest, TheCallerMayChooseTheSnapshotsId) {
  auto first = loader_.replacement(kBills, a4_, "e1", 10);
  auto second = loader_.replacement(kBills, a5_, "e1", 10);
  first.snapshot_id = new_snapshot_id();
  EXPECT_EQ(lake_->commit({first, second}).snapshot_ids.at(kBills), first.snapshot_id);
  EXPECT_EQ(lake_->view(kBills).snapshot_id, first.snapshot_id);
  auto third = loader_.replacement(kBills, b4_, "e1", 10);
  third.snapshot_id = first.snapshot_id;
  EXPECT_EQ(kind_thrown_by([&] { lake_->commit({third}); }), ErrorKind::kInternal);
}

TEST_F(IcebergLakeTest, APartitionChangesOnceInACommit) {
  const auto change = loader_.replacement(kBills, a4_, "e1", 10);
  EXPECT_EQ(kind_thrown_by([&] { lake_->commit({change, change}); }), ErrorKind::kInternal);
  EXPECT_TRUE(bills().empty());
}

TEST_F(IcebergLakeTest, TimeNeverRunsBackwards) {
  const auto first = loader_.load(a4_, "e1", 10);
  clock_.set(1000);
  const auto second = loader_.load(a4_, "e2", 10);
  EXPECT_EQ(second.committed_ms, first.committed_ms + 1);
}

TEST_F(IcebergLakeTest, ThePastIsSeenByCommitTime) {
  EXPECT_TRUE(lake_->view_as_of(kBills, 5).files.empty());
  clock_.set(2'000'000'000'000);
  loader_.load(a4_, "e1", 10);
  clock_.set(2'000'000'010'000);
  loader_.load(a4_, "e2", 11);
  EXPECT_FALSE(lake_->view_as_of(kBills, 1'999'999'999'999).snapshot_id);
  const auto old = lake_->view_as_of(kBills, 2'000'000'009'999);
  EXPECT_EQ(contents(old), Lines{"payer-a 2026-04 e1 10"});
  EXPECT_EQ(old.committed_ms, 2'000'000'000'000);
  EXPECT_EQ(contents(lake_->view_as_of(kBills, 2'000'000'010'000)), Lines{"payer-a 2026-04 e2 11"});
}

TEST_F(IcebergLakeTest, AsOfBeforeTheOldestSnapshotThatIsKeptIsNotFound) {
  for (int i = 0; i < 3; ++i) {
    clock_.set(2'000'000'000'000 + i);
    loader_.load(a4_, "e" + std::to_string(i), 10);
  }
  lake_->expire_snapshots(kBills, {3'000'000'000'000, 1}, false);
  EXPECT_EQ(kind_thrown_by([&] { lake_->view_as_of(kBills, 2'000'000'000'000); }),
            ErrorKind::kNotFound);
  EXPECT_EQ(contents(lake_->view_as_of(kBills, 2'000'000'000'002)).size(), 1u);
}

TEST_F(IcebergLakeTest, UnknownTablesAndSnapshotsAreNotFound) {
  EXPECT_FALSE(lake_->has_table({"billing", "other"}));
  EXPECT_EQ(kind_thrown_by([&] { lake_->view({"billing", "other"}); }), ErrorKind::kNotFound);
  const auto error = error_thrown_by([&] { lake_->view(kBills, 77); });
  EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  EXPECT_EQ(std::string(error.what()),
            "table billing.aws_billing_data: there is no snapshot 77 (any more: old ones expire)");
}

TEST_F(IcebergLakeTest, ColumnsAreKnownByTheirExactNameAndKeepTheirIds) {
  lake_->add_columns(kBills, {tag("team", "user:team"), tag("team_1", "user:Team")}, {{"p", "1"}});
  const auto again =
      lake_->add_columns(kBills, {tag("x", "user:Team"), tag("env", "user:env")}, {{"p", "2"}});
  const auto* env = again.schema.find("env");
  ASSERT_NE(env, nullptr);
  EXPECT_EQ(again.schema.find("x"), nullptr);
  EXPECT_EQ(again.schema.find("team")->field_id, 10);
  EXPECT_EQ(again.schema.find("team_1")->field_id, 11);
  EXPECT_EQ(env->field_id, 12);
  EXPECT_EQ(again.properties.at("p"), "2");
  EXPECT_EQ(lake_->view(kBills).metadata_location, again.metadata_location);
}

TEST_F(IcebergLakeTest, AColumnsNameIsNeverGivenTwice) {
  const auto error = error_thrown_by([&] { lake_->add_columns(kBills, {tag("COST", "x")}, {}); });
  EXPECT_EQ(error.kind(), ErrorKind::kAlreadyExists);
  EXPECT_NE(std::string(error.what()).find("'lineItem/UnblendedCost'"), std::string::npos);
}

TEST_F(IcebergLakeTest, AnAddedColumnIsOptionalBecauseExistingRowsHaveNoValue) {
  auto column = tag("team", "user:team");
  column.is_required = true;
  EXPECT_FALSE(lake_->add_columns(kBills, {column}, {}).schema.find("team")->is_required);
}

TEST_F(IcebergLakeTest, ColumnsThatAnotherWriterChangedAreTold) {
  lake_->add_columns(kBills, {tag("team", "user:team")}, {});
  EXPECT_FALSE(lake_->view(kBills).has_changed_columns);
  lake_->add_columns(kBills, {tag("env", "user:env")}, {});
  EXPECT_FALSE(lake_->view(kBills).has_changed_columns);
  const auto is_told = [&](const std::string& what, const std::string& value) {
    auto changed = metadata(kBills);
    auto& fields = changed["schemas"].back()["fields"];
    fields[fields.size() - 2][what] = value;
    const std::string uri = "file:///lake/billing/aws_billing_data/metadata/9-" + value + ".json";
    put_text(*store_, lake_->key_of(uri), changed.dump());
    catalog_->swap({{kBills, catalog_->metadata_location(kBills).value(), uri}});
    return lake_->view(kBills).has_changed_columns;
  };
  EXPECT_FALSE(is_told("doc", "user:other"));
  EXPECT_TRUE(is_told("name", "group"));
  EXPECT_FALSE(is_told("name", "team"));
  EXPECT_TRUE(is_told("type", "binary"));
}

TEST_F(IcebergLakeTest, ThereIsOneManifestPerBillingPeriod) {
  for (int round = 0; round < 3; ++round) {
    for (const auto& key : {a4_, a5_, b4_}) {
      loader_.load(key, "e" + std::to_string(round), 10 + round);
    }
  }
  const auto calls = store_->calls().size();
  loader_.load(a5_, "last", 1);
  int manifests = 0;
  const auto all = store_->calls();
  for (auto i = calls; i < all.size(); ++i) {
    manifests += all[i].starts_with("create billing/aws_billing_data/metadata/") &&
                 all[i].ends_with("-m0.avro");
  }
  EXPECT_EQ(manifests, 1);
  EXPECT_EQ(bills().size(), 3u);
}

TEST_F(IcebergLakeTest, AViewOfWhatWasSeenBeforeReadsNoFile) {
  loader_.load(a4_, "e1", 10);
  loader_.load(a5_, "e1", 10);
  lake_->view(kBills);
  const auto before = store_->calls();
  lake_->view(kBills);
  EXPECT_EQ(store_->calls(), before);
}

TEST_F(IcebergLakeTest, OldMetadataFilesAreRemoved) {
  for (int i = 0; i < 30; ++i) loader_.load(a4_, "e" + std::to_string(i), 10);
  int files = 0;
  for (const auto& object : store_->list("billing/aws_billing_data/metadata/")) {
    files += object.key.ends_with(".metadata.json");
  }
  EXPECT_EQ(files, 21);  // the current one and 20 before it
  EXPECT_EQ(metadata(kBills).at("metadata-log").size(), 20u);
}

TEST_F(IcebergLakeTest, MetadataThatAnotherWriterBrokeIsAClearError) {
  const auto at = [&](const std::string& text) {
    const std::string uri = "file:///lake/billing/x/metadata/00000-x.metadata.json";
    put_text(*store_, lake_->key_of(uri), text);
    auto fresh = another_lake();
    const TableName table{"billing", "x"};
    const auto old = catalog_->metadata_location(table).value_or("");
    catalog_->swap({{table, old, uri}});
    return error_thrown_by([&] { fresh->view(table); });
  };
  EXPECT_EQ(at("{").kind(), ErrorKind::kInvalidData);
  EXPECT_EQ(at("{}").kind(), ErrorKind::kInvalidData);
  auto good = metadata(kBills);
  auto v3 = good;
  v3["format-version"] = 3;
  EXPECT_EQ(at(v3.dump()).kind(), ErrorKind::kUnsupported);
  auto other_spec = good;
  other_spec["partition-specs"][0]["fields"][1]["transform"] = "bucket[4]";
  EXPECT_EQ(at(other_spec.dump()).kind(), ErrorKind::kUnsupported);
  auto no_snapshot = good;
  no_snapshot["current-snapshot-id"] = 5;
  EXPECT_EQ(at(no_snapshot.dump()).kind(), ErrorKind::kInvalidData);
  auto odd_snapshot = good;
  odd_snapshot["current-snapshot-id"] = 5;
  odd_snapshot["snapshots"] = json::array({{{"snapshot-id", 5}, {"manifest-list", 7}}});
  EXPECT_EQ(at(odd_snapshot.dump()).kind(), ErrorKind::kInvalidData);
}

TEST_F(IcebergLakeTest, ATableElsewhereIsRefusedByName) {
  catalog_->swap({{{"billing", "far"}, "", "s3://bucket/far/metadata/1.metadata.json"}});
  const auto error = error_thrown_by([&] { lake_->view({"billing", "far"}); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_NE(std::string(error.what()).find("lies outside of the lake 'file:///lake'"),
            std::string::npos);
}

TEST_F(IcebergLakeTest, AMissingMetadataFileSaysWhatItMeans) {
  loader_.load(a4_, "e1", 10);
  const auto uri = lake_->view(kBills).metadata_location;
  store_->remove(lake_->key_of(uri));
  const auto error = error_thrown_by([&] { another_lake()->view(kBills); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
  EXPECT_NE(std::string(error.what()).find("'" + uri + "' is missing"), std::string::npos);
}

}  // namespace
}  // namespace finops::lake
