#include "finops/sources/aws_cur/aws_cur_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "finops/stores/memory/memory_store.h"
#include "tests/support/golden_files.h"

namespace finops {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

/// A bucket and an export in it.
struct AwsCurSourceTest : testing::Test {
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
  AwsCurOptions options{.prefix = "cur", .export_name = "payer-a", .cur_version = {}, .bucket = ""};

  void put(const std::string& key, const std::string& content = "x") {
    put_text(*store, key, content);
  }
  void put_golden(const std::string& key, const std::string& name) {
    put(key, golden_text("manifests/" + name));
  }
  FoundManifests discover(const PeriodRange& range = {}) {
    return make_aws_cur_source(store, options)->discover(range);
  }
  void use_export(const std::string& prefix, const std::string& name) {
    options.prefix = prefix;
    options.export_name = name;
  }
};

const std::string kV1 = "cur/payer-a/20250901-20251001/";
const std::string kV2 = "exports/cur2/metadata/BILLING_PERIOD=2025-09/";

TEST_F(AwsCurSourceTest, TellsWhenTheNewestManifestWasWrittenAlsoOfOneThatIsBroken) {
  struct SteppingClock : Clock {
    TimePoint now() const override { return time; }
    bool sleep_for(Duration, std::stop_token) override { return true; }
    TimePoint time{std::chrono::hours(1)};
  } clock;
  store = std::make_shared<MemoryStore>(clock);
  put("cur/payer-a/other");
  EXPECT_EQ(discover().newest_manifest, std::nullopt);
  put_golden(kV1 + "payer-a-Manifest.json", "v1_create_new.json");
  clock.time += std::chrono::hours(1);
  put("cur/payer-a/20250801-20250901/payer-a-Manifest.json", "{");
  clock.time += std::chrono::hours(1);
  put(kV1 + "a-file-that-is-no-manifest");
  EXPECT_EQ(discover().newest_manifest, TimePoint(std::chrono::hours(2)));
  EXPECT_EQ(discover({BillingPeriod(2025, 9), {}}).newest_manifest,
            TimePoint(std::chrono::hours(1)));
}

TEST_F(AwsCurSourceTest, FindsACreateNewReportByItsPointerOnly) {
  const std::string id = "5b2f6a1e-6b1f-4f59-9a3b-0c7f2f0d9c11";
  put_golden(kV1 + "payer-a-Manifest.json", "v1_create_new.json");
  put(kV1 + "0aaaaaaa-old/payer-a-Manifest.json", "{");
  put(kV1 + id + "/payer-a-RedshiftManifest.json", "{");
  put(kV1 + "payer-a-QuickSightManifest.json", "{");
  put(kV1 + id + "/payer-a-00001.csv.gz");
  const FoundManifests found = discover();
  EXPECT_THAT(found.failures, IsEmpty());
  EXPECT_THAT(found.notes, IsEmpty());
  ASSERT_THAT(found.deliveries, SizeIs(1));
  const Delivery& delivery = found.deliveries[0];
  EXPECT_EQ(delivery.period, BillingPeriod(2025, 9));
  EXPECT_EQ(delivery.version, id);
  EXPECT_EQ(delivery.layout, "v1");
  EXPECT_EQ(delivery.manifest_key, kV1 + "payer-a-Manifest.json");
  EXPECT_EQ(delivery.manifest_etag, store->stat(delivery.manifest_key)->etag);
  EXPECT_EQ(delivery.account, "012345678901");
  EXPECT_THAT(delivery.files, SizeIs(2));
  EXPECT_FALSE(delivery.files_were_listed);
}

TEST_F(AwsCurSourceTest, ListsNoFoldersOfData) {
  put_golden(kV1 + "payer-a-Manifest.json", "v1_overwrite.json");
  use_export("exports", "cur2");
  put_golden(kV2 + "cur2-Manifest.json", "v2_uris.json");
  discover();
  use_export("cur", "payer-a");
  discover();
  for (const std::string& call : store->calls()) {
    EXPECT_THAT(call, Not(StartsWith("list "))) << "everything below";
    EXPECT_THAT(call, Not(HasSubstr("list_level " + kV1)));
    EXPECT_THAT(call, Not(HasSubstr("/data/")));
  }
}

TEST_F(AwsCurSourceTest, FindsADataExport) {
  use_export("/exports/", "cur2");
  put_golden(kV2 + "cur2-Manifest.json", "v2_uris.json");
  put(kV2 + "2025-09-14T12:00:00.000Z-old/cur2-Manifest.json", "{");
  put("exports/cur2/metadata/date=2025-09-01/cur2-Manifest.json", "{");
  const FoundManifests found = discover();
  EXPECT_THAT(found.failures, IsEmpty());
  ASSERT_THAT(found.deliveries, SizeIs(1));
  EXPECT_EQ(found.deliveries[0].layout, "v2");
  EXPECT_EQ(found.deliveries[0].version, "0f4c1d7e-9a11-4c39-8a73-1f2e3d4c5b6a");
  EXPECT_EQ(found.deliveries[0].period, BillingPeriod(2025, 9));
}

TEST_F(AwsCurSourceTest, WorksWithoutAPrefix) {
  use_export("", "payer-a");
  put("payer-a/20250901-20251001/payer-a-Manifest.json", R"({"assemblyId":"a","reportKeys":[]})");
  EXPECT_THAT(discover().deliveries, SizeIs(1));
}

TEST_F(AwsCurSourceTest, GivesPeriodsInOrderAndOnlyThoseAskedFor) {
  for (const char* range : {"20251101-20251201", "20250901-20251001", "20251001-20251101"}) {
    put("cur/payer-a/" + std::string(range) + "/payer-a-Manifest.json",
        R"({"assemblyId":"a","reportKeys":[]})");
  }
  put("cur/payer-a/20250801-20250901/payer-a-Manifest.json", "{");
  const BillingPeriod september(2025, 9), october(2025, 10);
  const FoundManifests found = discover({september, october});
  ASSERT_THAT(found.deliveries, SizeIs(2));
  EXPECT_EQ(found.deliveries[0].period, september);
  EXPECT_EQ(found.deliveries[1].period, october);
  EXPECT_THAT(found.failures, IsEmpty()) << "August is not read";
  EXPECT_THAT(discover().deliveries, SizeIs(3));
}

TEST_F(AwsCurSourceTest, AnEmptyRangeOfPeriodsIsNotAMissingExport) {
  put_golden(kV1 + "payer-a-Manifest.json", "v1_overwrite.json");
  const FoundManifests found = discover({BillingPeriod(2024, 1), BillingPeriod(2024, 2)});
  EXPECT_THAT(found.deliveries, IsEmpty());
  EXPECT_THAT(found.failures, IsEmpty());
}

TEST_F(AwsCurSourceTest, ABrokenManifestStopsItsOwnPeriodOnly) {
  put_golden(kV1 + "payer-a-Manifest.json", "v1_overwrite.json");
  put_golden("cur/payer-a/20251001-20251101/payer-a-Manifest.json", "broken_truncated.json");
  put_golden("cur/payer-a/20251101-20251201/payer-a-Manifest.json", "v1_parquet.json");
  const FoundManifests found = discover();
  EXPECT_THAT(found.deliveries, SizeIs(1));
  ASSERT_THAT(found.failures, SizeIs(2));
  EXPECT_EQ(found.failures[0].period, BillingPeriod(2025, 10));
  EXPECT_EQ(found.failures[0].kind, ErrorKind::kInvalidData);
  EXPECT_EQ(found.failures[0].manifest_key, "cur/payer-a/20251001-20251101/payer-a-Manifest.json");
  EXPECT_THAT(found.failures[0].message, HasSubstr("20251001-20251101/payer-a-Manifest.json"));
  EXPECT_EQ(found.failures[1].period, BillingPeriod(2025, 11));
}

TEST_F(AwsCurSourceTest, RefusesAPeriodWithTwoManifests) {
  put_golden(kV1 + "payer-a-Manifest.json", "v1_overwrite.json");
  put("cur/payer-a/metadata/BILLING_PERIOD=2025-09/payer-a-Manifest.json", R"({"dataFiles":[]})");
  put("cur/payer-a/metadata/BILLING_PERIOD=2025-10/payer-a-Manifest.json", R"({"dataFiles":[]})");
  put("cur/payer-a/20251101-20251201/payer-a-Manifest.json", R"({"reportKeys":[]})");
  put("cur/payer-a/20251115-20251201/payer-a-Manifest.json", R"({"reportKeys":[]})");
  const FoundManifests found = discover();
  ASSERT_THAT(found.deliveries, SizeIs(1));
  EXPECT_EQ(found.deliveries[0].period, BillingPeriod(2025, 10));
  ASSERT_THAT(found.failures, SizeIs(2));
  EXPECT_THAT(found.failures[0].message, HasSubstr(kV1 + "payer-a-Manifest.json"));
  EXPECT_THAT(found.failures[0].message, HasSubstr("metadata/BILLING_PERIOD=2025-09"));
  EXPECT_THAT(found.failures[0].message, HasSubstr("cur_version"));
  EXPECT_EQ(found.failures[1].period, BillingPeriod(2025, 11));

  options.cur_version = CurLayout::kV2;
  EXPECT_THAT(discover().deliveries, SizeIs(2));
  EXPECT_THAT(discover().failures, IsEmpty());
}

TEST_F(AwsCurSourceTest, NamesADeliveryWithoutIdByItsContent) {
  const std::string key = kV1 + "payer-a-Manifest.json";
  put(key, R"({"reportKeys":["cur/a.csv.gz"]})");
  const std::string first = discover().deliveries.at(0).version;
  EXPECT_THAT(first, testing::MatchesRegex("m-[0-9a-f]{16}"));
  EXPECT_EQ(discover().deliveries.at(0).version, first);
  put(key, R"({"reportKeys":["cur/b.csv.gz"]})");
  EXPECT_NE(discover().deliveries.at(0).version, first);
}

TEST_F(AwsCurSourceTest, SaysWhichPeriodsWaitForTheirManifest) {
  put(kV1 + "payer-a-00001.csv.gz");
  const FoundManifests found = discover();
  EXPECT_THAT(found.deliveries, IsEmpty());
  EXPECT_THAT(found.failures, IsEmpty());
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr(kV1 + "payer-a-Manifest.json")));
}

