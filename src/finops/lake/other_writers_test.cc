#include <nlohmann/json.hpp>

#include "finops/core/unique_ids.h"
#include "finops/lake/avro.h"
#include "finops/lake/committer.h"
#include "finops/lake/file_metrics.h"
#include "tests/support/lake_fixture.h"

namespace finops::lake {
namespace {

using nlohmann::json;

/// A manifest as a writer may write it that is not ours: partition values are required, unions have
/// null last, numbers are ints, and there is a field that we do not know.
const char* const kForeignSchema = R"({"type": "record", "name": "manifest_entry", "fields": [
  {"name": "status", "type": "int", "field-id": 0},
  {"name": "data_file", "field-id": 2, "type": {"type": "record", "name": "r2", "fields": [
    {"name": "file_path", "type": "string", "field-id": 100},
    {"name": "content", "type": "int", "field-id": 134},
    {"name": "file_format", "type": "string", "field-id": 101},
    {"name": "future", "type": ["null", {"type": "array", "items": "string"}], "field-id": 9999},
    {"name": "partition", "field-id": 102, "type": {"type": "record", "name": "r102", "fields": [
      {"name": "source", "type": "string", "field-id": 1000},
      {"name": "billing_period", "type": "string", "field-id": 1001}]}},
    {"name": "record_count", "type": "int", "field-id": 103},
    {"name": "file_size_in_bytes", "type": "long", "field-id": 104},
    {"name": "upper_bounds", "field-id": 128, "type": [{"type": "array", "logicalType": "map",
      "items": {"type": "record", "name": "k129_v130", "fields": [
        {"name": "key", "type": "int", "field-id": 129},
        {"name": "value", "type": "bytes", "field-id": 130}]}}, "null"]},
    {"name": "lower_bounds", "field-id": 125, "type": ["null", {"type": "array",
      "logicalType": "map", "items": {"type": "record", "name": "k126_v127", "fields": [
        {"name": "key", "type": "int", "field-id": 126},
        {"name": "value", "type": "bytes", "field-id": 127}]}}]},
    {"name": "sort_order_id", "type": "int", "field-id": 140}]}}]})";

avro::Value bounds(int id, const std::string& value) {
  return std::vector<avro::Value>{avro::Value(avro::Record{std::int64_t{id}, value})};
}

class OtherWritersTest : public LakeTest {
 protected:
  OtherWritersTest() : committer_(files_, *catalog_, clock_) {}

  static std::string foreign_manifest(const std::string& path, int content, const PartitionKey& key,
                                      int execution_id_field, const std::string& execution_id) {
    const auto schema = avro::parse_schema_text(kForeignSchema);
    avro::Encoder row;
    row.write(
        *schema,
        avro::Record{std::int64_t{1},
                     avro::Record{path, std::int64_t{content}, std::string("PARQUET"),
                                  std::vector<avro::Value>{std::string("x")},
                                  avro::Record{key.values[0], key.values[1]}, std::int64_t{3},
                                  std::int64_t{4}, bounds(execution_id_field, execution_id),
                                  bounds(execution_id_field, execution_id), std::int64_t{7}}});
    return avro::write_container(kForeignSchema, {{"format-version", "2"}}, {row.out()},
                                 avro::Codec::kNull);
  }

