#include "finops/cli/as_of.h"

#include <gtest/gtest.h>

#include "tests/support/thrown.h"

namespace finops {
namespace {

constexpr std::int64_t kDay = 86'400'000;
constexpr std::int64_t kMay31 = 20'604 * kDay;  // 2026-05-31

TEST(AsOfTest, ADayIsItsFirstInstantInUtc) {
  EXPECT_EQ(parse_time("1970-01-01"), 0);
  EXPECT_EQ(parse_time("2026-05-31"), kMay31);
}

TEST(AsOfTest, ATimeWithoutOffsetIsUtc) {
  EXPECT_EQ(parse_time("2026-05-31 14:30"), kMay31 + 52'200'000);
  EXPECT_EQ(parse_time("2026-05-31 14:30:05"), kMay31 + 52'205'000);
  EXPECT_EQ(parse_time("2026-05-31T14:30:05.123456"), kMay31 + 52'205'123);
  EXPECT_EQ(parse_time("2026-05-31 14:30:05.5"), kMay31 + 52'205'500);
}

TEST(AsOfTest, AnOffsetIsTakenAway) {
  EXPECT_EQ(parse_time("2026-05-31T14:30:00Z"), kMay31 + 52'200'000);
  EXPECT_EQ(parse_time("2026-05-31T14:30:00+02:00"), kMay31 + 45'000'000);
  EXPECT_EQ(parse_time("2026-05-31 14:30:00 -0530"), kMay31 + 72'000'000);
}

TEST(AsOfTest, RefusesDaysAndTimesThatDoNotExist) {
  for (const char* text :
       {"", "2026", "2026-05", "2026-13-01", "2026-02-30", "2026-05-31T", "2026-05-31 24:00",
        "2026-05-31 14:60", "2026-05-31 14:30:60", "2026-05-31 14:30:00.", "2026-05-31x",
        "2026-05-31 14:30 CET", "2026-05-31 14:30:00+2", " 2026-05-31", "26-05-31"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

TEST(AsOfTest, TakesATimeAndSnapshotsOfSingleTables) {
  const TimeTravel travel =
      parse_as_of({"2026-05-31", "aws_billing_data=3051729675574597004", "billing.other=-1"});
  EXPECT_EQ(travel.at_ms, kMay31);
  EXPECT_EQ(travel.snapshots.at("aws_billing_data"), 3'051'729'675'574'597'004);
  EXPECT_EQ(travel.snapshots.at("billing.other"), -1);
  EXPECT_FALSE(travel.is_now());
  EXPECT_TRUE(parse_as_of({}).is_now());
}

TEST(AsOfTest, RefusesWhatIsNeither) {
  const std::vector<std::vector<std::string>> bad = {
      {"yesterday"}, {"t=abc"}, {"=5"}, {"t=1", "t=2"}, {"2026-05-31", "2026-06-01"}};
  for (const auto& values : bad) {
    EXPECT_EQ(kind_thrown_by([&] { parse_as_of(values); }), ErrorKind::kUsage) << values[0];
  }
}

}  // namespace
}  // namespace finops