TEST_F(AwsCurSourceTest, SaysWhatIsThereWhenTheExportIsNot) {
  put("cur/payer-b/20250901-20251001/payer-b-Manifest.json");
  const FoundManifests found = discover();
  ASSERT_THAT(found.failures, SizeIs(1));
  EXPECT_EQ(found.failures[0].kind, ErrorKind::kNotFound);
  EXPECT_EQ(found.failures[0].period, std::nullopt);
  EXPECT_THAT(found.failures[0].message, HasSubstr("'cur/payer-b/'"));

  put(kV1 + "payer-a-Manifest.json", "{}");
  options.cur_version = CurLayout::kV2;
  EXPECT_THAT(discover().failures.at(0).message, HasSubstr("'" + kV1 + "'"));
}

const std::string kAthena = "cur/payer-a/payer-a/";

std::string athena_manifest(const std::string& month) {
  return R"({"assemblyId": "athena-1", "compression": "Parquet", "reportKeys": [")" + kAthena +
         month + R"(payer-a-00001.snappy.parquet"]})";
}

TEST_F(AwsCurSourceTest, FindsAReportForAthenaInItsFoldersOfYearsAndMonths) {
  put(kAthena + "year=2025/month=9/payer-a-Manifest.json", athena_manifest("year=2025/month=9/"));
  put(kAthena + "year=2024/month=12/payer-a-Manifest.json", athena_manifest("year=2024/month=12/"));
  put(kAthena + "year=2024/month=13/payer-a-Manifest.json", "{}");
  put(kAthena + "cost_and_usage_data_status/cost_and_usage_data_status.parquet");
  const FoundManifests found = discover();
  ASSERT_THAT(found.deliveries, SizeIs(2)) << found.failures.size();
  EXPECT_EQ(found.deliveries[0].period.to_string(), "2024-12");
  EXPECT_EQ(found.deliveries[1].period.to_string(), "2025-09");
  EXPECT_EQ(found.deliveries[1].layout, "v1");
  EXPECT_THAT(found.failures, IsEmpty());
  EXPECT_THAT(found.notes, ElementsAre(HasSubstr("status table"))) << "which is no Parquet here";
}

