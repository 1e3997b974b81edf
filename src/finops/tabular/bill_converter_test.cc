#include "finops/tabular/bill_converter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/core/sha256.h"
#include "tests/support/bill_delivery.h"
#include "tests/support/bill_rows.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const std::vector<std::pair<std::string, ColumnType>> kColumns = {
    {"id", ColumnType::kText},
    {"start", ColumnType::kTimestamp},
    {"line_item_currency_code", ColumnType::kText},
    {"line_item_unblended_cost", ColumnType::kDecimal},
    {"rate", ColumnType::kDecimal}};
const std::string kHeader = "id,start,line_item_currency_code,line_item_unblended_cost,rate\n";

Conversions convert_text(const std::string& text) {
  return convert({part_of("p1", text)}, layout_of(kColumns));
}

/// What `sums` has of one column, by currency.
std::map<std::string, std::string> sums_of(const CurrencyTotals& totals,
                                           const std::string& column) {
  std::map<std::string, std::string> sums;
  for (const auto& [currency, columns] : totals) {
    if (columns.contains(column)) sums[currency] = columns.at(column).sum.to_string();
  }
  return sums;
}

TEST(BillConverterTest, WritesEveryCellUnderItsColumn) {
  const Conversions c = convert_text(
      kHeader +
      "a,2025-06-01T00:00:00Z,USD,1.5,\n\"b,\"\"x\"\"\ny\",2025-06-02,\"EUR\",\"-2\",1E-3\n" +
      ",,,,\n");
  ASSERT_THAT(c.files, SizeIs(1));
  EXPECT_THAT(
      rows_of(*c.files[0]),
      ElementsAre(
          "a|2025-06-01 00:00:00.000000Z|USD|1.500000000000000000|null|payer-a|2025-06|run-1|p1|2",
          "b,\"x\"\ny|2025-06-02 00:00:00.000000Z|EUR|-2.000000000000000000|0.001000000000000000|"
          "payer-a|2025-06|run-1|p1|3",
          "null|null|null|null|null|payer-a|2025-06|run-1|p1|5"));
  EXPECT_EQ(c.report.rows, 3u);
  EXPECT_EQ(c.report.rejected_rows, 0u);
}

TEST(BillConverterTest, MatchesColumnsByNameInEachPart) {
  const Conversions c = convert(
      {part_of("p1", "rate,id\n7,a\n"), part_of("p2", "id,line_item_unblended_cost\nb,8\n")},
      layout_of(kColumns));
  EXPECT_THAT(rows_of(*c.files[0]),
              ElementsAre("a|null|null|null|7.000000000000000000|payer-a|2025-06|run-1|p1|2",
                          "b|null|null|8.000000000000000000|null|payer-a|2025-06|run-1|p2|2"));
  EXPECT_THAT(sums_of(c.report.source, "rate"), ElementsAre(Pair("", "7")));
}

