#include "finops/report/svg_plot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace finops::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::string svg(const Plot& plot) { return svg_of(plot, "p", description_of(plot)); }

/// Every number of an attribute lies in the picture: no "nan", no "inf", nothing outside.
void expect_within(const std::string& text, double height) {
  EXPECT_THAT(text, Not(HasSubstr("nan")));
  EXPECT_THAT(text, Not(HasSubstr("inf")));
  const std::regex place(" (x|y|x1|x2|y1|y2|cx|cy|width|height)=\"([^\"]*)\"");
  for (std::sregex_iterator it(text.begin(), text.end(), place), end; it != end; ++it) {
    const double value = std::stod((*it)[2]);
    const bool is_height = (*it)[1].str().find('y') != std::string::npos || (*it)[1] == "height";
    EXPECT_GE(value, 0) << it->str();
    EXPECT_LE(value, is_height ? height : 960) << it->str();
  }
}

Plot lines(std::vector<Plot::Point> points, std::vector<std::string> series) {
  Plot plot;
  plot.title = "cost by day";
  plot.x_name = "day";
  plot.y_name = "cost";
  plot.series = std::move(series);
  plot.points = std::move(points);
  return plot;
}

TEST(SvgPlotTest, SeriesThatAreNeverNegativeAreStacked) {
  Plot plot = lines({{0, "", 0, 1, "1"}, {0, "", 1, 2, "2"}, {1, "", 0, 3, "3"}}, {"a", "b"});
  plot.has_others = true;
  const std::string text = svg(plot);
  EXPECT_EQ(count_of(text, "<polygon"), 2u);
  EXPECT_THAT(text, HasSubstr("area s0"));
  EXPECT_THAT(text, HasSubstr("area other"));
  EXPECT_THAT(text, HasSubstr("<title>1970-01-01\na: 1\nb: 2</title>"));
  EXPECT_THAT(text, HasSubstr("<title>1970-01-02\na: 3</title>"));
  expect_within(text, 300);
}

TEST(SvgPlotTest, AmountsBelowZeroAreLines) {
  const std::string text =
      svg(lines({{0, "", 0, -5, "-5"}, {0, "", 1, 2, "2"}, {9, "", 0, 3, "3"}}, {"a", "b"}));
  EXPECT_EQ(count_of(text, "<polygon"), 0u);
  EXPECT_EQ(count_of(text, "<polyline"), 2u);
  EXPECT_EQ(count_of(text, "class=\"zero\""), 1u);
  expect_within(text, 300);
}

TEST(SvgPlotTest, OnePointIsSeen) {
  const std::string one = svg(lines({{5, "", 0, 7, "7"}}, {""}));
  EXPECT_EQ(count_of(one, "<circle"), 1u);
  EXPECT_THAT(one, HasSubstr("<title>1970-01-06\ncost: 7</title>"));
  expect_within(one, 300);
  const std::string two = svg(lines({{5, "", 0, 7, "7"}, {5, "", 1, 0, "0"}}, {"a", "b"}));
  EXPECT_EQ(count_of(two, "class=\"area"), 2u);
  expect_within(two, 300);
}

TEST(SvgPlotTest, NothingToDrawSaysSo) {
  for (const auto kind : {Plot::Kind::kLine, Plot::Kind::kBar, Plot::Kind::kStrip}) {
    Plot plot = lines({}, {});
    plot.kind = kind;
    EXPECT_THAT(svg(plot), HasSubstr(">nothing to draw</text>"));
    EXPECT_THAT(svg(plot), HasSubstr("There is nothing to draw."));
  }
}

TEST(SvgPlotTest, OnlyZerosHaveAnAxis) {
  expect_within(svg(lines({{0, "", 0, 0, "0"}, {1, "", 0, 0, "0"}}, {""})), 300);
  Plot bars = lines({{0, "a", 0, 0, "0"}}, {});
  bars.kind = Plot::Kind::kBar;
  expect_within(svg(bars), 100);
}

TEST(SvgPlotTest, BarsGoToBothSidesOfZero) {
  Plot plot = lines({{0, "up", 0, 30, "30.000001"}, {0, "down", 0, -10, "-10"}}, {});
  plot.kind = Plot::Kind::kBar;
  const std::string text = svg(plot);
  // From 220 to 870 pixels for -10 to 30: zero is at 382.5.
  EXPECT_THAT(text, HasSubstr("class=\"zero\" x1=\"382.5\""));
  EXPECT_THAT(text, HasSubstr("<title>up: 30.000001</title>"));
  EXPECT_THAT(text, HasSubstr("x=\"220\" y=\"42.5\" width=\"162.5\""));
  expect_within(text, 80);
}

TEST(SvgPlotTest, DotsAreColouredBySeverityAndGuidesAreDrawn) {
  Plot plot = lines({{0, "cost 3, <db>", 2, 5, "5.5"}, {40, "", 0, 60, "60"}},
                    {"critical", "high", "medium"});
  plot.kind = Plot::Kind::kStrip;
  plot.guides = {4};
  const std::string text = svg(plot);
  EXPECT_THAT(text, HasSubstr("dot v2"));
  EXPECT_THAT(text, HasSubstr("dot v0"));
  EXPECT_EQ(count_of(text, "class=\"guide\""), 1u);
  EXPECT_THAT(text, HasSubstr("1970-01-01: cost 5.5\ncost 3, &lt;db&gt;"));
  expect_within(text, 300);
}

TEST(SvgPlotTest, EverythingThatIsDataIsEscaped) {
  const std::string bad = "<script>alert(1)</script>";
  Plot plot = lines({{0, bad, 0, 1, "1"}, {1, bad, 1, 1, "1"}}, {bad, bad + "\""});
  plot.title = plot.x_name = plot.y_name = bad;
  for (const auto kind : {Plot::Kind::kLine, Plot::Kind::kBar, Plot::Kind::kStrip}) {
    plot.kind = kind;
    EXPECT_THAT(svg(plot), Not(HasSubstr("<script")));
  }
}

TEST(SvgPlotTest, APictureHasATitleAndADescription) {
  Plot plot = lines({{0, "", 0, 1, "1.25"}, {31, "", 0, 8, "8.5"}}, {""});
  plot.is_monthly = true;
  const std::string text = svg_of(plot, "plot-x", description_of(plot));
  EXPECT_THAT(text, HasSubstr("role=\"img\" aria-labelledby=\"plot-x-title plot-x-desc\""));
  EXPECT_THAT(text, HasSubstr("<title id=\"plot-x-title\">cost by day</title>"));
  EXPECT_THAT(text, HasSubstr("<desc id=\"plot-x-desc\">Sums of one series from 1970-01 to "
                              "1970-02; the greatest is 8.5 (1970-02).</desc>"));
}

}  // namespace
}  // namespace finops::report
