#include "finops/report/html_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "finops/report/html_table.h"

namespace finops::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kBad = "<script>alert(1)</script>\"'";

RowSample sample(const std::string& text) {
  return {{{text, "VARCHAR", CellForm::kText}, {"cost", "DECIMAL(38,18)", CellForm::kNumber}},
          {{text, "12.500000000000000000"}, {std::nullopt, std::nullopt}},
          2};
}

/// A report in which every text is `text`.
ReportData data_of(const std::string& text) {
  ReportData data;
  data.project = data.description = data.semantics = data.made_at = text;
  DatasetSection dataset;
  dataset.name = dataset.description = dataset.built_at = text;
  dataset.quality.bronze_rows = 3;
  dataset.quality.valid_rows = 1;
  dataset.quality.quarantined_rows = 2;
  dataset.quality.reasons = dataset.quality.flags = {{text, 2}};
  dataset.quality.money = {{text, text, Decimal::parse("3.10")->value,
                            Decimal::parse("1.05")->value, Decimal::parse("2.05")->value}};
  dataset.quarantine = sample(text);
  data.datasets = {dataset};
  data.waivers = {{text, text, text, text, text, 1}};
  Plot plot;
  plot.title = plot.x_name = plot.y_name = plot.remark = text;
  plot.series = {text, text};
  plot.points = {{0, text, 0, 1, text}, {0, text, 1, 1, text}};
  AnomalySection anomalies;
  anomalies.model = anomalies.description = anomalies.amount = text;
  anomalies.severities = anomalies.methods = {{text, text, 1, text}};
  anomalies.largest = sample(text);
  anomalies.plot = plot;
  data.anomalies = {anomalies};
  ModelSection model;
  model.name = model.description = model.table = model.built_at = text;
  model.is_made = true;
  model.tests = {text};
  model.columns = {{text, text, text}};
  model.first = sample(text);
  model.plot = plot;
  data.models = {model};
  return data;
}

TEST(HtmlPageTest, NoTextBecomesMarkup) {
  const std::string page = html_page(data_of(kBad));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;"));
  // As many quotes as a page of harmless texts: none came out of an attribute.
  const std::string good = html_page(data_of("good"));
  EXPECT_EQ(std::ranges::count(page, '"'), std::ranges::count(good, '"'));
  EXPECT_EQ(std::ranges::count(page, '<'), std::ranges::count(good, '<'));
}

TEST(HtmlPageTest, ThePageAsksForNothing) {
  const std::string page = html_page(data_of("good"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'sha256-"));
  for (const char* part : {"http://", "https://", "src=", "<link", "url(", "@import", "style="}) {
    EXPECT_THAT(page, Not(HasSubstr(part)));
  }
}

TEST(HtmlPageTest, MoneyIsShownWithItsProof) {
  ReportData data = data_of("good");
  EXPECT_THAT(html_page(data), HasSubstr("<td class=\"n\">3.1</td><td class=\"n\">1.05</td>"
                                         "<td class=\"n\">2.05</td><td class=\"good\">exact"));
  data.datasets[0].quality.money[0].silver = Decimal();
  EXPECT_THAT(html_page(data), HasSubstr("<td class=\"bad\">differs"));
}

TEST(HtmlPageTest, ATableThatNoRunHasMadeIsTold) {
  ReportData data = data_of("good");
  data.models[0] = {.name = "later", .description = "To come"};
  EXPECT_THAT(html_page(data), HasSubstr("No run has made this table yet."));
}

TEST(HtmlPageTest, AProjectWithoutTroubleHasEmptySections) {
  ReportData data = data_of("good");
  data.datasets[0].quality.quarantined_rows = 0;
  data.datasets[0].quality.reasons.clear();
  data.anomalies.clear();
  const std::string page = html_page(data);
  EXPECT_THAT(page, HasSubstr("No row is in quarantine."));
  EXPECT_THAT(page, Not(HasSubstr("id=\"anomalies\"")));
}

TEST(HtmlTableTest, CellsAreExactAndNullsAreTold) {
  const std::string table = sample_table(sample("a"), "c");
  EXPECT_THAT(table, HasSubstr("<td>a</td><td class=\"n\">12.5</td>"));
  EXPECT_THAT(table, HasSubstr("<td class=\"null\">null</td><td class=\"null\">null</td>"));
  EXPECT_THAT(table, HasSubstr("<th scope=\"col\" class=\"n\">cost</th>"));
}

TEST(HtmlTableTest, CodesAreMarks) {
  EXPECT_EQ(codes_html(R"(["a","<b>"])"),
            "<span class=\"chip\">a</span><span class=\"chip\">&lt;b&gt;</span>");
  EXPECT_EQ(codes_html("[]"), "");
  EXPECT_EQ(codes_html("<no json>"), "&lt;no json&gt;");
}

TEST(HtmlTableTest, LongTextsAreCut) {
  const std::string table = sample_table(sample(std::string(10'000, 'x')), "c");
  EXPECT_THAT(table, HasSubstr("<td class=\"long\">" + std::string(240, 'x') + "…</td>"));
}

}  // namespace
}  // namespace finops::report