TEST(BillConverterTest, RefusesHeadersThatItCannotBind) {
  const auto failure = [](const std::string& text) {
    return error_thrown_by([&] { convert({part_of("p1", text)}, layout_of(kColumns)); });
  };
  EXPECT_EQ(failure("id,other\n").kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(failure("id,other\n1,2\n").what(), HasSubstr("'p1'"));
  EXPECT_THAT(failure("id,other\n1,2\n").what(), HasSubstr("'other'"));
  EXPECT_THAT(failure("id,rate,id\n").what(), HasSubstr("'id' twice"));
  EXPECT_THAT(failure("ID\n1\n").what(), HasSubstr("'ID'"));
  EXPECT_THAT(failure("id,\"rate\"x\n").what(), HasSubstr("quotes"));
  EXPECT_THAT(failure("\nid\n").what(), HasSubstr("''"));
}

TEST(BillConverterTest, ReadsTheHeaderOfAPart) {
  EXPECT_THAT(header_names(part_of("p", "\xEF\xBB\xBFid,\"a,\"\"b\"\r\n1,2\r\n")),
              ElementsAre("id", "a,\"b"));
  EXPECT_THAT(header_names(part_of("p", "id")), ElementsAre("id"));
  EXPECT_THAT(header_names(part_of("p", "")), IsEmpty());
  EXPECT_THAT(header_names(part_of("p", "\xEF\xBB\xBF")), IsEmpty());
  EXPECT_THAT(header_names(part_of_bytes("p", "")), IsEmpty());
  const auto kind = [](const std::string& text) {
    return kind_thrown_by([&] { read_header(part_of("p", text)); });
  };
  EXPECT_EQ(kind("a\xFF\n"), ErrorKind::kInvalidData);
  EXPECT_EQ(kind("a,a\n"), ErrorKind::kInvalidData);
  EXPECT_EQ(kind("\"a\n"), ErrorKind::kInvalidData);
  EXPECT_EQ(kind(std::string(2 << 20, 'a') + "\n"), ErrorKind::kInvalidData);
  EXPECT_THAT(header_names(part_of("p", std::string(1'000'000, 'a') + "\n")), SizeIs(1));
}

TEST(BillConverterTest, TakesEmptyPartsAsNoRows) {
  const Conversions c =
      convert({part_of_bytes("p1", ""), part_of("p2", ""), part_of("p3", kHeader),
               part_of("p4", "id"), part_of("p5", "id\n\n"), part_of("p6", "id\r\n\r\n")},
              layout_of(kColumns));
  EXPECT_EQ(c.report.rows, 0u);
  EXPECT_THAT(c.files, IsEmpty()) << "no rows, no file";
  ASSERT_THAT(c.report.parts, SizeIs(6));
  EXPECT_EQ(c.report.parts[0].sha256, sha256_of(""));
  EXPECT_EQ(c.report.parts[2].sha256, sha256_of(gzip_of(kHeader)));
  EXPECT_EQ(c.report.parts[2].text_bytes, kHeader.size());
  EXPECT_THAT(convert({}, layout_of(kColumns)).files, IsEmpty());
}

TEST(BillConverterTest, KeepsAnEmptyLineThatOnlyARejectedRowFollows) {
  const Conversions c = convert({part_of("p1", "id\nx\xFF\n\ny\xFF")}, layout_of(kColumns));
  EXPECT_EQ(c.report.rows, 3u);
  EXPECT_EQ(c.report.rejected_rows, 2u);
  EXPECT_THAT(rows_of(*c.files[0], {"id", "source_line"}), ElementsAre("null|3"));
}

TEST(BillConverterTest, ReadsCrlfAndAByteOrderMark) {
  const Conversions c =
      convert({part_of("p1", "\xEF\xBB\xBFid,rate\r\na,1\r\n\"b\",\"2\"\r\nc,3\nd\re,4\r")},
              layout_of(kColumns));
  EXPECT_THAT(c.rejected, IsEmpty());
  EXPECT_THAT(rows_of(*c.files[0], {"id", "rate", "source_line"}),
              ElementsAre("a|1.000000000000000000|2", "b|2.000000000000000000|3",
                          "c|3.000000000000000000|4", "d\re|4.000000000000000000|5"));
}

TEST(BillConverterTest, RejectsARowWithAllItsReasonsAndGoesOn) {
  const Conversions c = convert_text(kHeader + "a,2025-06-01,USD,1,2\nb,yesterday,USD,x,2.5\n" +
                                     "c,2025-06-01,EUR,1e30,\xFF\nd,2025-06-01,USD,3,4\n");
  ASSERT_THAT(c.rejected, SizeIs(2));
  const RejectedRow& b = c.rejected[0];
  EXPECT_EQ(b.file, "p1");
  EXPECT_EQ(b.line, 3);
  EXPECT_EQ(b.currency, "USD");
  EXPECT_EQ(b.raw, "b,yesterday,USD,x,2.5");
  EXPECT_THAT(b.reasons, ElementsAre("start: not a time: 'yesterday'",
                                     "line_item_unblended_cost: not a decimal number: 'x'"));
  EXPECT_THAT(b.decimals, ElementsAre(Pair("rate", Int128{2'500'000'000'000'000'000})));
  const RejectedRow& third = c.rejected[1];
  EXPECT_EQ(third.line, 4);
  EXPECT_EQ(third.currency, "EUR");
  EXPECT_THAT(third.reasons,
              ElementsAre("line_item_unblended_cost: does not fit decimal(38,18): '1e30'",
                          "rate: not UTF-8: '\\xff'"));
  EXPECT_THAT(rows_of(*c.files[0], {"id", "source_line"}), ElementsAre("a|2", "d|5"));
  EXPECT_EQ(c.report.rows, 4u);
  EXPECT_EQ(c.report.rejected_rows, 2u);
  EXPECT_EQ(c.report.parts[0].rows, 4u);
  EXPECT_EQ(c.report.parts[0].rejected, 2u);
}

TEST(BillConverterTest, RejectsWrongFieldCountsForThatReasonOnly) {
  const Conversions c = convert_text(kHeader + "a,b\n\nx,yesterday,USD,1,2,3\nok,,USD,5,\n\n");
  ASSERT_THAT(c.rejected, SizeIs(3));
  EXPECT_THAT(c.rejected[0].reasons, ElementsAre("2 fields instead of 5"));
  EXPECT_THAT(c.rejected[1].reasons, ElementsAre("1 field instead of 5"));
  EXPECT_EQ(c.rejected[1].raw, "");
  EXPECT_EQ(c.rejected[1].line, 3);
  EXPECT_THAT(c.rejected[2].reasons, ElementsAre("6 fields instead of 5"));
  EXPECT_EQ(c.rejected[2].currency, "?");
  EXPECT_THAT(c.rejected[2].decimals, IsEmpty());
  EXPECT_THAT(sums_of(c.report.source, "line_item_unblended_cost"), ElementsAre(Pair("USD", "5")));
  EXPECT_THAT(rows_of(*c.files[0], {"id", "source_line"}), ElementsAre("ok|5"));
}

TEST(BillConverterTest, KeepsTheRowsAroundBrokenQuotes) {
  const Conversions c = convert(
      {part_of("p1", "id,rate\na,1\n\"b\"x,2\nc,3\nd\"e\",4\n\"f,5\ng,6\n")}, layout_of(kColumns));
  ASSERT_THAT(c.rejected, SizeIs(2));
  EXPECT_EQ(c.rejected[0].raw, "\"b\"x,2");
  EXPECT_THAT(c.rejected[0].reasons[0], HasSubstr("closing quote"));
  EXPECT_EQ(c.rejected[1].raw, "\"f,5");
  EXPECT_EQ(c.rejected[1].line, 6);
  EXPECT_THAT(c.rejected[1].reasons[0], HasSubstr("not closed"));
  EXPECT_THAT(rows_of(*c.files[0], {"id", "rate", "source_line"}),
              ElementsAre("a|1.000000000000000000|2", "c|3.000000000000000000|4",
                          "d\"e\"|4.000000000000000000|5", "g|6.000000000000000000|7"));
}

TEST(BillConverterTest, GivesUpACellThatIsNotClosedWithinTheLimit) {
  ConvertOptions options;
  options.cell_limit = 10;
  const Conversions c =
      convert({part_of("p1", "id,rate\n\"0123456789\",1\n\"0123456789a\",2\n\"x\ny\",3\n")},
              layout_of(kColumns), options);
  ASSERT_THAT(c.rejected, SizeIs(1));
  EXPECT_EQ(c.rejected[0].raw, "\"0123456789a\",2");
  EXPECT_THAT(rows_of(*c.files[0], {"id", "source_line"}), ElementsAre("0123456789|2", "x\ny|4"));
}

TEST(BillConverterTest, ReadsMaps) {
  const Conversions c = convert(
      {part_of("p1",
               "tags,discount\n\"{\"\"a\"\":\"\"1\"\",\"\"n\"\":null}\",\"{\"\"d\"\":-0.5}\"\n"
               "{},\n,{}\n\"{\"\"a\"\":[1]}\",\n\"{\"\"a\"\":1,\"\"a\"\":2}\",\n{,{x\n\"\",\n")},
      layout_of({{"tags", ColumnType::kTextMap}, {"discount", ColumnType::kDecimalMap}}));
  EXPECT_THAT(rows_of(*c.files[0], {"tags", "discount", "source_line"}),
              ElementsAre("{a=1, n=null}|{d=-0.500000000000000000}|2", "{}|null|3", "null|{}|4",
                          "{a=[1]}|null|5", "null|null|8"));
  ASSERT_THAT(c.rejected, SizeIs(2));
  EXPECT_THAT(c.rejected[0].reasons,
              ElementsAre("tags: has the key 'a' twice: '{\"a\":1,\"a\":2}'"));
  EXPECT_THAT(c.rejected[1].reasons,
              ElementsAre("tags: not a JSON object: '{'", "discount: not a JSON object: '{x'"));
}

TEST(BillConverterTest, AddsUpByCurrency) {
  const Conversions c = convert_text(kHeader +
                                     "a,,USD,1,2\nb,,EUR,-3,\nc,,,10,\nd,,USD,x,1\ne,,EUR,5,y\n"
                                     "f,,USD,-0.5,\n");
  EXPECT_THAT(sums_of(c.report.source, "line_item_unblended_cost"),
              ElementsAre(Pair("", "10"), Pair("EUR", "2"), Pair("USD", "0.5")));
  EXPECT_THAT(sums_of(c.report.rejected, "line_item_unblended_cost"),
              ElementsAre(Pair("EUR", "5"), Pair("USD", "0")));
  EXPECT_THAT(sums_of(c.report.source, "rate"), ElementsAre(Pair("EUR", "0"), Pair("USD", "3")));
  EXPECT_EQ(c.report.source.at("USD").at("line_item_unblended_cost").unreadable_cells, 1u);
  EXPECT_EQ(c.report.rejected.at("EUR").at("rate").unreadable_cells, 1u);
  EXPECT_EQ(c.report.absolute_cost.at("EUR").to_string(), "8");
  EXPECT_EQ(c.report.absolute_cost.at("USD").to_string(), "1.5");
  EXPECT_EQ(c.report.rejected_absolute_cost.at("EUR").to_string(), "5");
  EXPECT_FALSE(c.report.rejected_absolute_cost.contains("USD"));
}

TEST(BillConverterTest, TellsWhatRoundingLost) {
  const std::string deep = "0." + std::string(60, '3');
  const Conversions c = convert_text(kHeader + "a,,USD,0.0000000000000000005,\n" +
                                     "b,,USD,1.0000000000000000015,\nc,,USD," + deep + ",bad\n");
  const DecimalTotals& cost = c.report.source.at("USD").at("line_item_unblended_cost");
  EXPECT_EQ(cost.rounded_cells, 3u);
  EXPECT_EQ(cost.sum.to_string(), "1.333333333333333335");
  EXPECT_EQ(cost.rounding_residual.to_string(),
            "0.000000000000000000333333333333333333333333333333333333333333");
  EXPECT_EQ(c.report.rejected.at("USD").at("line_item_unblended_cost").rounded_cells, 1u);
}

TEST(BillConverterTest, KeepsSumsThatNo128BitsHold) {
  std::string text = kHeader;
  for (int i = 0; i < 50; ++i) text += "a,,USD,-99999999999999999999.999999999999999999,\n";
  const Conversions c = convert_text(text);
  EXPECT_THAT(sums_of(c.report.source, "line_item_unblended_cost"),
              ElementsAre(Pair("USD", "-4999999999999999999999.99999999999999995")));
  EXPECT_EQ(c.report.absolute_cost.at("USD").to_string(),
            "4999999999999999999999.99999999999999995");
}

TEST(BillConverterTest, RefusesACurrencyColumnWithoutCurrencies) {
  std::string text = kHeader;
  for (int i = 0; i < 2000; ++i) text += "a,," + std::to_string(i) + ",1,\n";
  EXPECT_EQ(kind_thrown_by([&] { convert_text(text); }), ErrorKind::kInvalidData);
}

TEST(BillConverterTest, NamesThePartThatCannotBeDecoded) {
  std::string bytes = gzip_of(kHeader + "a,,USD,1,2\n");
  bytes.resize(bytes.size() - 3);
  const Error error = error_thrown_by([&] {
    convert({part_of("good", kHeader), part_of_bytes("bad", bytes)}, layout_of(kColumns));
  });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(error.what(), HasSubstr("'bad'"));
}

TEST(BillConverterTest, LetsErrorsOfItsSurroundingsThrough) {
  const std::string text = kHeader + "a,,USD,1,2\nbad\n";
  const auto run = [&](const ConvertOutput& output) {
    return kind_thrown_by(
        [&] { convert_bill({part_of("p", text)}, layout_of(kColumns), {.threads = 3}, output); });
  };
  ConvertOutput output;
  output.on_rejected = [](RejectedRow&&) { throw Error(ErrorKind::kLocked, "the sink"); };
  output.next_parquet = [] {
    return ConvertOutput::Named{"x",
                                std::make_unique<MemoryWriter>(std::make_shared<std::string>())};
  };
  EXPECT_EQ(run(output), ErrorKind::kLocked);
  output.on_rejected = nullptr;
  output.next_parquet = []() -> ConvertOutput::Named {
    throw Error(ErrorKind::kPermissionDenied, "the folder");
  };
  EXPECT_EQ(run(output), ErrorKind::kPermissionDenied);
  output.next_parquet = [] {
    auto writer = std::make_unique<MemoryWriter>(std::make_shared<std::string>());
    writer->failure = Error(ErrorKind::kNoSpace, "the disk");
    return ConvertOutput::Named{"x", std::move(writer)};
  };
  EXPECT_EQ(run(output), ErrorKind::kNoSpace);
}

TEST(BillConverterTest, StopsWhenAsked) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(kind_thrown_by([&] {
              convert_bill({part_of("p", kHeader)}, layout_of(kColumns), {}, {}, stop.get_token());
            }),
            ErrorKind::kCancelled);
}

TEST(BillConverterTest, RefusesLayoutsThatItCannotWrite) {
  EXPECT_EQ(kind_thrown_by([] { convert({}, layout_of({{"flag", ColumnType::kBoolean}})); }),
            ErrorKind::kUnsupported);
  BillLayout layout = layout_of(kColumns);
  layout.added[0].name = "ingestion_time";
  EXPECT_EQ(kind_thrown_by([&] { convert({}, layout); }), ErrorKind::kUnsupported) << "as text";
  layout.added[0].name = "colour";
  EXPECT_EQ(kind_thrown_by([&] { convert({}, layout); }), ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace finops
