#include "finops/anomaly/population_statistics.h"

#include <gtest/gtest.h>

#include <random>

#include "finops/anomaly/expanded_rows.h"
#include "tests/support/thrown.h"

namespace finops::anomaly {
namespace {

constexpr const char* kLargest = "99999999999999999999.999999999999999999";

PopulationStatistics statistics_of(const std::vector<WeightedValue>& values,
                                   const char* lower = "0.01", const char* upper = "0.99") {
  return population_statistics(values, decimal(lower), decimal(upper));
}

/// Each count and value, such as {{3, "0.2"}}.
std::vector<WeightedValue> weighted(
    const std::vector<std::pair<std::uint64_t, std::string>>& counts) {
  std::vector<WeightedValue> values;
  for (const auto& [count, value] : counts) values.push_back({decimal(value), count});
  return values;
}

std::string text(const std::optional<Decimal>& number) {
  return number ? number->to_string() : "none";
}

// Numbers that stand here were calculated by Python, over the list s of rows in ascending order:
//   from decimal import *; getcontext().prec = 400; getcontext().rounding = ROUND_HALF_EVEN
//   q = lambda x: x.quantize(Decimal(1).scaleb(-18))
//   mean = q(sum(s) / n); sd = q((sum((x - mean) ** 2 for x in s) / (n - 1)).sqrt())
//   median = q((s[(n - 1) // 2] + s[n // 2]) / 2); d = sorted(abs(x - median) for x in s)
//   mad = q((d[(n - 1) // 2] + d[n // 2]) / 2); mean_absolute_deviation = q(sum(d) / n)
//   at = p * (n - 1); k = int(at); percentile = q(s[k] + (s[k + 1] - s[k]) * (at - k))
TEST(PopulationStatisticsTest, AgreesWithPythonsDecimals) {
  const auto bill = statistics_of(weighted({{1, "0.1"},
                                            {3, "0.2"},
                                            {1, "0.37"},
                                            {1, "1.05"},
                                            {1, "12.5"},
                                            {1, "13"},
                                            {1, "13.1"},
                                            {1, "14"},
                                            {1, "99.99"}}));
  EXPECT_EQ(bill.rows, 11U);
  EXPECT_EQ(text(bill.mean), "14.064545454545454545");
  EXPECT_EQ(text(bill.standard_deviation), "29.182706647477496664");
  EXPECT_EQ(text(bill.median), "1.05");
  EXPECT_EQ(text(bill.mad), "0.95");
  EXPECT_EQ(text(bill.mean_absolute_deviation), "13.774545454545454545");
  EXPECT_EQ(text(bill.lower_percentile), "0.11");
  EXPECT_EQ(text(bill.upper_percentile), "91.391");
}

TEST(PopulationStatisticsTest, IsExactAtTheLimitsOfDecimals) {
  const auto large = statistics_of(weighted({{5, "0.000000000000000001"}, {7, kLargest}}));
  EXPECT_EQ(text(large.mean), "58333333333333333333.333333333333333333");
  EXPECT_EQ(text(large.standard_deviation), "51492865054443722564.159094904430209343");
  EXPECT_EQ(text(large.median), kLargest);
  EXPECT_EQ(text(large.mad), "0");
  EXPECT_EQ(text(large.mean_absolute_deviation), "41666666666666666666.666666666666666666");
  EXPECT_EQ(text(large.lower_percentile), "0.000000000000000001");
}

TEST(PopulationStatisticsTest, ADeviationThatDoesNotFitIsTheLargestDecimal) {
  const std::string smallest = std::string("-") + kLargest;
  const auto both = statistics_of(weighted({{6, smallest}, {6, kLargest}}), "0", "0.5");
  EXPECT_EQ(text(both.mean), "0");
  EXPECT_EQ(text(both.standard_deviation), kLargest);  // 1.044 times that
  EXPECT_EQ(text(both.median), "0");
  EXPECT_EQ(text(both.mad), kLargest);
  EXPECT_EQ(text(both.mean_absolute_deviation), kLargest);
  EXPECT_EQ(text(both.lower_percentile), smallest);
  EXPECT_EQ(text(both.upper_percentile), "0");
}

TEST(PopulationStatisticsTest, HoldsAsManyRowsAsCanBeCounted) {
  const std::uint64_t half = std::uint64_t{1} << 63;
  const auto all = statistics_of({{decimal("-2"), half}, {decimal("1"), half - 1}});
  EXPECT_EQ(all.rows, ~std::uint64_t{0});
  EXPECT_EQ(text(all.median), "-2");
  EXPECT_EQ(text(all.mean), "-0.5");
  EXPECT_EQ(text(all.standard_deviation), "1.5");
  EXPECT_EQ(text(all.upper_percentile), "1");
}

TEST(PopulationStatisticsTest, RoundsHalfEven) {
  const auto units = [](const std::vector<int>& rows) {
    std::vector<Decimal> decimals;
    for (const int row : rows) decimals.push_back(Decimal::from_unscaled(row));
    return statistics_of(histogram(decimals));
  };
  const auto unscaled = [](const std::optional<Decimal>& number) {
    return static_cast<int>(number->unscaled());
  };
  // The mean 10.2 becomes 10; then 4 = rows - 1 makes quarters.
  EXPECT_EQ(unscaled(units({10, 10, 10, 10, 11}).standard_deviation), 0);  // 0.5
  EXPECT_EQ(unscaled(units({8, 10, 10, 11, 12}).standard_deviation), 2);   // 1.5
  EXPECT_EQ(unscaled(units({7, 10, 10, 10, 14}).standard_deviation), 2);   // 2.5
  EXPECT_EQ(unscaled(units({1, 2}).median), 2);
  EXPECT_EQ(unscaled(units({2, 3}).median), 2);
  EXPECT_EQ(unscaled(units({-2, -1}).median), -2);
  EXPECT_EQ(unscaled(units({-3, -2}).median), -2);
  EXPECT_EQ(unscaled(units({-1, 0}).mean), 0);
  EXPECT_EQ(unscaled(units({-2, -1}).mean), -2);
  EXPECT_EQ(unscaled(units({0, 0, 2, 4}).mad), 1);  // deviations 1 1 1 3
  EXPECT_EQ(unscaled(units({0, 0, 3, 4}).mad), 2);  // about 1.5, so 2: 1 2 2 2
}

TEST(PopulationStatisticsTest, OneRowHasNoDeviationAndNoRowsHaveNothing) {
  const auto one = statistics_of(weighted({{1, "7.5"}}));
  EXPECT_EQ(text(one.mean), "7.5");
  EXPECT_EQ(text(one.upper_percentile), "7.5");
  EXPECT_EQ(text(one.standard_deviation), "none");
  const auto none = statistics_of({});
  EXPECT_EQ(none.rows, 0U);
  for (const auto& number : {none.mean, none.median, none.mad, none.lower_percentile}) {
    EXPECT_EQ(text(number), "none");
  }
}

TEST(PopulationStatisticsTest, RefusesWhatIsNoHistogram) {
  for (const auto& values :
       {weighted({{1, "2"}, {1, "1"}}), weighted({{1, "2"}, {1, "2"}}),
        weighted({{1, "2"}, {0, "3"}}), weighted({{~std::uint64_t{0}, "2"}, {1, "3"}})}) {
    EXPECT_EQ(kind_thrown_by([&] { statistics_of(values); }), ErrorKind::kInternal);
  }
}

/// Rows of every size and sign, with many that are the same.
std::vector<Decimal> random_rows(std::mt19937_64& random) {
  const std::size_t size = 1 + random() % 40;
  const int digits = static_cast<int>(1 + random() % 38);
  const std::uint64_t different = 1 + random() % 30;
  const Int128 unit = power_of_10(digits) / 40;
  std::vector<Decimal> rows;
  for (std::size_t i = 0; i < size; ++i) {
    const auto steps = static_cast<Int128>(random() % different) - 8;
    rows.push_back(Decimal::from_unscaled(steps * (unit + 1) + static_cast<Int128>(random() % 2)));
  }
  return rows;
}

TEST(PopulationStatisticsTest, AgreesWithFractionsOverTheListOfRows) {
  std::mt19937_64 random(20260501);
  for (int round = 0; round < 200; ++round) {
    const auto rows = random_rows(random);
    const ExpandedRows expected(rows);
    const Decimal lower =
        Decimal::from_unscaled(static_cast<Int128>(random() % 500) * 1'000'000'000'000'000);
    const Decimal upper = decimal("1") - lower;
    const auto actual = population_statistics(histogram(rows), lower, upper);
    EXPECT_EQ(actual.rows, rows.size());
    const auto expect_same = [](const auto& number, const ExpandedRows::Fraction& fraction) {
      EXPECT_EQ(ExpandedRows::digits(number), ExpandedRows::digits(fraction));
    };
    expect_same(actual.mean, expected.mean);
    expect_same(actual.median, expected.median);
    expect_same(actual.mad, expected.mad);
    expect_same(actual.mean_absolute_deviation, expected.mean_absolute_deviation);
    expect_same(actual.lower_percentile, expected.percentile(lower));
    expect_same(actual.upper_percentile, expected.percentile(upper));
    if (rows.size() > 1) expect_same(actual.standard_deviation, expected.standard_deviation);
    ASSERT_FALSE(::testing::Test::HasFailure()) << "round " << round;
  }
}

TEST(PopulationStatisticsTest, CountsAreAsGoodAsRepeatedRows) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 50; ++round) {
    const auto rows = random_rows(random);
    auto values = histogram(rows);
    std::vector<Decimal> thrice;
    for (int i = 0; i < 3; ++i) thrice.insert(thrice.end(), rows.begin(), rows.end());
    for (auto& one : values) one.count *= 3;
    const auto weighted_values = statistics_of(values), expanded = statistics_of(histogram(thrice));
    EXPECT_EQ(weighted_values.standard_deviation, expanded.standard_deviation);
    EXPECT_EQ(weighted_values.mad, statistics_of(histogram(rows)).mad);
    EXPECT_EQ(weighted_values.median, statistics_of(histogram(rows)).median);
    EXPECT_EQ(weighted_values.mean, statistics_of(histogram(rows)).mean);
  }
}

}  // namespace
}  // namespace finops::anomaly
