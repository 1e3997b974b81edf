#include "finops/sources/plain_folder/plain_folder_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/core/error.h"
#include "finops/sources/aws_cur/column_dictionary.h"
#include "finops/stores/memory/memory_store.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

const std::string kV1Header =
    "identity/LineItemId,bill/BillingPeriodStartDate,lineItem/UnblendedCost,"
    "lineItem/CurrencyCode\n";
const std::string kFocusHeader = "BilledCost,BillingCurrency,BillingPeriodStart\n";

std::string v1_bill(const std::string& period) {
  return kV1Header + "a," + period + "-01T00:00:00Z,1.5,USD\n" + "b," + period +
         "-01T00:00:00Z,2,USD\n";
}

/// A bucket, and a place in it.
struct PlainFolderSourceTest : testing::Test {
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
  PlainFolderOptions options{
      .location = "s3://bucket/may",
      .prefix = "may",
      .kinds = {{"cur", &aws_column_dictionary()}, {"focus", &focus_column_dictionary()}}};

  void put(const std::string& name, const std::string& content) {
    put_text(*store, "may/" + name, content);
  }
  FoundManifests discover() { return make_plain_folder_source(store, options)->discover({}); }
  Delivery delivery() {
    auto found = discover();
    EXPECT_THAT(found.deliveries, SizeIs(1));
    return found.deliveries.at(0);
  }
  std::string refusal() {
    const Error error = error_thrown_by([&] { discover(); });
    return std::string(to_string(error.kind())) + ": " + error.what();
  }
};

TEST_F(PlainFolderSourceTest, FindsOutKindFormatAndPeriod) {
  put("2.csv", v1_bill("2026-05"));
  put("1.csv", v1_bill("2026-05"));
  put_text(*store, "maybe/3.csv", v1_bill("2026-06"));
  const Delivery found = delivery();
  EXPECT_EQ(found.period, BillingPeriod(2026, 5));
  EXPECT_EQ(found.dictionary, &aws_column_dictionary());
  EXPECT_THAT(found.files, ElementsAre("may/1.csv", "may/2.csv"));
  EXPECT_THAT(found.version, AllOf(StartsWith("f-"), SizeIs(18)));
  EXPECT_FALSE(found.has_manifest);
  EXPECT_FALSE(found.is_period_told);
  EXPECT_EQ(found.manifest_key, "s3://bucket/may");
  EXPECT_EQ(found.manifest_etag, "");
}

TEST_F(PlainFolderSourceTest, TellsFocusByItsColumns) {
  put("1.csv", kFocusHeader + "1,USD,2026-05-01 00:00:00\n");
  EXPECT_EQ(delivery().dictionary, &focus_column_dictionary());
}

TEST_F(PlainFolderSourceTest, IsTheSameVersionWhileNothingChanges) {
  put("1.csv", v1_bill("2026-05"));
  const auto source = make_plain_folder_source(store, options);
  const Delivery first = source->discover({}).deliveries.at(0);
  EXPECT_EQ(delivery().version, first.version);
  EXPECT_TRUE(source->is_unchanged(first));
  put("README.txt", "x");
  EXPECT_TRUE(source->is_unchanged(first)) << "it is no file of the bill";
  put("2.csv", v1_bill("2026-05"));
  EXPECT_FALSE(source->is_unchanged(first));
  store->remove("may/2.csv");
  EXPECT_TRUE(source->is_unchanged(first));
  put("1.csv", v1_bill("2026-05"));
  EXPECT_FALSE(source->is_unchanged(first)) << "it was written over";
}