  /// Appends a file as another writer would: in a manifest of its own.
  void append(const std::string& path, int content, const PartitionKey& key,
              const std::string& execution_id, int spec_id = 0) {
    committer_.commit(
        {{kBills, [&](TableMetadata& next, CommitAttempt& attempt, std::int64_t time) {
            const auto* parent = next.current_snapshot();
            ManifestList manifests;
            if (parent != nullptr) manifests = *files_.manifests(*parent);
            Json snapshot = {{"snapshot-id", new_snapshot_id()},
                             {"sequence-number", next.last_sequence_number() + 1},
                             {"timestamp-ms", time},
                             {"summary", {{"operation", "append"}}},
                             {"schema-id", 0}};
            if (parent != nullptr) snapshot["parent-snapshot-id"] = parent->at("snapshot-id");
            ManifestFile manifest{.path = {}, .spec_id = spec_id, .content = content == 0 ? 0 : 1};
            manifest.sequence_number = next.last_sequence_number() + 1;
            manifest.added_snapshot_id = snapshot.at("snapshot-id");
            manifest.added_files = 1;
            manifest.added_rows = 3;
            manifest.partitions = {{.contains_null = false,
                                    .contains_nan = {},
                                    .lower = key.values[0],
                                    .upper = key.values[0]},
                                   {.contains_null = false,
                                    .contains_nan = {},
                                    .lower = key.values[1],
                                    .upper = key.values[1]}};
            manifest.path = attempt.write(
                next, attempt.next_name() + ".avro",
                foreign_manifest(path, content, key, next.field_id("execution_id"), execution_id));
            manifests.push_back(manifest);
            snapshot["manifest-list"] = attempt.write(next, attempt.next_name() + "-list.avro",
                                                      write_manifest_list(snapshot, manifests));
            next.add_snapshot(snapshot);
            return true;
          }}});
  }

  ManifestList manifests() {
    const auto version = committer_.load(kBills);
    return *files_.manifests(*version.metadata->current_snapshot());
  }

  LakePaths paths_{kRoot};
  TableFiles files_{*store_, paths_};
  Committer committer_;
};

TEST_F(OtherWritersTest, WhatTheyAppendIsRead) {
  append("/lake/x.parquet", 0, a4_, "theirs");
  const auto view = lake_->view(kBills);
  EXPECT_EQ(contents(view), Lines{"payer-a 2026-04 theirs 3"});
  EXPECT_EQ(view.files[0].uri, "/lake/x.parquet");
  EXPECT_EQ(lake_->key_of(view.files[0].uri), "x.parquet");
  EXPECT_FALSE(view.has_row_deletes);
}

TEST_F(OtherWritersTest, TheirManifestsOfOtherPeriodsAreCarriedOverAsTheyAre) {
  append("/lake/x.parquet", 0, a5_, "theirs");
  const auto before = manifests();
  loader_.load(a4_, "ours", 10);
  const auto after = manifests();
  ASSERT_EQ(after.size(), 2u);
  EXPECT_EQ(after[0].path, before[0].path);
  EXPECT_EQ(after[0].partitions[0].contains_nan, std::nullopt);  // lossless
}

TEST_F(OtherWritersTest, TheirFilesOfOurPeriodMoveIntoItsManifestWithTheirMetrics) {
  append("/lake/x.parquet", 0, b4_, "theirs");
  const auto before = files_.entries(manifests().at(0))->at(0);
  loader_.load(a4_, "ours", 10);
  ASSERT_EQ(manifests().size(), 1u);
  const auto entries = *files_.entries(manifests().at(0));
  ASSERT_EQ(entries.size(), 2u);
  const auto& moved = entries[0];
  EXPECT_EQ(moved.status, Status::kExisting);
  EXPECT_EQ(moved.file.path, "/lake/x.parquet");
  EXPECT_EQ(moved.snapshot_id, before.snapshot_id);
  EXPECT_EQ(moved.sequence_number, 1);
  EXPECT_EQ(moved.file_sequence_number, 1);
  EXPECT_EQ(moved.file.metrics, before.file.metrics);
  EXPECT_EQ(lower_bound_of(moved.file.metrics, 3), "theirs");
  EXPECT_EQ(upper_bound_of(moved.file.metrics, 3), "theirs");
  EXPECT_EQ(bills(), (Lines{"payer-a 2026-04 ours 10", "payer/b c= 2026-04 theirs 3"}));
}

TEST_F(OtherWritersTest, AReplacementReplacesTheirFilesToo) {
  loader_.load(a4_, "e1", 10);
  append("/lake/x.parquet", 0, a4_, "theirs");
  loader_.load(a4_, "e2", 11);
  EXPECT_EQ(bills(), Lines{"payer-a 2026-04 e2 11"});
  EXPECT_EQ(lake_->snapshots(kBills).back().summary.at("deleted-data-files"), "2");
}