TEST_F(AwsCurSourceTest, TakesOneOfTheTwoPlacesThatAReportForAthenaHasItsManifestIn) {
  put(kAthena + "year=2025/month=9/payer-a-Manifest.json", athena_manifest("year=2025/month=9/"));
  put(kV1 + "payer-a-Manifest.json", athena_manifest("year=2025/month=9/"));
  const FoundManifests found = discover();
  ASSERT_THAT(found.deliveries, SizeIs(1));
  EXPECT_EQ(found.deliveries[0].manifest_key, kV1 + "payer-a-Manifest.json");
  EXPECT_THAT(found.failures, IsEmpty());
}

TEST_F(AwsCurSourceTest, RefusesAMonthThatIsThereWithAndWithoutItsZero) {
  put(kAthena + "year=2025/month=9/payer-a-Manifest.json", athena_manifest("year=2025/month=9/"));
  put(kAthena + "year=2025/month=09/payer-a-Manifest.json", athena_manifest("year=2025/month=09/"));
  ASSERT_THAT(discover().failures, SizeIs(1));
  EXPECT_THAT(discover().failures[0].message, HasSubstr("two manifests"));
}

TEST_F(AwsCurSourceTest, RefusesAReportWithoutAList) {
  put(kV1 + "payer-a-Manifest.json", R"({"assemblyId":"a"})");
  EXPECT_THAT(discover().failures.at(0).message, HasSubstr("reportKeys"));
}

/// A bucket in which something happens just before a manifest is read.
/// Called by several threads at once, where there are several manifests.
struct EventfulStore : MemoryStore {
  std::function<void(std::string_view key)> before_open;
  std::unique_ptr<ByteReader> open(std::string_view key, const ReadOptions& read) override {
    const auto event = before_open;  // a copy: it may take itself away
    if (event) event(key);
    return MemoryStore::open(key, read);
  }
};