TEST_F(PlainFolderSourceTest, TellsWhatItDoesNotTake) {
  put("1.csv", v1_bill("2026-05"));
  put("1.parquet", "no Parquet");
  put("_SUCCESS", "");
  put("._1.csv", "x");
  put("notes/README.txt", "x");
  put("", "");  // a folder, as consoles draw it
  options.told_formats = {BillFormat::kCsv};
  const auto found = discover();
  EXPECT_THAT(found.deliveries.at(0).files, ElementsAre("may/1.csv"));
  EXPECT_THAT(found.notes, ElementsAre(AllOf(HasSubstr("'._1.csv', '_SUCCESS', 'notes/README.txt'"),
                                             HasSubstr("no bill's file")),
                                       AllOf(HasSubstr("'1.parquet'"), HasSubstr("--format"))));
}

TEST_F(PlainFolderSourceTest, TakesASingleFileThatIsNamed) {
  put("1.csv", v1_bill("2026-05"));
  put("2.csv", v1_bill("2026-06"));
  options.prefix = "may/2.csv";
  EXPECT_EQ(delivery().period, BillingPeriod(2026, 6));
  EXPECT_THAT(delivery().files, ElementsAre("may/2.csv"));
}

TEST_F(PlainFolderSourceTest, RefusesAPlaceWithoutABill) {
  EXPECT_THAT(refusal(), AllOf(StartsWith("not_found"), HasSubstr("there is nothing")));
  put("README.txt", "x");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("'README.txt'"), HasSubstr(".parquet")));
  put("1.csv", v1_bill("2026-05"));
  options.told_formats = {BillFormat::kParquet};
  EXPECT_THAT(refusal(),
              AllOf(StartsWith("not_found"), HasSubstr("other formats"), HasSubstr("'1.csv'")));
}

TEST_F(PlainFolderSourceTest, RefusesFilesOfSeveralFormatsUnlessOneIsChosen) {
  put("1.csv", v1_bill("2026-05"));
  put("2.csv.gz", "x");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("csv: '1.csv'; csv.gz: '2.csv.gz'"),
                               HasSubstr("--format csv,csv.gz")));
  options.told_formats = {BillFormat::kCsv};
  EXPECT_THAT(delivery().files, ElementsAre("may/1.csv"));
}

TEST_F(PlainFolderSourceTest, RefusesAFileBesideItsUnpackedCopy) {
  put("report-1.csv", v1_bill("2026-05"));
  put("report-1.csv.gz", "x");
  options.told_formats = {BillFormat::kCsv, BillFormat::kCsvGzip};
  EXPECT_THAT(refusal(), AllOf(HasSubstr("'may/report-1.csv' and 'may/report-1.csv.gz'"),
                               HasSubstr("count twice")));
}

TEST_F(PlainFolderSourceTest, RefusesFilesInSeveralFoldersUnlessAllAreOne) {
  put("a/1.csv", v1_bill("2026-05"));
  EXPECT_THAT(delivery().files, SizeIs(1));
  put("b/2.csv", v1_bill("2026-05"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("'a/', 'b/'"), HasSubstr("--recursive")));
  options.is_recursive = true;
  EXPECT_THAT(delivery().files, ElementsAre("may/a/1.csv", "may/b/2.csv"));
}

TEST_F(PlainFolderSourceTest, RefusesWhatHasAManifest) {
  put("1.csv", v1_bill("2026-05"));
  put_text(*store, "metadata/report-Manifest.json", "{}");
  EXPECT_THAT(delivery().files, SizeIs(1));
  options.manifest_prefix = "metadata/";
  EXPECT_THAT(refusal(), HasSubstr("'metadata/report-Manifest.json'"));
  put("report-Manifest.json", "{}");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("'report-Manifest.json'"), HasSubstr("run-pipeline")));
}

TEST_F(PlainFolderSourceTest, RefusesAKindThatCannotBeTold) {
  put("1.csv", "name,amount\nx,1\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("'may/1.csv'"), HasSubstr("line_item_unblended_cost"),
                               HasSubstr("--format cur or --format focus")));
  options.told_kind = "cur";
  EXPECT_THAT(refusal(), HasSubstr("not one column of cur"));
  put("1.csv", "identity/LineItemId,lineItem/UsageAmount\nx,1\n");
  options.told_period = BillingPeriod(2026, 5);
  EXPECT_EQ(delivery().dictionary, &aws_column_dictionary()) << "a choice of columns";
}

