#include "finops/tabular/simple_bill_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/core/sha256.h"
#include "finops/tabular/simple_values.h"
#include "tests/support/bill_delivery.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Text, cost and currency, and what was rejected of them.
struct Read {
  SimpleReadReport report;
  std::vector<RejectedRow> rejected;
};

BillLayout small_layout() {
  BillLayout layout = layout_of(
      {{"a", ColumnType::kText}, {"cost", ColumnType::kDecimal}, {"currency", ColumnType::kText}});
  layout.currency_column = "currency";
  return layout;
}

Read read_parts(const std::vector<BillPart>& parts, std::size_t cell_limit = 1 << 20,
                const BillLayout& layout = small_layout()) {
  Read read;
  read.report = read_bill_simply(parts, layout, cell_limit, [&](RejectedRow&& row) {
    read.rejected.push_back(std::move(row));
  });
  return read;
}

Read read_text(const std::string& text, std::size_t cell_limit = 1 << 20) {
  return read_parts({part_of("part", text)}, cell_limit);
}

Fingerprint fingerprint_of(const std::vector<std::string>& values) {
  Fingerprint fingerprint;
  for (const auto& value : values) fingerprint.add(value);
  return fingerprint;
}

std::vector<std::pair<std::int64_t, std::string>> lines_and_bytes(const Read& read) {
  std::vector<std::pair<std::int64_t, std::string>> found;
  for (const auto& row : read.rejected) found.emplace_back(row.line, row.raw);
  return found;
}

/// The texts of column a, which has the only cell of each row.
void expect_texts(const std::string& text, const std::vector<std::string>& values) {
  const auto read = read_text("a\n" + text);
  EXPECT_THAT(read.rejected, IsEmpty()) << text;
  EXPECT_EQ(read.report.loaded.columns.at("a").fingerprint, fingerprint_of(values)) << text;
}

TEST(SimpleBillReaderTest, AddsUpRowsOfSeveralPartsByCurrency) {
  const auto read = read_parts({part_of("one", "a,cost,currency\nx,1.5,USD\ny,0.1,EUR\n"),
                                part_of("two", "currency,cost\nUSD,-0.5\n,2\nUSD,\n")});
  EXPECT_EQ(read.report.source_rows, 5);
  EXPECT_EQ(read.report.rejected_rows, 0);
  const auto& loaded = read.report.loaded;
  EXPECT_EQ(loaded.rows, 5);
  EXPECT_EQ(loaded.decimals.at("USD").at("cost").sum.to_string(), "1");
  EXPECT_EQ(loaded.decimals.at("EUR").at("cost").sum.to_string(), "0.1");
  EXPECT_EQ(loaded.decimals.at("").at("cost").sum.to_string(), "2");
  EXPECT_EQ(loaded.columns.at("a"), (ColumnContent{3, fingerprint_of({"x", "y"})}));
  EXPECT_EQ(loaded.columns.at("cost").nulls, 1);
  EXPECT_EQ(loaded.columns.at("source_file").fingerprint,
            fingerprint_of({"one", "one", "two", "two", "two"}));
  EXPECT_EQ(loaded.columns.at("execution_id").nulls, 0);
  ASSERT_EQ(read.report.parts.size(), 2);
  EXPECT_EQ(read.report.parts[1].rows, 3);
}

TEST(SimpleBillReaderTest, HashesTheDeliveredBytes) {
  const std::string bytes = gzip_of("a\nx\n");
  const auto read = read_parts({part_of_bytes("part", bytes, 3)});
  EXPECT_EQ(read.report.parts[0].sha256, sha256_of(bytes));
  EXPECT_EQ(read.report.parts[0].bytes, bytes.size());
}

TEST(SimpleBillReaderTest, EndsRecordsAtLineFeedsOutsideQuotes) {
  expect_texts("x\ny\n", {"x", "y"});
  expect_texts("x\r\ny\r\n", {"x", "y"});
  expect_texts("x\ny", {"x", "y"});
  expect_texts("x\rz\r\r\n", {"x\rz\r"});
  expect_texts("\"x\r\ny\"\n", {"x\r\ny"});
  expect_texts("\"x\"\r\n\"y\"\r", {"x", "y"});
  expect_texts("x\"y\n\" \"\n", {"x\"y", " "});
  expect_texts("\"\"\"x\"\"\"\n", {"\"x\""});
  expect_texts("\"a,b\"\n\"\"\n", {"a,b"});
}

