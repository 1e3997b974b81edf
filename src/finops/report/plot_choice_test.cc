#include "finops/report/plot_choice.h"

#include <gtest/gtest.h>

namespace finops::report {
namespace {

using datasets::ModelPlot;
using Kind = PlotChoice::Kind;

const ResultColumn kOrg{"org", "VARCHAR", CellForm::kText};
const ResultColumn kService{"service", "VARCHAR", CellForm::kText};
const ResultColumn kDay{"used_on", "DATE", CellForm::kText};
const ResultColumn kMonth{"year_month", "VARCHAR", CellForm::kText};
const ResultColumn kRows{"rows", "BIGINT", CellForm::kNumber};
const ResultColumn kCost{"cost", "DECIMAL(38,18)", CellForm::kNumber};

TEST(PlotChoiceTest, DatesAndDecimalsAreALineByTheFirstText) {
  const auto choice = choose_plot({}, {kOrg, kService, kDay, kRows, kCost});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->kind, Kind::kLine);
  EXPECT_EQ(choice->x, "used_on");
  EXPECT_FALSE(choice->x_is_text);
  EXPECT_EQ(choice->y, "cost");
  EXPECT_EQ(choice->series, "org");
}

TEST(PlotChoiceTest, ATextThatIsCalledAMonthIsADate) {
  const auto choice = choose_plot({}, {kMonth, kOrg, kCost});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->x, "year_month");
  EXPECT_TRUE(choice->x_is_text);
  EXPECT_EQ(choice->series, "org");
  EXPECT_EQ(choose_plot({}, {kMonth, kCost})->series, "");
}

TEST(PlotChoiceTest, WithoutDatesThereAreBars) {
  const auto choice = choose_plot({}, {kOrg, kRows});
  ASSERT_TRUE(choice);
  EXPECT_EQ(choice->kind, Kind::kBar);
  EXPECT_EQ(choice->x, "org");
  EXPECT_EQ(choice->y, "rows");
}

TEST(PlotChoiceTest, WhatCannotBeDrawnIsNot) {
  EXPECT_FALSE(choose_plot({}, {kOrg, kDay}));
  EXPECT_FALSE(choose_plot({}, {kCost}));
  EXPECT_FALSE(choose_plot({}, {}));
  EXPECT_FALSE(choose_plot({.kind = ModelPlot::Kind::kNone}, {kDay, kCost}));
  EXPECT_FALSE(choose_plot({.kind = ModelPlot::Kind::kLine}, {kOrg, kCost}));
  EXPECT_FALSE(choose_plot({.y = "org"}, {kOrg, kDay, kCost}));
  EXPECT_FALSE(choose_plot({.x = "cost"}, {kOrg, kDay, kCost}));
}

TEST(PlotChoiceTest, TheModelsFileDecides) {
  const auto line =
      choose_plot({.y = "rows", .series = "service"}, {kOrg, kService, kDay, kRows, kCost});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->y, "rows");
  EXPECT_EQ(line->series, "service");
  const auto bar =
      choose_plot({.kind = ModelPlot::Kind::kBar, .x = "service"}, {kOrg, kService, kDay, kCost});
  ASSERT_TRUE(bar);
  EXPECT_EQ(bar->kind, Kind::kBar);
  EXPECT_EQ(bar->x, "service");
}

TEST(PlotChoiceTest, AColumnThatTheTableHasNotYetIsNotDrawn) {
  EXPECT_FALSE(choose_plot({.y = "profit"}, {kOrg, kDay, kCost}));
  EXPECT_FALSE(choose_plot({.series = "region"}, {kOrg, kDay, kCost}));
  EXPECT_FALSE(choose_plot({.x = "made_on"}, {kOrg, kDay, kCost}));
  EXPECT_FALSE(choose_plot({.kind = ModelPlot::Kind::kBar, .x = "region"}, {kOrg, kCost}));
}

}  // namespace
}  // namespace finops::report