TEST_F(PlainFolderSourceTest, RefusesFilesOfTwoKinds) {
  put("1.csv", v1_bill("2026-05"));
  put("2.csv", kFocusHeader + "1,USD,2026-05-01T00:00:00Z\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("'may/1.csv' has the columns of cur"),
                               HasSubstr("'may/2.csv' those of focus")));
  options.told_kind = "cur";
  EXPECT_THAT(refusal(), HasSubstr("'may/2.csv' has the columns of focus, --format says cur"));
  store->remove("may/2.csv");
  put("1.csv", "lineItem/UnblendedCost,BilledCost\n1,1\n");
  options.told_kind = "";
  EXPECT_THAT(refusal(), HasSubstr("has columns of cur and of focus"));
}

TEST_F(PlainFolderSourceTest, RefusesRowsOfTwoPeriods) {
  put("1.csv", v1_bill("2026-05"));
  put("2.csv", v1_bill("2026-06"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("2026-05 ('may/1.csv'), 2026-06 ('may/2.csv')")));
  options.told_period = BillingPeriod(2026, 5);
  EXPECT_THAT(refusal(), HasSubstr("several billing periods"));
}

TEST_F(PlainFolderSourceTest, RefusesAPeriodOtherThanTold) {
  put("1.csv", v1_bill("2026-05"));
  options.told_period = BillingPeriod(2026, 6);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("--period says 2026-06"), HasSubstr("2026-05")));
}

TEST_F(PlainFolderSourceTest, RefusesAPeriodThatBeginsWithinAMonth) {
  put("1.csv", kV1Header + "a,2026-05-31T22:00:00Z,1,USD\n");
  EXPECT_THAT(refusal(), HasSubstr("no month's first instant"));
}

TEST_F(PlainFolderSourceTest, NeedsAPeriodThatNobodyTells) {
  put("1.csv", kV1Header);
  EXPECT_THAT(refusal(), HasSubstr("--period YYYY-MM"));
  put("1.csv", kV1Header + "a,,1,USD\n");
  EXPECT_THAT(refusal(), HasSubstr("--period"));
  put("2.csv", v1_bill("2026-05"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("'may/1.csv' does not say"), HasSubstr("2026-05")));
  put("1.csv", "lineItem/UnblendedCost\n1\n");
  EXPECT_THAT(refusal(), HasSubstr("'may/1.csv' does not say"));
  options.told_period = BillingPeriod(2026, 5);
  EXPECT_EQ(delivery().period, BillingPeriod(2026, 5));
  EXPECT_TRUE(delivery().is_period_told);
}

TEST_F(PlainFolderSourceTest, LooksPastRowsThatDoNotFitForThePeriod) {
  put("1.csv", kV1Header + "broken\n\"a\"b,c\na,yesterday,1,USD\nb,2026-05-01T00:00:00Z,1,USD\n");
  EXPECT_EQ(delivery().period, BillingPeriod(2026, 5));
  put("1.csv", kV1Header + "\"" + std::string(300'000, 'x') + "\",2026-04-01,1,USD\n");
  EXPECT_EQ(delivery().period, BillingPeriod(2026, 4)) << "a row that is longer than a look";
}

TEST_F(PlainFolderSourceTest, TakesEmptyFilesWhenKindAndPeriodAreTold) {
  put("1.csv", "");
  EXPECT_THAT(refusal(), HasSubstr("--format cur or --format focus"));
  options.told_kind = "focus";
  EXPECT_THAT(refusal(), HasSubstr("--period YYYY-MM"));
  options.told_period = BillingPeriod(2026, 5);
  EXPECT_EQ(delivery().dictionary, &focus_column_dictionary());
}

}  // namespace
}  // namespace finops