TEST_F(AwsCurSourceTest, ReadsAManifestAgainThatAwsReplacesMeanwhile) {
  const auto eventful = std::make_shared<EventfulStore>();
  store = eventful;
  const std::string key = kV1 + "payer-a-Manifest.json";
  put(key, R"({"assemblyId":"old","reportKeys":[]})");
  eventful->before_open = [&](std::string_view) {
    eventful->before_open = {};
    put(key, R"({"assemblyId":"new","reportKeys":[]})");
  };
  const Delivery delivery = discover().deliveries.at(0);
  EXPECT_EQ(delivery.version, "new");
  EXPECT_EQ(delivery.manifest_etag, store->stat(key)->etag);

  eventful->before_open = [&](std::string_view) {
    put(key, R"({"assemblyId":"newer","reportKeys":[]})");
  };
  EXPECT_EQ(discover().failures.at(0).kind, ErrorKind::kConflict) << "not for ever";
}

TEST_F(AwsCurSourceTest, AManifestThatCannotBeReadStopsItsOwnPeriodOnly) {
  const auto eventful = std::make_shared<EventfulStore>();
  store = eventful;
  put(kV1 + "payer-a-Manifest.json", R"({"assemblyId":"a","reportKeys":[]})");
  put("cur/payer-a/20251001-20251101/payer-a-Manifest.json",
      R"({"assemblyId":"b","reportKeys":[]})");
  eventful->before_open = [](std::string_view key) {
    if (key.starts_with(kV1)) throw Error(ErrorKind::kPermissionDenied, "read 'x': denied");
  };
  const FoundManifests found = discover();
  EXPECT_EQ(found.failures.at(0).kind, ErrorKind::kPermissionDenied);
  EXPECT_EQ(found.failures.at(0).period, BillingPeriod(2025, 9));
  EXPECT_EQ(found.deliveries.at(0).period, BillingPeriod(2025, 10));
}

TEST_F(AwsCurSourceTest, RefusesAManifestThatIsLargerThanAnyBillNeeds) {
  put_golden(kV1 + "payer-a-Manifest.json", "v1_overwrite.json");
  options.manifest_limit = store->stat(kV1 + "payer-a-Manifest.json")->size;
  EXPECT_THAT(discover().deliveries, SizeIs(1));
  --options.manifest_limit;
  EXPECT_EQ(discover().failures.at(0).kind, ErrorKind::kInvalidData);
}

struct UnlistedDataExport : AwsCurSourceTest {
  const std::string data = "exports/cur2/data/BILLING_PERIOD=2025-09/";
  void SetUp() override {
    use_export("exports", "cur2");
    put_golden(kV2 + "cur2-Manifest.json", "v2_without_files.json");
  }
};

TEST_F(UnlistedDataExport, ListsThePartitionForItsData) {
  put(data + "cur2-00002.csv.gz");
  put(data + "cur2-00001.csv.gz");
  put(data + "cur2-create-table.sql");
  put(data + "cur2-status.json");
  const Delivery delivery = discover().deliveries.at(0);
  EXPECT_TRUE(delivery.files_were_listed);
  EXPECT_THAT(delivery.files, ElementsAre(data + "cur2-00001.csv.gz", data + "cur2-00002.csv.gz"));
}

TEST_F(UnlistedDataExport, ListsTheFolderOfItsOwnVersion) {
  const std::string own = data + "2025-09-15T12:00:00.000Z-0f4c1d7e-9a11-4c39-8a73-1f2e3d4c5b6a/";
  put(own + "cur2-00001.csv.gz");
  put(data + "2025-09-14T12:00:00.000Z-11111111-9a11-4c39-8a73-1f2e3d4c5b6a/cur2-00001.csv.gz");
  EXPECT_THAT(discover().deliveries.at(0).files, ElementsAre(own + "cur2-00001.csv.gz"));
}

TEST_F(UnlistedDataExport, DoesNotGuessAmongOtherVersions) {
  put(data + "2025-09-14T12:00:00.000Z-1111/cur2-00001.csv.gz");
  put(data + "2025-09-15T12:00:00.000Z-2222/cur2-00001.csv.gz");
  EXPECT_THAT(discover().deliveries, IsEmpty());
  EXPECT_THAT(discover().failures.at(0).message, HasSubstr("2 deliveries"));
}

TEST_F(UnlistedDataExport, RefusesListedDataOfTwoFormats) {
  put(data + "cur2-00001.snappy.parquet");
  EXPECT_EQ(discover().deliveries.size(), 1u);
  put(data + "cur2-00001.csv.gz");
  EXPECT_EQ(discover().failures.at(0).kind, ErrorKind::kInvalidData);
}

}  // namespace
}  // namespace finops
