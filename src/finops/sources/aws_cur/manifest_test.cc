#include "finops/sources/aws_cur/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/sources/aws_cur/column_dictionary.h"
#include "finops/sources/aws_cur/layout.h"
#include "tests/support/golden_files.h"
#include "tests/support/thrown.h"

namespace finops::aws_cur {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;

ManifestPlace place_of(const std::string& layout) {
  return {"folder/export-Manifest.json", layout, BillingPeriod(2025, 9), ""};
}

Manifest golden(const std::string& name) {
  return parse_manifest(golden_text("manifests/" + name), place_of(name.substr(0, 2)));
}

Error refusal_of(const std::string& json, const ManifestPlace& place = place_of("v2")) {
  return error_thrown_by([&] { parse_manifest(json, place); });
}

Error refusal_of_golden(const std::string& name) {
  return refusal_of(golden_text("manifests/" + name),
                    place_of(name.starts_with("v1") ? "v1" : "v2"));
}

TEST(ManifestTest, UnderstandsACreateNewReport) {
  const Manifest manifest = golden("v1_create_new.json");
  EXPECT_EQ(manifest.period, BillingPeriod(2025, 9));
  EXPECT_EQ(manifest.version, "5b2f6a1e-6b1f-4f59-9a3b-0c7f2f0d9c11");
  EXPECT_EQ(manifest.account, "012345678901");
  const std::string folder =
      "cur/payer-a/20250901-20251001/5b2f6a1e-6b1f-4f59-9a3b-0c7f2f0d9c11/payer-a-";
  EXPECT_THAT(manifest.files.value(),
              ElementsAre(folder + "00001.csv.gz", folder + "00002.csv.gz"));
  ASSERT_EQ(manifest.columns.size(), 8u);
  EXPECT_EQ(manifest.columns[0].name, "identity/LineItemId");
  EXPECT_EQ(manifest.columns[4].name, "lineItem/UnblendedCost");
  EXPECT_EQ(manifest.columns[4].told_type, "OptionalBigDecimal");
  EXPECT_EQ(manifest.columns[6].name, "resourceTags/user:Name");
  EXPECT_EQ(manifest.columns[7].name, "resourceTags/user:name");
}

TEST(ManifestTest, UnderstandsDashedDatesLeadingSlashesAndColumnsWithoutTypes) {
  const Manifest manifest = golden("v1_overwrite.json");
  EXPECT_EQ(manifest.version, "20250903T040211Z");
  EXPECT_THAT(manifest.files.value(),
              ElementsAre("cur/payer-a/20250901-20251001/payer-a-00001.csv.gz"));
  ASSERT_EQ(manifest.columns.size(), 2u);
  EXPECT_EQ(manifest.columns[1].name, "lineItem/UnblendedCost");
  EXPECT_EQ(manifest.columns[1].told_type, "");
}

TEST(ManifestTest, TakesAnEmptyListAsADeliveryWithoutFiles) {
  const Manifest manifest = golden("v1_empty.json");
  EXPECT_THAT(manifest.files.value(), IsEmpty());
  EXPECT_EQ(manifest.version, std::nullopt);
  EXPECT_EQ(manifest.period, BillingPeriod(2025, 9)) << "of the folder";
}

TEST(ManifestTest, UnderstandsADataExport) {
  const Manifest manifest = golden("v2_uris.json");
  EXPECT_EQ(manifest.version, "0f4c1d7e-9a11-4c39-8a73-1f2e3d4c5b6a") << "never the ARN";
  EXPECT_EQ(manifest.period, BillingPeriod(2025, 9));
  const std::string folder =
      "exports/cur2/data/BILLING_PERIOD=2025-09/"
      "2025-09-15T12:00:00.000Z-0f4c1d7e-9a11-4c39-8a73-1f2e3d4c5b6a/cur2-";
  EXPECT_THAT(manifest.files.value(),
              ElementsAre(folder + "00001.csv.gz", folder + "00002.csv.gz"));
  ASSERT_EQ(manifest.columns.size(), 6u);
  EXPECT_EQ(manifest.columns[1].told_type, "map<string,double>");
}

TEST(ManifestTest, UnderstandsFilesThatAreObjects) {
  const std::string folder = "exports/cur2/data/BILLING_PERIOD=2025-09/cur2-";
  EXPECT_THAT(golden("v2_objects.json").files.value(),
              ElementsAre(folder + "00001.csv.gz", folder + "00002.csv.gz", folder + "00003.csv.gz",
                          folder + "00004.csv.gz"));
}

TEST(ManifestTest, UnderstandsColumnsThatAreNamesOnly) {
  const Manifest manifest = golden("v2_column_names.json");
  ASSERT_EQ(manifest.columns.size(), 2u);
  EXPECT_EQ(manifest.columns[0].name, "LINE_ITEM_UNBLENDED_COST");
  EXPECT_EQ(manifest.columns[0].told_type, "");
  EXPECT_EQ(manifest.files->size(), 1u);
}

TEST(ManifestTest, TellsAMissingListFromAnEmptyOne) {
  EXPECT_EQ(golden("v2_without_files.json").files, std::nullopt);
  EXPECT_EQ(parse_manifest(R"({"dataFiles": null})", place_of("v2")).files, std::nullopt);
  EXPECT_TRUE(parse_manifest(R"({"dataFiles": []})", place_of("v2")).files);
}

TEST(ManifestTest, TakesNoNameOfTheExportForAVersion) {
  EXPECT_EQ(golden("v2_without_id.json").version, std::nullopt);
}

TEST(ManifestTest, ReadsATextWithAByteOrderMark) {
  const Manifest manifest =
      parse_manifest("\xef\xbb\xbf{\"assemblyId\": 20250903, \"reportKeys\": []}", place_of("v1"));
  EXPECT_EQ(manifest.version, "20250903");
}

TEST(ManifestTest, TakesEveryFormatThatAwsPacksBillsIn) {
  EXPECT_FALSE(golden("v1_parquet.json").files->empty());
  EXPECT_FALSE(golden("v1_zip.json").files->empty());
  EXPECT_THAT(parse_manifest(R"({"dataFiles": ["a/b-1.csv"]})", place_of("v2")).files,
              Optional(ElementsAre("a/b-1.csv")));
  EXPECT_THAT(
      parse_manifest(R"({"compression": "Parquet", "reportKeys": []})", place_of("v1")).files,
      Optional(IsEmpty()));
}

TEST(ManifestTest, RefusesOtherFormatsAndTablesByName) {
  const Error other_table = refusal_of(R"({"tableName": "CARBON_EMISSIONS", "dataFiles": []})");
  EXPECT_EQ(other_table.kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(other_table.what(), HasSubstr("CARBON_EMISSIONS"));
  EXPECT_EQ(golden("v2_focus.json").dictionary, &focus_column_dictionary());
  EXPECT_EQ(golden("v2_uris.json").dictionary, &aws_column_dictionary());
  const Error unknown = refusal_of(R"({"dataFiles": ["a/b-1.orc"]})");
  EXPECT_EQ(unknown.kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(unknown.what(), HasSubstr("'a/b-1.orc'"));
  const Error mixed = refusal_of(R"({"dataFiles": ["a/b-1.csv.gz", "a/b-1.parquet"]})");
  EXPECT_EQ(mixed.kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(mixed.what(), HasSubstr("counted twice"));
}

TEST(ManifestTest, RefusesWhatItCannotUnderstandInFull) {
  for (const auto& [name, cause] :
       {std::pair{"broken_truncated.json", "not valid JSON"},
        std::pair{"broken_lists_itself.json", "cur2-Manifest.json"},
        std::pair{"broken_lists_twice.json", "twice"},
        std::pair{"broken_two_buckets.json", "s3://other/"},
        std::pair{"broken_two_lists.json", "two lists"},
        std::pair{"broken_start.json", "'September 2025'"},
        std::pair{"broken_other_period.json", "2025-08"}, std::pair{"broken_id.json", "../../etc"},
        std::pair{"broken_key.json", "neither a key"}}) {
    const Error error = refusal_of_golden(name);
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData) << name;
    EXPECT_THAT(error.what(), HasSubstr(cause)) << name;
    EXPECT_THAT(error.what(), HasSubstr("folder/export-Manifest.json")) << name;
  }
  for (const char* json : {"", "[]", "null", R"({"dataFiles": "a.csv.gz"})",
                           R"({"dataFiles": [1]})", R"({"dataFiles": [{"size": 1}]})",
                           R"({"dataFiles": [""]})", R"({"dataFiles": ["ftp://a/b.csv.gz"]})",
                           R"({"dataFiles": ["s3://bucket"]})", "{\"assemblyId\": \"\xff\"}"}) {
    EXPECT_EQ(refusal_of(json).kind(), ErrorKind::kInvalidData) << json;
  }
}

TEST(ManifestTest, RefusesAFileInAnotherBucketThanTheExport) {
  ManifestPlace place = place_of("v2");
  place.bucket = "bills";
  EXPECT_TRUE(parse_manifest(golden_text("manifests/v2_uris.json"), place).files);
  place.bucket = "copies";
  const Error error = refusal_of(golden_text("manifests/v2_uris.json"), place);
  EXPECT_THAT(error.what(), HasSubstr("another bucket than 'copies'"));
}

TEST(ManifestTest, NeedsAPeriodFromTheTextOrTheFolder) {
  ManifestPlace place = place_of("v1");
  place.period.reset();
  EXPECT_THAT(refusal_of(R"({"reportKeys": []})", place).what(), HasSubstr("no billing period"));
  EXPECT_EQ(parse_manifest(R"({"billingPeriod": "2025-03", "reportKeys": []})", place).period,
            BillingPeriod(2025, 3));
}

TEST(LayoutTest, ReadsDatesInEveryForm) {
  const BillingPeriod september(2025, 9);
  for (const char* text : {"20250901T000000.000Z", "2025-09-01T00:00:00.000Z", "20250901",
                           "2025-09-01", "2025-09", "2025-09-01 00:00:00"}) {
    EXPECT_EQ(period_of_date(text), september) << text;
  }
  for (const char* text : {"", "2025", "2025-9", "20251301T000000.000Z", "2025-09-40", "202509",
                           "2025-09T00", "2025/09/01", "T20250901"}) {
    EXPECT_EQ(period_of_date(text), std::nullopt) << text;
  }
}

TEST(LayoutTest, KnowsFoldersOfPeriods) {
  EXPECT_EQ(period_of_range("20250901-20251001"), BillingPeriod(2025, 9));
  EXPECT_EQ(period_of_range("20251201-20260101"), BillingPeriod(2025, 12));
  for (const char* name : {"20250901-20250901", "20251001-20250901", "20250901_20251001",
                           "20251301-20260101", "2025091-120251001", "20250901-202510011"}) {
    EXPECT_EQ(period_of_range(name), std::nullopt) << name;
  }
  EXPECT_EQ(period_of_partition("BILLING_PERIOD=2025-09"), BillingPeriod(2025, 9));
  EXPECT_EQ(period_of_partition("BILLING_PERIOD=2025-9"), std::nullopt);
  EXPECT_EQ(period_of_partition("date=2025-09"), std::nullopt);
}

TEST(LayoutTest, DoesNotMindSlashesAroundAPrefix) {
  for (const char* prefix : {"a/b", "/a/b", "a/b/", "//a/b//"}) {
    EXPECT_EQ(folder_prefix(prefix), "a/b/") << prefix;
  }
  EXPECT_EQ(folder_prefix(""), "");
  EXPECT_EQ(folder_prefix("/"), "");
}

}  // namespace
}  // namespace finops::aws_cur
