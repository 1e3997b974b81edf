#include "finops/anomaly/outlier_detector.h"

#include <gtest/gtest.h>

#include <random>

#include "finops/anomaly/expanded_rows.h"
#include "tests/support/thrown.h"

namespace finops::anomaly {
namespace {

constexpr const char* kLargest = "99999999999999999999.999999999999999999";

std::vector<Decimal> rows_of(const std::vector<std::string>& texts) {
  std::vector<Decimal> rows;
  for (const std::string& one : texts) rows.push_back(decimal(one));
  return rows;
}

std::string text(const std::optional<Decimal>& number) {
  return number ? number->to_string() : "none";
}

/// Nine rows of 5 and a few others: more than half are the same.
const std::vector<std::string> kMostlyFive = {"5", "5", "5", "5",    "5", "5",
                                              "5", "5", "5", "5.01", "7", "250"};

// By Python, with the statistics and q of population_statistics_test.cc:
//   z = q((x - mean) / sd); score = q(q(Decimal("0.6745") * (x - median)) / mad), and with a MAD of
//   zero q((x - median) / q(Decimal("1.253314") * mean_absolute_deviation))
TEST(OutlierDetectorTest, AgreesWithPythonsDecimals) {
  const auto values = histogram(
      rows_of({"0.1", "0.2", "0.2", "0.2", "0.37", "1.05", "12.5", "13", "13.1", "14", "99.99"}));
  const OutlierDetector detector(values, {});
  EXPECT_EQ(detector.outcome(), Outcome::kScored);
  EXPECT_EQ(text(detector.score(decimal("0.1")).z), "-0.478521256552209697");
  EXPECT_EQ(text(detector.score(decimal("0.1")).mad), "-0.6745");
  EXPECT_EQ(text(detector.score(decimal("13")).z), "-0.036478640155109534");
  EXPECT_EQ(text(detector.score(decimal("13")).mad), "8.4845");
  EXPECT_EQ(text(detector.score(decimal("99.99")).z), "2.944396336618824047");
  EXPECT_EQ(text(detector.score(decimal("99.99")).mad), "70.2474");
}

TEST(OutlierDetectorTest, IsExactAtTheLimitsOfDecimals) {
  const Decimal largest = decimal(kLargest), tiny = decimal("0.000000000000000001");
  const OutlierDetector mad_of_zero({{{tiny, 5}, {largest, 7}}}, {});
  EXPECT_EQ(text(mad_of_zero.score(largest).z), "0.809173593712687069");
  EXPECT_EQ(text(mad_of_zero.score(tiny).z), "-1.132843031197761896");
  EXPECT_EQ(text(mad_of_zero.score(tiny).mad), "-1.91492315572952987");
  const OutlierDetector both_signs({{{-largest, 6}, {largest, 6}}}, {.takes_refunds = true});
  EXPECT_EQ(text(both_signs.score(largest).z), "1");  // by the largest decimal as deviation
  EXPECT_EQ(text(both_signs.score(-largest).mad), "-0.6745");
}

TEST(OutlierDetectorTest, AMadOfZeroGivesWayToTheMeanDeviation) {
  const OutlierDetector detector(histogram(rows_of(kMostlyFive)), {});
  EXPECT_EQ(text(detector.statistics().mad), "0");
  EXPECT_EQ(text(detector.score(decimal("5")).mad), "0");
  EXPECT_EQ(text(detector.score(decimal("7")).mad), "0.077524114640278931");
  EXPECT_EQ(text(detector.score(decimal("250")).mad), "9.496704043434169026");
  EXPECT_FALSE(detector.score(decimal("7")).is_anomaly);
  EXPECT_TRUE(detector.score(decimal("250")).is_anomaly);
}

TEST(OutlierDetectorTest, AMadOfZeroMayCountAsAMillionth) {
  const OutlierDetector detector(histogram(rows_of(kMostlyFive)),
                                 {.mad_of_zero = MadOfZero::kTiny});
  EXPECT_EQ(text(detector.score(decimal("5")).mad), "0");
  EXPECT_EQ(text(detector.score(decimal("5.01")).mad), "6745");
  EXPECT_TRUE(detector.score(decimal("5.01")).is_anomaly);
}

TEST(OutlierDetectorTest, FewRowsAreNotJudgedButHaveStatistics) {
  const auto values = histogram(rows_of({"1", "1", "1", "2", "2", "2", "2", "2", "1000"}));
  const OutlierDetector nine(values, {});
  EXPECT_EQ(nine.outcome(), Outcome::kTooFewRows);
  EXPECT_EQ(text(nine.statistics().median), "2");
  for (const Score& score : nine.scores(values)) {
    EXPECT_FALSE(score.z || score.mad || score.is_anomaly);
    EXPECT_EQ(score.flags, Methods{});
  }
  EXPECT_EQ(OutlierDetector(values, {.min_rows = 9}).outcome(), Outcome::kScored);
  EXPECT_EQ(OutlierDetector({}, {.min_rows = 0}).outcome(), Outcome::kTooFewRows);
}

TEST(OutlierDetectorTest, EqualRowsHaveNoScores) {
  for (const auto mad_of_zero : {MadOfZero::kMeanAbsoluteDeviation, MadOfZero::kTiny}) {
    const OutlierDetector detector({{{decimal("3.5"), 100}}}, {.mad_of_zero = mad_of_zero});
    EXPECT_EQ(detector.outcome(), Outcome::kAllEqual);
    EXPECT_EQ(text(detector.statistics().standard_deviation), "0");
    for (const char* value : {"3.5", "99"}) {
      EXPECT_FALSE(detector.score(decimal(value)).mad);
      EXPECT_EQ(detector.score(decimal(value)).flags, Methods{});
    }
  }
}

TEST(OutlierDetectorTest, ASpreadThatRoundsToZeroMeasuresNothing) {
  const std::vector<WeightedValue> values = {{decimal("1"), 10'000'000},
                                             {decimal("1.000000000000000001"), 1}};
  const OutlierDetector detector(values, {});
  EXPECT_EQ(detector.outcome(), Outcome::kScored);
  EXPECT_EQ(text(detector.score(values[1].value).z), "none");
  EXPECT_EQ(text(detector.score(values[1].value).mad), "none");
  EXPECT_EQ(detector.score(values[1].value).flags, Methods{.percentile = true});
}

TEST(OutlierDetectorTest, RefundsAreNoPartOfThePopulationUnlessTheyAreTaken) {
  const std::vector<WeightedValue> values = {{decimal("-500"), 2}, {decimal("-0.1"), 1},
                                             {decimal("0"), 4},    {decimal("1"), 4},
                                             {decimal("2"), 4},    {decimal("90"), 1}};
  const OutlierDetector without(values, {});
  EXPECT_EQ(without.refunds_left_out(), 3U);
  EXPECT_EQ(without.statistics().rows, 13U);
  EXPECT_EQ(text(without.statistics().median), "1");
  EXPECT_FALSE(without.score(decimal("-500")).z || without.score(decimal("-500")).mad);
  EXPECT_EQ(without.score(decimal("-500")).flags, Methods{});
  EXPECT_EQ(without.flagged_rows(values).anomalies, 1U);
  const OutlierDetector with(values, {.takes_refunds = true});
  EXPECT_EQ(with.refunds_left_out(), 0U);
  EXPECT_EQ(with.statistics().rows, 16U);
  EXPECT_EQ(with.flagged_rows(values).anomalies, 3U);
}

TEST(OutlierDetectorTest, RefundsAloneAreAnEmptyPopulation) {
  const OutlierDetector detector({{{decimal("-3"), 20}, {decimal("-2"), 20}}}, {});
  EXPECT_EQ(detector.outcome(), Outcome::kTooFewRows);
  EXPECT_EQ(detector.refunds_left_out(), 40U);
  EXPECT_EQ(text(detector.statistics().mean), "none");
}

TEST(OutlierDetectorTest, RefusesWhatIsNoHistogramAmongRefundsToo) {
  EXPECT_EQ(kind_thrown_by([] { OutlierDetector({{{decimal("-3"), 0}, {decimal("2"), 20}}}, {}); }),
            ErrorKind::kInternal);
  EXPECT_EQ(kind_thrown_by([] { OutlierDetector({}, {.votes = 2}); }), ErrorKind::kInvalidConfig);
}

TEST(OutlierDetectorTest, AScoreThatDoesNotFitIsTheLargestDecimal) {
  const std::string smallest = std::string("-") + kLargest;
  const auto values =
      histogram(rows_of({smallest, "0", "0", "0", "0.000000000000000001", "0.000000000000000001",
                         "0.000000000000000002", "0.000000000000000002", "0.000000000000000003",
                         "0.000000000000000003", kLargest}));
  const OutlierDetector detector(values, {.takes_refunds = true});
  EXPECT_EQ(text(detector.statistics().mad), "0.000000000000000001");
  EXPECT_EQ(text(detector.score(decimal(kLargest)).mad), kLargest);
  EXPECT_EQ(text(detector.score(decimal(smallest)).mad), smallest);
  EXPECT_TRUE(detector.score(decimal(kLargest)).is_anomaly);
  EXPECT_TRUE(detector.score(decimal(smallest)).is_anomaly);
}

TEST(OutlierDetectorTest, FlagsWhatIsBeyondAThresholdAndNotWhatIsAtIt) {
  // Median 10, MAD 1: the scores are 0.6745 times the distance from 10.
  const auto values =
      histogram(rows_of({"8", "9", "9", "9", "10", "10", "10", "11", "11", "11", "12"}));
  const OutlierDetector detector(values, {.mad_threshold = decimal("3.3725")});
  EXPECT_EQ(text(detector.score(decimal("15")).mad), "3.3725");
  EXPECT_FALSE(detector.score(decimal("15")).flags.mad);
  EXPECT_TRUE(detector.score(decimal("15.000000000000000002")).flags.mad);
  EXPECT_TRUE(detector.score(decimal("4.999999999999999998")).flags.mad);
  // The upper percentile is 11.9.
  EXPECT_FALSE(detector.score(decimal("11.9")).flags.percentile);
  EXPECT_TRUE(detector.score(decimal("11.900000000000000001")).flags.percentile);
}

TEST(OutlierDetectorTest, DecidingMethodsVoteAndOthersOnlyFlag) {
  const auto values =
      histogram(rows_of({"8", "9", "9", "9", "10", "10", "10", "11", "11", "11", "12", "30"}));
  const auto score = [&](Methods deciding, int votes) {
    return OutlierDetector(values, {.deciding = deciding, .votes = votes}).score(decimal("30"));
  };
  const Score one = score({.mad = true}, 1);
  EXPECT_EQ(one.flags, (Methods{.z_score = true, .mad = true, .percentile = true}));
  EXPECT_EQ(one.votes, 1);
  EXPECT_EQ(score({true, true, true}, 3).votes, 3);
  EXPECT_TRUE(score({true, true, true}, 3).is_anomaly);
  // 8 is below the lower percentile, 8.11, and nothing else.
  const OutlierDetector two_of_three(values, {.deciding = {true, true, true}, .votes = 2});
  EXPECT_EQ(two_of_three.score(decimal("8")).votes, 1);
  EXPECT_FALSE(two_of_three.score(decimal("8")).is_anomaly);
  EXPECT_EQ(score({.z_score = true, .percentile = true}, 2).votes, 2);
}

TEST(OutlierDetectorTest, AZScoreIsAtMostWhatTheNumberOfRowsAllows) {
  // (n - 1) / sqrt(n), by Python: 9 / Decimal(10).sqrt() and 10 / Decimal(11).sqrt().
  const auto highest = [](std::uint64_t others) {
    const Decimal outlier = decimal("1000000");
    return text(OutlierDetector({{{Decimal(), others}, {outlier, 1}}}, {}).score(outlier).z);
  };
  EXPECT_EQ(highest(9), "2.846049894151541399");
  EXPECT_EQ(highest(10), "3.015113445777636226");
}

TEST(OutlierDetectorTest, CountsFlaggedRowsByTheirWeight) {
  const std::vector<WeightedValue> values = {{decimal("1"), 400},
                                             {decimal("2"), 500},
                                             {decimal("3"), 400},
                                             {decimal("6"), 10},
                                             {decimal("9"), 5}};
  const OutlierDetector detector(values, {});  // median 2, MAD 1
  const FlaggedRows flagged = detector.flagged_rows(values);
  EXPECT_EQ(flagged.mad, 5U);         // 0.6745 * 7
  EXPECT_EQ(flagged.z_score, 15U);    // the deviation is 0.95
  EXPECT_EQ(flagged.percentile, 5U);  // 99% of the rows are up to 6
  EXPECT_EQ(flagged.any, 15U);
  EXPECT_EQ(flagged.anomalies, 5U);
}

TEST(OutlierDetectorTest, AgreesWithFractionsOverTheListOfRows) {
  std::mt19937_64 random(20260502);
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t different = 2 + random() % 60;
    const Int128 unit = power_of_10(static_cast<int>(random() % 33));
    std::vector<Decimal> rows;
    for (std::uint64_t i = 0, size = 10 + random() % 20; i < size; ++i) {
      rows.push_back(Decimal::from_unscaled(static_cast<Int128>(random() % different) * unit));
    }
    const MadOfZero mad_of_zero =
        round % 2 == 0 ? MadOfZero::kMeanAbsoluteDeviation : MadOfZero::kTiny;
    const auto values = histogram(rows);
    if (values.size() == 1) continue;
    const ExpandedRows expected(rows);
    const OutlierDetector detector(values, {.mad_of_zero = mad_of_zero});
    for (const auto& one : values) {
      const Score score = detector.score(one.value);
      EXPECT_EQ(ExpandedRows::digits(score.z), ExpandedRows::digits(expected.z_score(one.value)));
      // A millionth may be too small for large values, see AScoreThatDoesNotFit….
      const auto mad_score = expected.mad_score(one.value, mad_of_zero);
      if (mad_score && abs(*mad_score) > ExpandedRows::Integer(power_of_10(38))) continue;
      EXPECT_EQ(ExpandedRows::digits(score.mad), ExpandedRows::digits(mad_score));
    }
    ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round;
  }
}

TEST(OutlierDetectorTest, UsesTheQuotientsAndProductsOfDecimals) {
  const auto values = histogram(rows_of(
      {"0.1", "0.2", "0.2", "0.2", "0.37", "1.05", "12.5", "13", "13.1", "14", "9999999999.99"}));
  const OutlierDetector detector(values, {});
  const auto& statistics = detector.statistics();
  for (const auto& one : values) {
    const Score score = detector.score(one.value);
    EXPECT_EQ(score.z,
              Decimal::quotient(one.value - *statistics.mean, *statistics.standard_deviation));
    EXPECT_EQ(score.mad, Decimal::quotient(decimal("0.6745") * (one.value - *statistics.median),
                                           *statistics.mad));
  }
}

}  // namespace
}  // namespace finops::anomaly
