#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "finops/anomaly/generated_costs.h"
#include "finops/anomaly/outlier_detector.h"

namespace finops::anomaly {
namespace {

using ::testing::HasSubstr;

/// How well anomalies and spikes agree.
struct Quality {
  std::uint64_t rows = 0, spikes = 0, flagged = 0, flagged_spikes = 0;

  static Decimal share(std::uint64_t part, std::uint64_t whole) {
    return Decimal::quotient(Decimal::from_unscaled(Int128{part}),
                             Decimal::from_unscaled(Int128{whole}));
  }
  Decimal flagged_share() const { return share(flagged, rows); }
  Decimal precision() const { return share(flagged_spikes, flagged); }
  Decimal recall() const { return share(flagged_spikes, spikes); }
};

Quality quality(const std::vector<GeneratedCosts::Group>& groups, const Rules& rules) {
  Quality result;
  for (const auto& group : groups) {
    const OutlierDetector detector(GeneratedCosts::values_of(group), rules);
    for (const auto& [value, rows] : group) {
      result.rows += rows.usual + rows.spikes;
      result.spikes += rows.spikes;
      if (!detector.score(value).is_anomaly) continue;
      result.flagged += rows.usual + rows.spikes;
      result.flagged_spikes += rows.spikes;
    }
  }
  return result;
}

Decimal decimal(const char* text) { return Decimal::parse(text)->value; }

TEST(DetectionQualityTest, ByGroupTheDefaultsFindSpikesAtEveryPriceLevelAndGloballyTheyDoNot) {
  const auto costs = GeneratedCosts::make(Scatter::kNormal);
  const Quality grouped = quality(costs.groups(), {});
  EXPECT_EQ(grouped.spikes, 160U);
  EXPECT_GE(grouped.recall(), decimal("0.95"));
  EXPECT_GE(grouped.precision(), decimal("0.9"));
  const Quality global = quality({costs.together()}, {});
  EXPECT_LT(global.recall(), decimal("0.5"));
  EXPECT_LT(global.precision(), decimal("0.1"));
}

/// "12.3 %", to the nearest tenth.
std::string percent(Decimal share) {
  const Int128 tenths = (share.unscaled() / 100'000'000'000'000 + 5) / 10;
  return std::to_string(static_cast<int>(tenths / 10)) + "." +
         std::to_string(static_cast<int>(tenths % 10)) + " %";
}

std::string cells(const Quality& quality) {
  return " | " + percent(quality.flagged_share()) + " | " + percent(quality.precision()) + " | " +
         percent(quality.recall());
}

std::string table(Scatter scatter) {
  const std::vector<std::pair<std::string, Rules>> methods = {
      {"z score, 3", {.deciding = {.z_score = true}}},
      {"MAD, 3", {.mad_threshold = decimal("3")}},
      {"MAD, 3.5", {.mad_threshold = decimal("3.5")}},
      {"MAD, 4", {}},
      {"percentiles, 1 % and 99 %", {.deciding = {.percentile = true}}},
      {"any, with MAD 3", {.mad_threshold = decimal("3"), .deciding = {true, true, true}}},
      {"two of three, with MAD 4", {.deciding = {true, true, true}, .votes = 2}}};
  const auto costs = GeneratedCosts::make(scatter);
  const std::vector<GeneratedCosts::Group> together = {costs.together()};
  std::string text =
      "| method | globally: flagged | precision | recall | by service: flagged | precision | "
      "recall |\n|---|---|---|---|---|---|---|\n";
  for (const auto& [name, rules] : methods) {
    text += "| " + name + cells(quality(together, rules)) + cells(quality(costs.groups(), rules)) +
            " |\n";
  }
  return text;
}

TEST(DetectionQualityTest, TheTablesOfTheManualAreWhatTheMethodsDo) {
  std::ifstream file(FINOPS_DOCS "/anomaly.md");
  const std::string manual{std::istreambuf_iterator<char>(file), {}};
  for (const Scatter scatter : {Scatter::kNormal, Scatter::kLogNormal}) {
    EXPECT_THAT(manual, HasSubstr(table(scatter))) << "docs/anomaly.md needs this";
  }
}

}  // namespace
}  // namespace finops::anomaly
