#include "finops/datasets/project_fixture.h"

namespace finops::datasets {
namespace {

using ModelReadingTest = ProjectTest;

TEST_F(ModelReadingTest, ReadsWhatIsWritten) {
  write("models/daily.sql", "SELECT 1 AS day");
  write("models/daily.toml", R"(description = "By day"
incremental_by = ["day"]
partition_by = ["day"]
[columns]
day = "Day"
total = "Amount"
[[test]]
unique = ["day"]
[[test]]
not_null = ["day", "z_score"]
[[test]]
relation = { column = "day", to = "silver.shops.Shop Name" }
[[test]]
sum_equals = { column = "total", source = "silver.orders.amount", where = "amount > 0" }
[[test]]
no_rows = "SELECT 1 WHERE false"
[anomaly]
amount = "total"
group_by = ["day"]
z_threshold = 2.5
mad_threshold = "3.5"
percentiles = [0.05, "0.95"]
min_rows = 3
mad_of_zero = "tiny"
deciding = ["z_score", "percentile"]
votes = 2
refunds = "take"
)");
  const Project project = read();
  ASSERT_EQ(project.models.size(), 1u);
  const Model& model = project.models[0];
  EXPECT_EQ(model.sql.sql, "SELECT 1 AS day");
  EXPECT_EQ(model.sql.origin.where, "p/models/daily.sql:1:1");
  EXPECT_EQ(model.description, "By day");
  EXPECT_EQ(model.incremental_by, std::vector<std::string>{"day"});
  ASSERT_EQ(model.partition_by.size(), 1u);
  EXPECT_EQ(model.partition_by.front().name, "day");
  EXPECT_EQ(model.columns[1].description, "Amount");
  ASSERT_EQ(model.tests.size(), 5u);
  EXPECT_EQ(model.tests[0].kind, ModelTest::Kind::kUnique);
  EXPECT_EQ(model.tests[1].kind, ModelTest::Kind::kNotNull);
  EXPECT_EQ(model.tests[1].columns, (std::vector<std::string>{"day", "z_score"}));
  EXPECT_EQ(model.tests[2].kind, ModelTest::Kind::kRelation);
  EXPECT_EQ(model.tests[2].other_table, "silver.shops");
  EXPECT_EQ(model.tests[2].other_column, "Shop Name");
  EXPECT_EQ(model.tests[3].kind, ModelTest::Kind::kSumEquals);
  EXPECT_EQ(model.tests[3].columns, std::vector<std::string>{"total"});
  EXPECT_EQ(model.tests[3].other_where.sql, "amount > 0");
  EXPECT_EQ(model.tests[4].kind, ModelTest::Kind::kNoRows);
  EXPECT_EQ(model.tests[4].sql.sql, "SELECT 1 WHERE false");
  const AnomalyStep& anomaly = model.anomaly.value();
  EXPECT_EQ(anomaly.z_threshold, Decimal::parse("2.5")->value);
  EXPECT_EQ(anomaly.mad_threshold, Decimal::parse("3.5")->value);
  EXPECT_EQ(anomaly.lower_percentile, Decimal::parse("0.05")->value);
  EXPECT_EQ(anomaly.upper_percentile, Decimal::parse("0.95")->value);
  EXPECT_EQ(anomaly.min_rows, 3);
  EXPECT_TRUE(anomaly.is_tiny_mad);
  EXPECT_EQ(anomaly.deciding, (std::set<std::string>{"percentile", "z_score"}));
  EXPECT_EQ(anomaly.votes, 2);
  EXPECT_TRUE(anomaly.takes_refunds);
}

TEST_F(ModelReadingTest, AnAnomalyStepHasTheDefaultsOfTheManual) {
  write("models/daily.sql", "SELECT 1");
  write("models/daily.toml", "description = \"d\"\n[anomaly]\namount = \"total\"\n");
  const AnomalyStep anomaly = read().models.at(0).anomaly.value();
  EXPECT_EQ(anomaly.z_threshold, Decimal::parse("3")->value);
  EXPECT_EQ(anomaly.mad_threshold, Decimal::parse("4")->value);
  EXPECT_EQ(anomaly.lower_percentile, Decimal::parse("0.01")->value);
  EXPECT_EQ(anomaly.upper_percentile, Decimal::parse("0.99")->value);
  EXPECT_EQ(anomaly.min_rows, 10);
  EXPECT_FALSE(anomaly.is_tiny_mad);
  EXPECT_EQ(anomaly.deciding, std::set<std::string>{"mad"});
  EXPECT_EQ(anomaly.votes, 1);
  EXPECT_FALSE(anomaly.takes_refunds);
}

TEST_F(ModelReadingTest, AModelIsSqlAndMayHaveADescription) {
  write("models/daily.sql", "SELECT 1");
  EXPECT_EQ(mistakes(), "no mistake");
  EXPECT_EQ(mistakes_of("models/daily.toml", ""),
            "p/models/daily.toml:1:1: 'description' is missing in a model's file");
  EXPECT_EQ(mistakes_of("models/daily.toml", "description = \"\""),
            "p/models/daily.toml:1:15: 'description' is empty; write something or remove the line");
  write("models/daily.toml", "description = \"d\"");
  EXPECT_EQ(mistakes_of("models/daily.sql", "/* later */ -- or never\n;"),
            "p/models/daily.sql:1:1: there is no SQL in this file");
  std::filesystem::remove("p/models/daily.sql");
  EXPECT_EQ(mistakes(),
            "p/models/daily.toml:1:1: a model needs its SQL: daily.sql is not there beside this "
            "file");
}

TEST_F(ModelReadingTest, TestsNameColumnsThatAreDescribed) {
  EXPECT_EQ(of_model("[columns]\nday = \"Day\"\n[[test]]\nunique = [\"days\"]\n"),
            "p/models/daily.toml:5:11: 'unique' names a column that [columns] does not: 'days'; "
            "did you mean 'day'?");
  EXPECT_EQ(of_model("[[test]]\nunique = [\"days\"]\n"), "no mistake");
}

TEST_F(ModelReadingTest, ATestIsOneTest) {
  EXPECT_EQ(of_model("[[test]]\n[[test]]\nunique = []\nno_rows = \"SELECT 1\"\n"),
            "the project has 3 mistakes:\n"
            "  p/models/daily.toml:2:1: a [[test]] has exactly one of unique, not_null, relation, "
            "sum_equals, no_rows, not 0\n"
            "  p/models/daily.toml:3:1: a [[test]] has exactly one of unique, not_null, relation, "
            "sum_equals, no_rows, not 2\n"
            "  p/models/daily.toml:4:10: 'unique' names no column");
}

TEST_F(ModelReadingTest, OtherTablesAndTheirColumnsAreThere) {
  EXPECT_EQ(of_model("[[test]]\nrelation = { column = \"day\", to = \"shops.shop_id\" }\n"),
            "p/models/daily.toml:3:35: 'to' names a column of another table, such as "
            "\"silver.usage_events.org_id\", not 'shops.shop_id'");
  EXPECT_EQ(of_model("[[test]]\nrelation = { column = \"day\", to = \"silver.shop.shop_id\" }\n"),
            "p/models/daily.toml:3:35: 'to' names no table: 'silver.shop'; did you mean "
            "'silver.shops'?");
  EXPECT_EQ(of_model("[[test]]\nrelation = { column = \"day\", to = \"silver.shops.shopid\" }\n"),
            "p/models/daily.toml:3:35: 'to' names no column of silver.shops: 'shopid'; did you "
            "mean 'shop_id'?");
  EXPECT_EQ(of_model("[[test]]\nsum_equals = { column = \"day\", source = "
                     "\"silver.shops.shop_id\" }\n"),
            "p/models/daily.toml:3:41: 'source' names 'silver.shops.shop_id', which is no decimal");
  EXPECT_EQ(of_model("[[test]]\nrelation = { to = \"gold.daily.anything\", where = \"true\" }\n"),
            "the project has 2 mistakes:\n"
            "  p/models/daily.toml:3:12: 'column' is missing in 'relation'\n"
            "  p/models/daily.toml:3:42: unknown key 'where' in 'relation'; the keys here are "
            "column, to");
}

TEST_F(ModelReadingTest, AnomalyStepsAreCheckedAsTheirRulesAre) {
  EXPECT_EQ(
      of_model("[columns]\nday = \"d\"\n[anomaly]\namount = \"total\"\nz_threshold = -1\n"
               "percentiles = [-1, 2]\nmin_rows = 0\ndeciding = [\"mad\", \"madness\"]\nvotes "
               "= 3\nrefunds = \"maybe\"\n"),
      "the project has 7 mistakes:\n"
      "  p/models/daily.toml:5:10: 'amount' names a column that [columns] does not: 'total'; "
      "the columns are day, z_score, mad_score, is_zscore, is_mad, is_percentile, "
      "is_anomaly, votes, population_rows, mean, stddev, median, mad, lower_percentile, "
      "upper_percentile\n"
      "  p/models/daily.toml:6:15: 'z_threshold' must not be negative, but is -1\n"
      "  p/models/daily.toml:7:15: 'percentiles' are from 0 to 1, such as [\"0.01\", "
      "\"0.99\"]\n"
      "  p/models/daily.toml:8:12: 'min_rows' must be from 1 to 1000000000, not 0\n"
      "  p/models/daily.toml:9:20: 'deciding' must hold some of z_score, mad, percentile, "
      "not 'madness'\n"
      "  p/models/daily.toml:10:9: 'votes' must be from 1 to 2, not 3\n"
      "  p/models/daily.toml:11:11: 'refunds' must be one of leave_out, take, not 'maybe'");
}

TEST_F(ModelReadingTest, AModelMaySayHowItIsDrawn) {
  write("models/daily.sql", "SELECT 1 AS day");
  write("models/daily.toml",
        "description = \"d\"\n[columns]\nday = \"d\"\ntotal = \"t\"\nshop = \"s\"\n"
        "[plot]\nkind = \"line\"\nx = \"day\"\ny = \"total\"\nseries = \"shop\"\n");
  const ModelPlot plot = read().models.at(0).plot;
  EXPECT_EQ(plot.kind, ModelPlot::Kind::kLine);
  EXPECT_EQ(plot.x, "day");
  EXPECT_EQ(plot.y, "total");
  EXPECT_EQ(plot.series, "shop");
  write("models/daily.toml", "description = \"d\"\n");
  EXPECT_EQ(read().models.at(0).plot.kind, ModelPlot::Kind::kAuto);
}

TEST_F(ModelReadingTest, APlotIsOfDescribedColumns) {
  EXPECT_EQ(
      of_model("[columns]\nday = \"d\"\n[plot]\nkind = \"pie\"\nx = \"days\"\nz = 1\n"),
      "the project has 3 mistakes:\n"
      "  p/models/daily.toml:5:8: 'kind' must be one of line, bar, none, not 'pie'\n"
      "  p/models/daily.toml:6:5: 'x' names a column that [columns] does not: 'days'; did you "
      "mean 'day'?\n"
      "  p/models/daily.toml:7:1: unknown key 'z' in [plot]; the keys here are kind, x, y, "
      "series");
  EXPECT_EQ(of_model("[columns]\nday = \"d\"\n[plot]\nkind = \"bar\"\nseries = \"day\"\n"),
            "p/models/daily.toml:6:10: 'series' is of lines; a bar is a value of 'x'");
  EXPECT_EQ(of_model("plot = 3\n"),
            "p/models/daily.toml:2:8: 'plot' must be a table, { … = … }, not a whole number");
}

TEST_F(ModelReadingTest, CollectionsNameAModelAndItsColumns) {
  write("models/daily.sql", "SELECT 1 AS day, 2 AS total");
  write("models/daily.toml", "description = \"d\"\n[columns]\nday = \"d\"\ntotal = \"t\"\n");
  write("collections/days.toml", "model = \"daily\"\nkey = [\"day\"]\ncolumns = [\"day\"]\n");
  const Project project = read();
  ASSERT_EQ(project.collections.size(), 1u);
  EXPECT_EQ(project.collections[0].name, "days");
  EXPECT_EQ(project.collections[0].key, std::vector<std::string>{"day"});
  EXPECT_EQ(mistakes_of("collections/days.toml", "model = \"dayly\"\n"),
            "the project has 2 mistakes:\n"
            "  p/collections/days.toml:1:1: 'key' is missing in a collection's file\n"
            "  p/collections/days.toml:1:9: there is no model 'dayly'; did you mean 'daily'?");
  EXPECT_EQ(
      mistakes_of("collections/days.toml",
                  "model = \"daily\"\nkey = [\"days\"]\ncolumns = [\"totals\"]\n"),
      "the project has 3 mistakes:\n"
      "  p/collections/days.toml:2:8: the model 'daily' has no column 'days'; did you mean "
      "'day'?\n"
      "  p/collections/days.toml:3:11: 'columns' leaves out 'days' of 'key'; add it\n"
      "  p/collections/days.toml:3:12: the model 'daily' has no column 'totals'; did you mean "
      "'total'?");
  EXPECT_EQ(mistakes_of("collections/days.toml", "model = \"daily\"\nkey = []\n"),
            "p/collections/days.toml:2:7: 'key' names no column; a document's id is made of it");
}

}  // namespace
}  // namespace finops::datasets