TEST_F(OtherWritersTest, WhatTheyAppendMeanwhileIsAConflict) {
  const auto change = loader_.replacement(kBills, a4_, "e1", 10);
  append("/lake/x.parquet", 0, a4_, "theirs");
  EXPECT_EQ(kind_thrown_by([&] { lake_->commit({change}); }), ErrorKind::kConflict);
}

TEST_F(OtherWritersTest, RowDeletesAreToldAndEndWithThePartitionsFiles) {
  loader_.load(a4_, "e1", 10);
  append("/lake/deletes.parquet", 1, a4_, "theirs");
  const auto view = lake_->view(kBills);
  EXPECT_TRUE(view.has_row_deletes);
  EXPECT_EQ(contents(view), Lines{"payer-a 2026-04 e1 10"});
  loader_.load(a5_, "other", 1);
  EXPECT_TRUE(lake_->view(kBills).has_row_deletes);
  loader_.load(a4_, "e2", 11);
  EXPECT_FALSE(lake_->view(kBills).has_row_deletes);
  const auto summary = lake_->snapshots(kBills).back().summary;
  EXPECT_EQ(summary.at("removed-delete-files"), "1");
  EXPECT_EQ(summary.at("total-delete-files"), "0");
}

TEST_F(OtherWritersTest, RowDeletesStayWhileAFileOfTheirPartitionStays) {
  loader_.load(a4_, "e1", 10);
  append("/lake/deletes.parquet", 1, a4_, "theirs");
  auto change = loader_.replacement(kBills, a4_, "e2", 1);
  change.removes = [](const LakeFile&) { return false; };
  lake_->commit({change});
  EXPECT_TRUE(lake_->view(kBills).has_row_deletes);
  EXPECT_EQ(bills().size(), 2u);
}

TEST_F(OtherWritersTest, FilesOfAnotherPartitionSpecAreRefused) {
  append("/lake/x.parquet", 0, a4_, "theirs", 1);
  EXPECT_EQ(kind_thrown_by([&] { lake_->view(kBills); }), ErrorKind::kUnsupported);
}

TEST_F(OtherWritersTest, ColumnsOfTypesThatWeLackAreTold) {
  const auto version = committer_.load(kBills);
  auto text = json::parse(version.metadata->dump());
  text["schemas"][0]["fields"].push_back(
      {{"id", 10}, {"name", "ratio"}, {"required", false}, {"type", "double"}});
  text["schemas"][0]["fields"].push_back({{"id", 11},
                                          {"name", "list"},
                                          {"required", false},
                                          {"type",
                                           {{"type", "list"},
                                            {"element-id", 12},
                                            {"element", "string"},
                                            {"element-required", false}}}});
  text["last-column-id"] = 12;
  const std::string to = "file:///lake/billing/aws_billing_data/metadata/x.metadata.json";
  put_text(*store_, lake_->key_of(to), text.dump());
  catalog_->swap({{kBills, version.location, to}});
  const auto view = lake_->view(kBills);
  EXPECT_EQ(view.schema.columns.size(), 7u);
  ASSERT_EQ(view.unknown_columns.size(), 2u);
  EXPECT_EQ(view.unknown_columns[0], "ratio double");
  EXPECT_EQ(kind_thrown_by([&] { lake_->add_columns(kBills, {tag("ratio", "user:r")}, {}); }),
            ErrorKind::kAlreadyExists);
  EXPECT_EQ(lake_->add_columns(kBills, {tag("team", "user:t")}, {}).schema.find("team")->field_id,
            13);
}

TEST_F(OtherWritersTest, DamagedManifestsAreInvalidNeverWorse) {
  const auto good = foreign_manifest("/lake/x.parquet", 0, a4_, 3, "theirs");
  const ManifestFile manifest{.path = "m"};
  for (std::size_t size = 0; size < good.size(); size += 7) {
    try {
      EXPECT_TRUE(read_manifest(good.substr(0, size), manifest).empty());
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
    }
  }
}

}  // namespace
}  // namespace finops::lake
