#include "finops/demo/demo_bills.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "finops/core/decimal.h"
#include "finops/core/error.h"
#include "finops/demo/generated_files.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

ExactSum sum_of(const Json& text) { return ExactSum::parse(text.get<std::string>()).value(); }

std::set<std::string> keys(const Json& object) {
  std::set<std::string> all;
  for (const auto& [key, value] : object.items()) all.insert(key);
  return all;
}

class DemoBillsTest : public ::testing::Test {
 protected:
  DemoOptions small(const std::string& folder) {
    DemoOptions options;
    options.out = temp_ / folder;
    options.rows = 200;
    return options;
  }

  TempFolder temp_;
};

TEST_F(DemoBillsTest, GivesTheSameBytesForTheSameSeedOnly) {
  DemoOptions a = small("a"), b = small("b"), c = small("c");
  c.seed = 2;
  generate_demo_bills(a);
  generate_demo_bills(b);
  generate_demo_bills(c);
  EXPECT_EQ(tree(a.out), tree(b.out));
  EXPECT_NE(tree(a.out), tree(c.out));
}

TEST_F(DemoBillsTest, MakesAsManyRowsAsWanted) {
  DemoOptions options = small("bills");
  options.rows = 321;
  const DemoSummary summary = generate_demo_bills(options);
  ASSERT_EQ(summary.written.size(), 6u);
  for (const auto& delivery : summary.written) EXPECT_EQ(delivery.rows, 321);
  EXPECT_EQ(truth_of(options.out)["totals"]["rows"], 6 * 321);
}

TEST_F(DemoBillsTest, HoldsEveryKindOfCharge) {
  generate_demo_bills(small("bills"));
  const Json truth = truth_of(temp_ / "bills");
  EXPECT_THAT(keys(truth["totals"]["by_line_item_type"]["USD"]),
              IsSupersetOf({"Usage", "DiscountedUsage", "RIFee", "Fee", "SavingsPlanCoveredUsage",
                            "SavingsPlanNegation", "SavingsPlanRecurringFee",
                            "SavingsPlanUpfrontFee", "Tax", "Credit", "Refund", "EdpDiscount",
                            "BundledDiscount", "FlatRateSubscription"}));
  EXPECT_EQ(keys(truth["totals"]["by_currency"]), (std::set<std::string>{"INR", "USD"}));
  for (const Json& delivery : truth["deliveries"]) {
    const bool has_net = delivery["source"] == "payer-a";
    EXPECT_EQ(delivery["sums"]["USD"].contains("line_item_net_unblended_cost"), has_net);
  }
}

TEST_F(DemoBillsTest, AmortizedPlusTrueUpPlusUpfrontIsUnblendedButForTheRefunds) {
  generate_demo_bills(small("bills"));
  const Json truth = truth_of(temp_ / "bills");
  ASSERT_EQ(truth["deliveries"].size(), 6u);
  for (const Json& delivery : truth["deliveries"]) {
    for (const auto& [currency, totals] : delivery["totals"].items()) {
      ExactSum sum = sum_of(totals["amortized_cost"]);
      sum.add(sum_of(totals["commitment_true_up"]));
      sum.add(sum_of(totals["upfront_fees"]));
      for (const Json& identity : delivery["identity"]) {
        if (identity["currency"] == currency) sum.add(sum_of(identity["residual"]));
      }
      EXPECT_EQ(sum, sum_of(totals["unblended_cost"])) << delivery["period"] << currency;
    }
  }
  // Upfront fees are refunded in dollars, in every month but the first.
  for (std::size_t i = 0; i < truth["deliveries"].size(); ++i) {
    const Json& delivery = truth["deliveries"][i];
    const bool has_refund = delivery["period"] != "2025-11";
    ASSERT_FALSE(delivery["identity"].empty());
    for (const Json& identity : delivery["identity"]) {
      EXPECT_EQ(identity["residual"] != "0", has_refund && identity["currency"] == "USD") << i;
    }
  }
}

