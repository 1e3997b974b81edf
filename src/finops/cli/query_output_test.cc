#include "finops/cli/query_output.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

namespace finops {
namespace {

std::string written(const std::string& format, const std::vector<ResultColumn>& columns,
                    const std::vector<ResultRow>& rows) {
  std::ostringstream out;
  const auto output = make_query_output(format, out);
  output->columns(columns);
  for (const ResultRow& row : rows) output->row(row);
  output->finish();
  return out.str();
}

const std::vector<ResultColumn> kColumns = {{"name", "VARCHAR", CellForm::kText},
                                            {"cost", "DECIMAL(38,18)", CellForm::kNumber},
                                            {"n", "BIGINT", CellForm::kNumber}};

TEST(QueryOutputTest, TheTableAlignsNumbersRightAndSaysNull) {
  EXPECT_EQ(written("table", kColumns, {{"a", "1.5", "10"}, {"long\nname", std::nullopt, "7"}}),
            "name        cost   n\n"
            "a            1.5  10\n"
            "long\\nname  NULL   7\n"
            "(2 rows)\n");
}

TEST(QueryOutputTest, ALongTableIsWrittenInPiecesUnderOneHeading) {
  const std::vector<ResultRow> rows(2500, {"a", "1", "2"});
  const std::string text = written("table", kColumns, rows);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2502);
  EXPECT_EQ(text.find("name"), text.rfind("name"));
}

TEST(QueryOutputTest, CsvTellsNullFromEmptyAndQuotesWhatNeedsIt) {
  EXPECT_EQ(written("csv", kColumns,
                    {{"", std::nullopt, "1"}, {"a,\"b\"\nc", "0.100000000000000000", "2"}}),
            "name,cost,n\n\"\",,1\n\"a,\"\"b\"\"\nc\",0.100000000000000000,2\n");
}

TEST(QueryOutputTest, JsonKeepsDecimalsExactAndNumbersNumbers) {
  using enum CellForm;
  const std::string text =
      written("json",
              {{"c", "DECIMAL(38,18)", kNumber},
               {"c", "HUGEINT", kNumber},
               {"d", "DOUBLE", kNumber},
               {"e", "DOUBLE", kNumber},
               {"b", "BOOLEAN", kBoolean},
               {"m", "MAP(VARCHAR, VARCHAR)", kJson},
               {"t", "VARCHAR", kText}},
              {{"0.100000000000000000", "170141183460469231731687303715884105727", "1e-05", "nan",
                "true", R"({"a":"1"})", "x\"\xff"},
               {std::nullopt, "1", "2.5", "inf", "false", "{}", std::nullopt}});
  EXPECT_NE(text.find("\"c_1\": 170141183460469231731687303715884105727"), std::string::npos);
  const auto document = nlohmann::json::parse(text);
  EXPECT_EQ(document[0]["c"], "0.100000000000000000");
  EXPECT_EQ(document[0]["d"], 1e-05);
  EXPECT_EQ(document[0]["e"], "nan");
  EXPECT_EQ(document[0]["b"], true);
  EXPECT_EQ(document[0]["m"]["a"], "1");
  EXPECT_TRUE(document[1]["c"].is_null());
  EXPECT_TRUE(document[1]["t"].is_null());
}

TEST(QueryOutputTest, JsonWithoutRowsIsAnEmptyArray) {
  EXPECT_EQ(written("json", kColumns, {}), "[]\n");
}

}  // namespace
}  // namespace finops
