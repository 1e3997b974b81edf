#include "finops/warehouses/bigquery/row_lines.h"

#include <gmock/gmock.h>

#include "tests/support/thrown.h"

namespace finops::bigquery {
namespace {

using ::testing::HasSubstr;

Json field(const char* name, const char* type, const char* mode = "NULLABLE", Json parts = {}) {
  Json made = {{"name", name}, {"type", type}, {"mode", mode}};
  if (!parts.is_null()) made["fields"] = std::move(parts);
  return made;
}

std::string lines_of(const Json& fields, const std::string& rows, Nulls nulls = Nulls::kLeftOut) {
  std::string lines;
  append_lines(R"({"schema":{"fields":[]},"jobComplete":true,"rows":)" + rows + "}",
               row_fields(fields), nulls, lines);
  return lines;
}

TEST(RowLinesTest, EveryTypeIsWrittenAsALoadTakesIt) {
  const Json fields = {field("id", "INTEGER"),     field("name", "STRING"), field("is_tax", "BOOL"),
                       field("amount", "NUMERIC"), field("raw", "BYTES"),   field("day", "DATE"),
                       field("extra", "JSON")};
  EXPECT_EQ(lines_of(fields, R"([{"f":[{"v":"9223372036854775807"},{"v":"a\"\\\n\u00e4"},)"
                             R"({"v":"false"},{"v":"0.000000001"},{"v":"AP8="},)"
                             R"({"v":"2026-05-01"},{"v":"{\"a\":\n[1]}"}]}])"),
            R"({"id":"9223372036854775807","name":"a\"\\\u000aä","is_tax":false,)"
            R"("amount":"0.000000001","raw":"AP8=","day":"2026-05-01","extra":{"a": [1]}})"
            "\n");
}

TEST(RowLinesTest, FloatsStayTheirTextAndTimesAreExactToTheMicrosecond) {
  const Json fields = {field("cost", "FLOAT"), field("at", "TIMESTAMP")};
  EXPECT_EQ(lines_of(fields, R"([{"f":[{"v":"0.30000000000000004"},{"v":"1748739723004567"}]},)"
                             R"({"f":[{"v":"1.0E-7"},{"v":"-62135596799999999"}]},)"
                             R"({"f":[{"v":"NaN"},{"v":"253402300799999999"}]},)"
                             R"({"f":[{"v":"-Infinity"},{"v":"-1"}]}])"),
            "{\"cost\":0.30000000000000004,\"at\":\"2025-06-01 01:02:03.004567+00:00\"}\n"
            "{\"cost\":1.0E-7,\"at\":\"0001-01-01 00:00:00.000001+00:00\"}\n"
            "{\"cost\":\"NaN\",\"at\":\"9999-12-31 23:59:59.999999+00:00\"}\n"
            "{\"cost\":\"-Infinity\",\"at\":\"1969-12-31 23:59:59.999999+00:00\"}\n");
}

TEST(RowLinesTest, RecordsAndArraysKeepTheirShape) {
  const Json pair = {field("key", "STRING"), field("value", "STRING")};
  const Json fields = {field("project", "RECORD", "NULLABLE",
                             {field("id", "STRING"), field("labels", "RECORD", "REPEATED", pair)}),
                       field("names", "STRING", "REPEATED"),
                       field("labels", "RECORD", "REPEATED", pair)};
  EXPECT_EQ(lines_of(fields, R"([{"f":[{"v":{"f":[{"v":"p"},{"v":[{"v":{"f":[{"v":"k"},)"
                             R"({"v":null}]}},{"v":{"f":[{"v":null},{"v":null}]}}]}]}},)"
                             R"({"v":[{"v":"a"},{"v":"b"}]},{"v":[]}]},)"
                             R"({"f":[{"v":null},{"v":[]},{"v":[{"v":{"f":[{"v":"x"},)"
                             R"({"v":"y"}]}}]}]}])"),
            R"({"project":{"id":"p","labels":[{"key":"k"},{}]},"names":["a","b"],"labels":[]})"
            "\n"
            R"({"names":[],"labels":[{"key":"x","value":"y"}]})"
            "\n");
}

TEST(RowLinesTest, ColumnsWithoutAValueStandThereWhereTheyAreWanted) {
  const Json fields = {
      field("id", "INTEGER"), field("names", "STRING", "REPEATED"),
      field("service", "RECORD", "NULLABLE", {field("id", "STRING"), field("kind", "STRING")})};
  EXPECT_EQ(lines_of(fields,
                     R"([{"f":[{"v":null},{"v":null},{"v":{"f":[{"v":"x"},{"v":null}]}}]},)"
                     R"({"f":[{"v":"1"},{"v":[]},{"v":null}]}])",
                     Nulls::kWritten),
            R"({"id":null,"names":[],"service":{"id":"x","kind":null}})"
            "\n"
            R"({"id":"1","names":[],"service":null})"
            "\n");
}

TEST(RowLinesTest, APageTellsWhatFollows) {
  std::string lines = "before\n";
  const RowPage page = append_lines(
      R"({"kind":"x","rows":[{"f":[{"v":"1"}]}],"totalRows":"7","pageToken":"n","errors":[{"a":[1.5]}]})",
      row_fields(Json::array({field("id", "INT64")})), Nulls::kLeftOut, lines);
  EXPECT_EQ(lines, "before\n{\"id\":\"1\"}\n");
  EXPECT_EQ(page.next, "n");
  EXPECT_EQ(page.total_rows, 7u);
  EXPECT_EQ(page.rows, 1u);
  EXPECT_FALSE(
      append_lines(R"({"jobComplete":false})", row_fields(Json::array()), Nulls::kLeftOut, lines)
          .is_complete);
}

TEST(RowLinesTest, WhatIsNoPageIsRefusedAndLeavesNothing) {
  const auto fields = row_fields(
      {field("id", "INTEGER"), field("names", "STRING", "REPEATED"), field("at", "TIMESTAMP")});
  for (const char* rows :
       {R"([{"f":[{"v":"1"},{"v":[]}]}])", R"([{"f":[{"v":"1"},{"v":[]},{"v":null},{"v":null}]}])",
        R"([{"f":[{"v":"1"},{"v":"a"},{"v":null}]}])",
        R"([{"f":[{"v":["1"]},{"v":[]},{"v":null}]}])", R"([{"f":[{"v":1},{"v":[]},{"v":null}]}])",
        R"([{"f":[{"v":"1"},{"v":[{"v":null}]},{"v":null}]}])",
        R"([{"f":[{"v":"1"},{"v":[]},{"v":"2026-05-01"}]}])", R"([{}])", R"([[]])", R"(["a"])",
        R"([{"f":[{"w":"1"},{"v":[]},{"v":null}]}])",
        R"([{"f":[{"v":"1"},{"v":[]},{"v":null}]})"}) {
    std::string lines = "before\n";
    const Error error = error_thrown_by([&] {
      append_lines(std::string(R"({"rows":)") + rows + "}", fields, Nulls::kLeftOut, lines);
    });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData) << rows;
    EXPECT_EQ(lines, "before\n") << rows;
  }
}

TEST(RowLinesTest, AColumnThatCannotBeSentIsNamed) {
  const Error error = error_thrown_by([] { row_fields(Json::array({field("span", "INTERVAL")})); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("span is INTERVAL"));
}

}  // namespace
}  // namespace finops::bigquery