TEST_F(DemoBillsTest, RoundsInSplitCostsOnly) {
  generate_demo_bills(small("bills"));
  bool has_rounded = false;
  const Json truth = truth_of(temp_ / "bills");
  ASSERT_EQ(truth["deliveries"].size(), 6u);
  for (const Json& delivery : truth["deliveries"]) {
    for (const auto& [column, sum] : delivery["sums"]["USD"].items()) {
      if (sum["rounded_cells"] == 0) continue;
      has_rounded = true;
      EXPECT_THAT(column, HasSubstr("split_line_item"));
    }
  }
  EXPECT_TRUE(has_rounded);
}

TEST_F(DemoBillsTest, ChangesColumnsFromMonthToMonth) {
  generate_demo_bills(small("bills"));
  const Json deliveries = truth_of(temp_ / "bills")["deliveries"];
  const auto columns = [&](std::size_t month) {
    return deliveries[month]["columns"].get<std::vector<std::string>>();
  };
  const auto has = [&](std::size_t month, const std::string& name) {
    const auto all = columns(month);
    return std::ranges::find(all, name) != all.end();
  };
  EXPECT_TRUE(has(0, "resourceTags/user:legacy"));
  EXPECT_FALSE(has(2, "resourceTags/user:legacy"));
  EXPECT_FALSE(has(0, "resourceTags/user:Owner"));
  EXPECT_TRUE(has(1, "resourceTags/user:Owner"));
  EXPECT_FALSE(has(0, "splitLineItem/SplitCost"));
  EXPECT_TRUE(has(1, "splitLineItem/SplitCost"));
  EXPECT_TRUE(has(0, "resourceTags/user:Name") && has(0, "resourceTags/user:name"));
  EXPECT_EQ(columns(0).front(), "identity/LineItemId");
  EXPECT_NE(columns(1), columns(2));
}

TEST_F(DemoBillsTest, DoesNothingWhenTheBillsAreThere) {
  const DemoOptions options = small("bills");
  EXPECT_TRUE(generate_demo_bills(options).changed);
  const auto before = std::filesystem::last_write_time(options.out / "truth.json");
  const DemoSummary again = generate_demo_bills(options);
  EXPECT_FALSE(again.changed);
  EXPECT_TRUE(again.written.empty());
  EXPECT_EQ(std::filesystem::last_write_time(options.out / "truth.json"), before);
}

TEST_F(DemoBillsTest, RefusesAFolderThatHoldsSomethingElse) {
  DemoOptions options = small("bills");
  generate_demo_bills(options);
  options.seed = 7;
  EXPECT_EQ(kind_thrown_by([&] { generate_demo_bills(options); }), ErrorKind::kAlreadyExists);
  std::filesystem::create_directories(temp_ / "other");
  std::ofstream(temp_ / "other/letter.txt") << "mine";
  EXPECT_EQ(kind_thrown_by([&] { generate_demo_bills(small("other")); }),
            ErrorKind::kAlreadyExists);
  EXPECT_EQ(content(temp_ / "other/letter.txt"), "mine");
  std::ofstream(temp_ / "other/truth.json") << "{\"beauty\": true}";
  EXPECT_EQ(kind_thrown_by([&] { generate_demo_bills(small("other")); }), ErrorKind::kInvalidData);
}

