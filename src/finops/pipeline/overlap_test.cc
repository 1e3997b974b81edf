#include "finops/pipeline/overlap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace finops {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ExportId id(const std::string& source, const std::string& table = "bills") {
  return {table, source, "2026-05", "v1"};
}
BillInLake bill(const std::string& source, BillMark mark, const std::string& table = "bills") {
  return {id(source, table), std::move(mark)};
}
std::string why(const BillMark& mark, const std::vector<BillInLake>& bills) {
  return overlap_of(id("b"), mark, bills).value_or("");
}

TEST(OverlapTest, OnePayerFromTwoSourcesIsRefusedAndBothAreNamed) {
  EXPECT_THAT(why({{"1", "2"}, "x"}, {bill("a", {{"2", "3"}, "y"})}),
              AllOf(HasSubstr("payer 2 of 2026-05"), HasSubstr("source a (v1)"),
                    HasSubstr("from b"), HasSubstr("allow_overlap")));
}

TEST(OverlapTest, DifferentPayersShareATable) {
  EXPECT_EQ(why({{"1"}, "x"}, {bill("a", {{"2"}, "y"})}), "");
  EXPECT_EQ(why({{"1"}, "x"}, {}), "");
}

TEST(OverlapTest, AnotherTableIsNoOverlap) {
  EXPECT_EQ(why({{"1"}, "x"}, {bill("a", {{"1"}, "x"}, "others")}), "");
}

TEST(OverlapTest, EqualCostsByServiceAreAnOverlapUnlessPayersTellThemApart) {
  EXPECT_THAT(why({{}, "x"}, {bill("a", {{"1"}, "x"})}), HasSubstr("costs of 2026-05 by service"));
  EXPECT_THAT(why({{"1"}, "x"}, {bill("a", {{}, "x"})}), HasSubstr("costs of 2026-05 by service"));
  EXPECT_EQ(why({{"1"}, "x"}, {bill("a", {{"2"}, "x"})}), "");
  EXPECT_EQ(why({{}, ""}, {bill("a", {{}, ""})}), "");
  EXPECT_EQ(why({{}, "x"}, {bill("a", {{}, "y"})}), "");
}

TEST(OverlapTest, ReplacingWhatOverlapsSinceBeforeCountsNothingOnceMore) {
  const std::vector<BillInLake> bills = {bill("a", {{"1", "2"}, "x"}), bill("b", {{"1"}, "x"})};
  EXPECT_EQ(why({{"1"}, "z"}, bills), "");
  EXPECT_THAT(why({{"1", "2"}, "z"}, bills), HasSubstr("payer 2"));
  EXPECT_THAT(overlap_warnings(id("b"), {{"1"}, "z"}, bills),
              ElementsAre(HasSubstr("payer 1 is in bills twice, also from the source a")));
  EXPECT_EQ(why({{}, "x"}, {bill("a", {{}, "x"}), bill("b", {{}, "x"})}), "");
}

TEST(OverlapTest, EqualCostsElsewhereAreAWarning) {
  EXPECT_THAT(overlap_warnings(id("b"), {{"1"}, "x"}, {bill("a", {{"1"}, "x"}, "others")}),
              ElementsAre(AllOf(HasSubstr("source a (v1) in others"), HasSubstr("twice"))));
  EXPECT_THAT(overlap_warnings(id("b"), {{"1"}, "x"}, {bill("a", {{"2"}, "x"})}),
              ElementsAre(HasSubstr("in bills")));
  EXPECT_THAT(overlap_warnings(id("b"), {{"1"}, "x"}, {bill("b", {{"1"}, "x"})}), IsEmpty());
  EXPECT_THAT(overlap_warnings(id("b"), {{"1"}, ""}, {bill("a", {{"2"}, ""}, "others")}),
              IsEmpty());
}

TEST(OverlapTest, ARefusalKeepsWhatIsNeededToJudgeAgain) {
  Delivery delivery;
  delivery.version = "v1";
  delivery.manifest_etag = "e1";
  delivery.account = "7";
  DeliveryRecord refused{.id = id("b"), .state = DeliveryState::kRefused, .manifest_etag = "e1"};
  refused.judged_by = judged_by_overlap({{"1", "2"}, "x"});
  const BillMark mark = mark_before_reading(delivery, {refused});
  EXPECT_THAT(mark.payers, ElementsAre("1", "2"));
  EXPECT_EQ(mark.service_totals, "x");
  // Another delivery, another judgement, or none: the manifest's account.
  refused.manifest_etag = "e0";
  EXPECT_THAT(mark_before_reading(delivery, {refused}).payers, ElementsAre("7"));
  refused.manifest_etag = "e1";
  refused.judged_by = "rows>0.001";
  EXPECT_THAT(mark_before_reading(delivery, {refused}).payers, ElementsAre("7"));
  delivery.account.clear();
  EXPECT_THAT(mark_before_reading(delivery, {}).payers, IsEmpty());
}

}  // namespace
}  // namespace finops