TEST(SimpleBillReaderTest, TakesAnEmptyLineAsARowUnlessItIsTheLastOne) {
  EXPECT_EQ(read_text("a\n\nx\n\n").report.source_rows, 2);
  EXPECT_EQ(read_text("a\nx\n\r\n").report.source_rows, 1);
  EXPECT_EQ(read_text("a\nx\n\n\n").report.source_rows, 2);
  EXPECT_EQ(read_text("a\nx\n\"\"\n").report.source_rows, 2);
  EXPECT_EQ(read_text("a,cost\n\n,1\n").report.rejected_rows, 1);
}

TEST(SimpleBillReaderTest, RejectsARowWithTextAfterAClosingQuoteUpToTheNextLineFeed) {
  const auto read = read_text("a,cost\nx,1\n\"y\"z,\"\n2\"\r\nw,3\n");
  EXPECT_THAT(lines_and_bytes(read), ElementsAre(std::pair(3, "\"y\"z,\""), std::pair(4, "2\"")));
  EXPECT_EQ(read.report.loaded.rows, 2);
  EXPECT_EQ(read.rejected[0].currency, "?");
  EXPECT_THAT(read.rejected[0].decimals, IsEmpty());
  EXPECT_EQ(read_text("a,cost\n\"x\"\r,1\n").report.rejected_rows, 1);
}

TEST(SimpleBillReaderTest, GoesOnAfterTheFirstLineOfARowWithAnUnclosedQuote) {
  const auto at_end = read_text("a,cost\n\"x\ny,2\nz,3");
  EXPECT_THAT(lines_and_bytes(at_end), ElementsAre(std::pair(2, "\"x")));
  EXPECT_EQ(at_end.report.loaded.decimals.at("").at("cost").sum.to_string(), "5");
  const std::string far = "a,cost\nv,\"12345\nw,1\nx,\"\n" + std::string(20, 'y') + ",1\n";
  const auto too_long = read_text(far, 10);
  EXPECT_THAT(lines_and_bytes(too_long),
              ElementsAre(std::pair(2, "v,\"12345"), std::pair(4, "x,\"")));
  EXPECT_EQ(too_long.report.loaded.rows, 2);
}

TEST(SimpleBillReaderTest, CountsPhysicalLines) {
  const auto read = read_text("\"a\",cost\n\"1\n2\n\",1\nbad\n\"\n\",2,3\nbad\n");
  EXPECT_THAT(lines_and_bytes(read),
              ElementsAre(std::pair(5, "bad"), std::pair(6, "\"\n\",2,3"), std::pair(8, "bad")));
}

TEST(SimpleBillReaderTest, KeepsTheReadableMoneyOfARejectedRow) {
  const auto read = read_text("cost,a,currency\n1.5,\xFF,USD\nx,y,USD\n2,z,\xFF\n");
  ASSERT_EQ(read.rejected.size(), 3);
  EXPECT_EQ(read.rejected[0].currency, "USD");
  EXPECT_EQ(Decimal::from_unscaled(read.rejected[0].decimals.at("cost")).to_string(), "1.5");
  EXPECT_THAT(read.rejected[0].reasons, ElementsAre(HasSubstr("a: not UTF-8")));
  EXPECT_THAT(read.rejected[1].reasons, ElementsAre(HasSubstr("cost: ")));
  EXPECT_EQ(read.rejected[2].currency, "?");
  const auto& usd = read.report.source.at("USD").at("cost");
  EXPECT_EQ(usd.sum.to_string(), "1.5");
  EXPECT_EQ(usd.unreadable_cells, 1);
  EXPECT_EQ(read.report.source.at("?").at("cost").sum.to_string(), "2");
  EXPECT_THAT(read.report.loaded.decimals, IsEmpty());
}

TEST(SimpleBillReaderTest, TellsWhatRoundingTook) {
  const auto read = read_text("cost\n0.0000000000000000015\n0.0000000000000000025\n1\n");
  const auto& cost = read.report.source.at("").at("cost");
  EXPECT_EQ(cost.rounded_cells, 2);
  EXPECT_EQ(cost.sum.to_string(), "1.000000000000000004");
  EXPECT_EQ(cost.rounding_residual.to_string(), "0");
}