TEST_F(DemoBillsTest, RestatesOneMonthAndKeepsTheVersionBefore) {
  DemoOptions options = small("bills");
  generate_demo_bills(options);
  const auto before = tree(options.out);
  const Json old_truth = truth_of(options.out);
  options.restate = true;
  const DemoSummary summary = generate_demo_bills(options);
  ASSERT_EQ(summary.written.size(), 2u);
  EXPECT_EQ(summary.written[0].period, BillingPeriod(2025, 12));

  std::set<std::string> changed;
  for (const auto& [name, bytes] : before) {
    if (tree(options.out).at(name) != bytes) changed.insert(name);
  }
  EXPECT_EQ(changed, (std::set<std::string>{
                         "payer-a/cur/payer-a-bill/20251201-20260101/payer-a-bill-Manifest.json",
                         "payer-b/cur/payer-b-bill/metadata/BILLING_PERIOD=2025-12/"
                         "payer-b-bill-Manifest.json",
                         "truth.json"}));
  const Json truth = truth_of(options.out);
  ASSERT_EQ(truth["deliveries"].size(), 8u);
  EXPECT_EQ(truth["deliveries"][1]["current"], false);
  EXPECT_EQ(truth["deliveries"][6]["current"], true);
  EXPECT_EQ(truth["deliveries"][6]["version"], 2);
  EXPECT_NE(truth["deliveries"][6]["execution_id"], truth["deliveries"][1]["execution_id"]);
  EXPECT_NE(truth["totals"]["by_period"]["2025-12"], old_truth["totals"]["by_period"]["2025-12"]);
  EXPECT_EQ(truth["totals"]["by_period"]["2025-11"], old_truth["totals"]["by_period"]["2025-11"]);
}

TEST_F(DemoBillsTest, ReplacesFilesInPlaceInOverwriteMode) {
  DemoOptions options = small("bills");
  options.delivery = DemoDeliveryMode::kOverwrite;
  generate_demo_bills(options);
  const auto before = tree(options.out);
  options.restate = true;
  generate_demo_bills(options);
  const auto after = tree(options.out);
  std::set<std::string> names_before, names_after;
  for (const auto& [name, bytes] : before) names_before.insert(name);
  for (const auto& [name, bytes] : after) names_after.insert(name);
  EXPECT_EQ(names_before, names_after);
  const std::string data = "payer-a/cur/payer-a-bill/20251201-20260101/payer-a-bill-00001.csv.gz";
  EXPECT_NE(before.at(data), after.at(data));
}

TEST_F(DemoBillsTest, GivesAMonthTheSameRowsWhateverMonthsFollow) {
  DemoOptions two = small("two"), four = small("four");
  two.months = 3;
  four.months = 4;
  generate_demo_bills(two);
  generate_demo_bills(four);
  EXPECT_EQ(truth_of(two.out)["deliveries"][0]["sums"],
            truth_of(four.out)["deliveries"][0]["sums"]);
}

TEST_F(DemoBillsTest, WritesBothPayersInOneFormatWhenAsked) {
  DemoOptions options = small("bills");
  options.cur_version = DemoCurVersion::kV2;
  options.months = 1;
  generate_demo_bills(options);
  const Json truth = truth_of(options.out);
  for (const Json& source : truth["sources"]) EXPECT_EQ(source["cur_version"], "v2");
  EXPECT_TRUE(truth["deliveries"][0]["sums"]["USD"].contains("line_item_net_unblended_cost"));
}

TEST_F(DemoBillsTest, RefusesOptionsThatMakeNoSense) {
  const auto refusal = [&](auto&& change) {
    DemoOptions options = small("bills");
    change(options);
    return error_thrown_by([&] { generate_demo_bills(options); });
  };
  EXPECT_THAT(refusal([](DemoOptions& o) { o.rows = 0; }).what(), HasSubstr("--rows is 0"));
  EXPECT_THAT(refusal([](DemoOptions& o) { o.months = 0; }).what(), HasSubstr("--months is 0"));
  EXPECT_THAT(refusal([](DemoOptions& o) { o.files = -1; }).what(), HasSubstr("--files is -1"));
  EXPECT_EQ(refusal([](DemoOptions& o) { o.out = ""; }).kind(), ErrorKind::kUsage);
  EXPECT_EQ(refusal([](DemoOptions& o) { o.restate = true; }).kind(), ErrorKind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(temp_ / "bills"));
}

TEST_F(DemoBillsTest, StopsWhenAskedAndLeavesNoPartOfAFile) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(kind_thrown_by([&] { generate_demo_bills(small("bills"), stop.get_token()); }),
            ErrorKind::kCancelled);
  for (const auto& [name, bytes] : tree(temp_ / "bills")) ADD_FAILURE() << name;
}

}  // namespace
}  // namespace finops