TEST(SimpleBillReaderTest, ReadsMembersPaddingAndMarkAndNoTextAtAll) {
  const std::string one = gzip_of(
                        "\xEF\xBB\xBF"
                        "a\nx\n"),
                    two = gzip_of("y\n");
  EXPECT_EQ(read_parts({part_of_bytes("p", one + two + std::string(5, '\0'))}).report.loaded.rows,
            2);
  EXPECT_EQ(read_parts({part_of_bytes("p", "")}).report.source_rows, 0);
  EXPECT_EQ(read_text("").report.source_rows, 0);
  EXPECT_EQ(read_text("a").report.source_rows, 0);
}

TEST(SimpleBillReaderTest, RefusesFilesThatCannotBeDecodedByName) {
  const std::string good = gzip_of("a\nx\n");
  for (const std::string& bytes :
       {good.substr(0, good.size() - 1), good + "x", std::string("a\nx\n"), good.substr(0, 4)}) {
    const auto error = error_thrown_by([&] { read_parts({part_of_bytes("the-part", bytes)}); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
    EXPECT_THAT(error.what(), HasSubstr("the-part"));
  }
  for (const char* text : {"unknown\n", "a,a\n", "\"a\n", "\"a\"b\n", "\n", "\xFF\n"}) {
    EXPECT_EQ(kind_thrown_by([&] { read_text(text); }), ErrorKind::kInvalidData) << text;
  }
}

TEST(SimpleValuesTest, KnowsWellFormedUtf8) {
  for (const char* good : {"", "a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(simple::is_utf8(good));
  }
  for (const char* bad :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xC2", "\xE2\x82", "\xC2\x61", "\xFF"}) {
    EXPECT_FALSE(simple::is_utf8(bad));
  }
}

TEST(SimpleValuesTest, ReadsTimesAsMicrosecondsInUtc) {
  EXPECT_EQ(simple::parse_time("1970-01-01"), 0);
  EXPECT_EQ(simple::parse_time("1970-01-02T00:00:00Z"), 86'400'000'000);
  EXPECT_EQ(simple::parse_time("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_EQ(simple::parse_time("20240229T010203.5"), 1'709'168'523'500'000);
  EXPECT_EQ(simple::parse_time("1970-01-01T00:00+01:30"), -5'400'000'000);
  for (const char* bad : {"", "1970", "1970-01-01T", "1970-01-32", "1970-01-01T0000", "x",
                          "1970-01-01Z", "1970-01-01T00:00:00+1", "1970-01-01T00:00:00.0000001"}) {
    EXPECT_EQ(simple::parse_time(bad), std::nullopt) << bad;
  }
}

TEST(SimpleValuesTest, ReadsMapsInTheirOrder) {
  using Entries = simple::MapEntries;
  const auto texts = [](const char* text) { return simple::parse_map(text, ColumnType::kTextMap); };
  EXPECT_EQ(
      texts(R"( {"b": "x\u00e4\n", "a": null, "c": -1.50, "d": [1, {"e": ""}]} )"),
      (Entries{
          {"b", "x\xC3\xA4\n"}, {"a", std::nullopt}, {"c", "-1.50"}, {"d", R"([1, {"e": ""}])"}}));
  EXPECT_EQ(texts(R"({"\ud83d\ude00":""})"), (Entries{{"\xF0\x9F\x98\x80", ""}}));
  for (const char* bad : {"", "[]", "{", R"({"a"})", R"({"a":})", R"({"a":1,})", R"({"a":1}x)",
                          R"({"a":1,"a":1})", R"({"a":"\ud83d"})", R"({"a":"\q"})",
                          "{\"a\":\"\n\"}", R"({"a":00})", R"({"a":1.})", R"({"a":tru})"}) {
    EXPECT_EQ(texts(bad), std::nullopt) << bad;
  }
  EXPECT_TRUE(texts(("{\"a\":" + std::string(63, '[') + std::string(63, ']') + "}").c_str()));
  EXPECT_FALSE(
      texts(("{\"a\":" + std::string(64, '[') + "1" + std::string(64, ']') + "}").c_str()));
  const auto decimals =
      simple::parse_map(R"({"a":"","b":null,"c":0.5,"d":"-1e-18"})", ColumnType::kDecimalMap);
  EXPECT_EQ(decimals, (Entries{{"a", std::nullopt},
                               {"b", std::nullopt},
                               {"c", simple::little_endian(500'000'000'000'000'000, 16)},
                               {"d", std::string(16, '\xFF')}}));
  EXPECT_EQ(simple::parse_map(R"({"a":true})", ColumnType::kDecimalMap), std::nullopt);
}

}  // namespace
}  // namespace finops
