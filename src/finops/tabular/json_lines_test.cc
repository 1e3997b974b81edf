// Bills of JSON lines, in plain files and in gzip.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/core/sha256.h"
#include "finops/tabular/delivered_text.h"
#include "finops/tabular/first_cells.h"
#include "finops/tabular/json_line.h"
#include "finops/tabular/simple_bill_reader.h"
#include "tests/support/bill_delivery.h"
#include "tests/support/bill_rows.h"
#include "tests/support/reader_differences.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

BillPart lines_part(const std::string& text, std::size_t piece = SIZE_MAX) {
  BillPart part = part_of_bytes("events.jsonl", text, piece);
  part.format = BillFormat::kJsonLines;
  return part;
}

BillPart packed_part(const std::string& text) {
  BillPart part = part_of("events.jsonl.gz", text);
  part.format = BillFormat::kJsonLinesGzip;
  return part;
}

std::string text_of(const BillPart& part, std::size_t out_bytes = 1000) {
  const auto text = bill::open_text(part);
  std::string all;
  for (;;) {
    std::string out(out_bytes, '\0');
    out.resize(text->read(out.data(), out.size()));
    all += out;
    if (out.size() < out_bytes) return all;
  }
}

BillLayout layout_of_texts(const std::vector<std::string>& names) {
  std::vector<std::pair<std::string, ColumnType>> columns;
  for (const std::string& name : names) columns.emplace_back(name, ColumnType::kText);
  return layout_of(columns);
}

BillLayout small_layout() {
  BillLayout layout = layout_of(
      {{"id", ColumnType::kText}, {"cost", ColumnType::kDecimal}, {"tags", ColumnType::kTextMap}});
  layout.cost_column = "cost";
  return layout;
}

/// "line: reason: raw" of each, after both readers were found to agree on them.
std::vector<std::string> rejected(const std::string& text, const BillLayout& layout) {
  EXPECT_THAT(reader_differences({lines_part(text), packed_part(text)}, layout, {}), IsEmpty());
  std::vector<std::string> rows;
  for (const RejectedRow& row : convert({lines_part(text)}, layout).rejected) {
    EXPECT_THAT(row.reasons, SizeIs(1));
    rows.push_back(std::to_string(row.line) + ": " + row.reasons.at(0) + ": " + row.raw);
  }
  return rows;
}

TEST(JsonLinesTest, AreToldByTheEndingsOfNames) {
  EXPECT_EQ(format_of_name("a/events.jsonl"), BillFormat::kJsonLines);
  EXPECT_EQ(format_of_name("EVENTS.NDJSON"), BillFormat::kJsonLines);
  EXPECT_EQ(format_of_name("events.jsonl.gz"), BillFormat::kJsonLinesGzip);
  EXPECT_EQ(format_of_name("events.ndjson.gz"), BillFormat::kJsonLinesGzip);
  EXPECT_EQ(format_of_name("events.json"), std::nullopt);
  EXPECT_EQ(to_string(BillFormat::kJsonLines), "jsonl");
  EXPECT_EQ(to_string(BillFormat::kJsonLinesGzip), "jsonl.gz");
}

TEST(JsonLinesTest, EachValueHasItsText) {
  const std::string text =
      R"({"n": -1.50e+3, "t": true, "f": false, "s": "x", "e": "", "z": null})"
      "\n"
      R"({"s": "a,b", "t": "say \"hi\"", "f": "\u0041\r\n\t", "z": {"k": [1, "x,\u00fc"]}, "e": []})"
      "\n"
      R"({"z": {}, "n": "\ud83d\ude00\\", "s": "ü€"})"
      "\r\n";
  const std::string expected =
      "-1.50e+3,true,false,x,,\n"
      ",\"say \"\"hi\"\"\",\"A\r\n\t\",\"a,b\",[],\"{\"\"k\"\": [1, \"\"x,\\u00fc\"\"]}\"\n"
      "\xF0\x9F\x98\x80\\,,,ü€,,{}\n";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, SIZE_MAX}) {
    EXPECT_EQ(text_of(lines_part(text, piece)), expected);
  }
  EXPECT_EQ(text_of(packed_part(text), 1), expected);
  EXPECT_THAT(header_names(lines_part(text)), ElementsAre("n", "t", "f", "s", "e", "z"));
  EXPECT_THAT(
      reader_differences({lines_part(text)}, layout_of_texts({"n", "t", "f", "s", "e", "z"}), {}),
      IsEmpty());
}

TEST(JsonLinesTest, TheHeaderIsAllKeysInTheOrderOfTheirAppearance) {
  const std::string text =
      "{\"b\":1,\"a\":2}\n{\"a\":1,\"c\":2,\"b\":3}\n{\"x\":1,\"x\":2}\n{\"y\":1\n"
      "{\"\\u0063\":1,\"\\n,\":5}\n{}\n[{\"w\":1}]\n";
  EXPECT_THAT(header_names(lines_part(text)), ElementsAre("b", "a", "c", "\n,"));
  EXPECT_EQ(text_of(lines_part(text)), "1,2,,\n3,1,2,\n,,,,\n,,,,\n,,1,5\n,,,\n,,,,\n");
  EXPECT_THAT(header_names(lines_part("")), IsEmpty());
  EXPECT_THAT(header_names(lines_part("\n \n")), IsEmpty());
  EXPECT_THAT(first_cells(packed_part(text), "b", 5), ElementsAre("1", "3", "", ""));
}

TEST(JsonLinesTest, LinesThatAreNoObjectsAreRejectedWhole) {
  const std::string deep = "{\"id\":" + std::string(65, '[') + std::string(65, ']') + "}";
  const std::string text =
      "{\"id\":\"a\",\"cost\":1}\nid,cost\r\n{\"id\":1} x\n{\"id\":\"\\ud800\"}\n"
      "{\"id\":1,\"\\u0069d\":2}\n{\"id\":\"\xFF\"}\n" +
      deep + "\n{\"id\":01}\n[1]\n\"x\"\n{\"id\":\"a\nb\"}\n{\"id\":\"b\",\"cost\":2}";
  const std::string no = ": not a JSON object: ";
  EXPECT_THAT(rejected(text, small_layout()),
              ElementsAre("2" + no + "it does not begin with '{': id,cost",
                          "3" + no + "text after the object, at byte 10: {\"id\":1} x",
                          "4" + no + "a bad string, at byte 8: {\"id\":\"\\ud800\"}",
                          "5" + no + "it has the key 'id' twice: {\"id\":1,\"\\u0069d\":2}",
                          "6" + no + "it is not UTF-8: {\"id\":\"\xFF\"}",
                          "7" + no + "nested too deeply, at byte 71: " + deep,
                          "8" + no + "bad JSON, at byte 8: {\"id\":01}",
                          "9" + no + "it does not begin with '{': [1]",
                          "10" + no + "it does not begin with '{': \"x\"",
                          "11" + no + "bad JSON, at byte 9: {\"id\":\"a",
                          "12" + no + "it does not begin with '{': b\"}"));
  const Conversions read = convert({lines_part(text)}, small_layout());
  EXPECT_EQ(read.report.rows, 13u);
  EXPECT_EQ(read.rejected[0].currency, "?");
  EXPECT_THAT(rows_of(*read.files[0], {"id", "source_line"}), ElementsAre("a|1", "b|13"));
}

TEST(JsonLinesTest, RowsThatDoNotFitAreToldAsTheLineThatWasDelivered) {
  const std::string first = R"({"tags": {"a": 1, "b": [2, "x,"]}, "cost": "x", "id": "q"})";
  const std::string text =
      "\xEF\xBB\xBF" + first + "\r\n\n  \t\r\n{\"cost\":2.5,\"tags\":[1]}\n{\"tags\":\"{\"}\r\r\n";
  EXPECT_THAT(rejected(text, small_layout()),
              ElementsAre("1: cost: not a decimal number: 'x': " + first,
                          "4: tags: not a JSON object: '[1]': {\"cost\":2.5,\"tags\":[1]}",
                          "5: tags: not a JSON object: '{': {\"tags\":\"{\"}\r"));
  const Conversions read = convert({lines_part(text)}, small_layout());
  EXPECT_EQ(read.report.rows, 3u);
  EXPECT_EQ(read.report.source.at("").at("cost").sum.to_string(), "2.5");
  EXPECT_EQ(read.rejected[1].decimals.size(), 1u);
}

TEST(JsonLinesTest, BlankLinesAreNoRowsAnywhere) {
  const std::string text = "\n\r\n{\"id\":\"a\"}\n \t\r\r\n\n{\"id\":\"b\"}\n\n\n  ";
  const BillLayout layout = layout_of_texts({"id"});
  EXPECT_THAT(rejected(text, layout), IsEmpty());
  const Conversions read = convert({lines_part(text)}, layout);
  EXPECT_EQ(read.report.rows, 2u);
  EXPECT_THAT(rows_of(*read.files[0], {"id", "source_line"}), ElementsAre("a|3", "b|6"));
  EXPECT_THAT(rejected("\n{\"id\":1}\x0B\n\x0C\n", layout),
              ElementsAre(HasSubstr("2: not"), HasSubstr("3: not")));
}

TEST(JsonLinesTest, OneColumnOrNoneTellsRowsFromWhatIsNone) {
  const BillLayout one = layout_of_texts({"id"});
  EXPECT_THAT(rejected("{\"id\":null}\n{}\nx\n\n{\"id\":\"\"}\n,\n", one),
              ElementsAre(HasSubstr("3: not a JSON object"), HasSubstr("6: not a JSON object")));
  EXPECT_EQ(convert({lines_part("{\"id\":null}\n{}\nx\n\n{\"id\":\"\"}\n")}, one).report.rows, 4u);

  const std::string bare = "{}\nx\n\n { } \ny";
  EXPECT_THAT(rejected(bare, one), ElementsAre(HasSubstr("2: not"), HasSubstr("5: not")));
  const Conversions read = convert({lines_part(bare)}, one);
  EXPECT_EQ(read.report.rows, 4u);
  EXPECT_THAT(rows_of(*read.files[0], {"id", "source_line"}), ElementsAre("null|1", "null|4"));
  EXPECT_THAT(rejected("oops", one), SizeIs(1));
}

TEST(JsonLinesTest, AnEmptyFileHasNoRows) {
  for (const char* text : {"", "\n", "\xEF\xBB\xBF", " \r\n\n"}) {
    EXPECT_THAT(rejected(text, small_layout()), IsEmpty());
    EXPECT_EQ(convert({lines_part(text)}, small_layout()).report.rows, 0u);
  }
}

TEST(JsonLinesTest, TheReportIsOfTheFileAsDelivered) {
  const std::string text = "{\"id\":\"a\"}\n{\"id\":\"b\"}\n", bytes = gzip_of(text);
  const PartReport report =
      convert({packed_part(text)}, layout_of_texts({"id"})).report.parts.at(0);
  EXPECT_EQ(report.sha256, sha256_of(bytes));
  EXPECT_EQ(report.compressed_bytes, bytes.size());
  EXPECT_EQ(report.text_bytes, text.size());
  EXPECT_EQ(convert({lines_part("")}, layout_of_texts({})).report.parts.at(0).sha256,
            sha256_of(""));
}

TEST(JsonLinesTest, AnUnknownKeyOrDamageRefusesTheFile) {
  const auto kinds = [](const BillPart& part) {
    const ErrorKind simple =
        kind_thrown_by([&] { read_bill_simply({part}, small_layout(), 1 << 20, {}); });
    EXPECT_EQ(kind_thrown_by([&] { convert({part}, small_layout()); }), simple);
    return simple;
  };
  EXPECT_EQ(kinds(lines_part("{\"id\":1}\n{\"colour\":1}\n")), ErrorKind::kInvalidData);
  BillPart damaged = part_of_bytes("part", gzip_of("{\"id\":1}\n").substr(0, 20));
  damaged.format = BillFormat::kJsonLinesGzip;
  EXPECT_EQ(kinds(damaged), ErrorKind::kInvalidData);
  std::string bomb;
  while (bomb.size() < (36u << 20)) bomb += std::string(10'000, ' ') + "\n";
  EXPECT_EQ(kinds(packed_part(bomb)), ErrorKind::kInvalidData);
}

TEST(JsonLinesTest, KeysAreBounded) {
  const auto refused = [](const std::string& text) {
    const Error error = error_thrown_by([&] { read_header(lines_part(text)); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
    EXPECT_EQ(
        kind_thrown_by([&] { read_bill_simply({lines_part(text)}, small_layout(), 1 << 20, {}); }),
        ErrorKind::kInvalidData);
    return std::string(error.what());
  };
  std::string many;
  for (std::size_t i = 0; i < kMostJsonColumns; ++i) {
    many += "{\"k" + std::to_string(i) + "\":" + (i % 2 == 0 ? "1}\n" : "null}\n");
  }
  EXPECT_THAT(header_names(lines_part(many)), SizeIs(kMostJsonColumns));
  EXPECT_THAT(refused(many + "{\"one more\":1}"), HasSubstr("'events.jsonl'"));
  const std::string half(kMostJsonNames / 2, 'x');
  const std::string full = "{\"" + half + "\":1}\n{\"" + half.substr(1) + "y\":1}\n";
  EXPECT_THAT(header_names(lines_part(full)), SizeIs(2));
  EXPECT_THAT(refused(full + "{\"z\":1}\n"), HasSubstr("1048576 bytes"));
}

TEST(JsonLinesTest, ALineMayBeAsLongAsARecord) {
  std::string longest = R"({"id":["")";  // as many quotes as can be, each of which is doubled
  while (longest.size() < kRecordLimit - 10) longest += ",\"\"";
  longest += "]}";
  longest += std::string(kRecordLimit - 1 - longest.size(), ' ');
  const BillLayout layout = layout_of_texts({"id"});
  EXPECT_THAT(reader_differences({lines_part("{\"id\":\"a\"}\n" + longest)}, layout, {}),
              IsEmpty());
  EXPECT_EQ(convert({lines_part(longest + "\n" + longest)}, layout).report.rejected_rows, 0u);
  for (const std::string& too_long : {longest + " \n{}", std::string(40 << 20, 'x')}) {
    const Error error = error_thrown_by([&] { convert({lines_part("{}\n" + too_long)}, layout); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
    EXPECT_THAT(error.what(), HasSubstr("line 2 does not end"));
  }
  EXPECT_EQ(
      kind_thrown_by([&] { read_bill_simply({lines_part(longest + " ")}, layout, 1 << 20, {}); }),
      ErrorKind::kInvalidData);
}

TEST(JsonLinesTest, KeepTheirLinesAcrossManyBlocks) {
  std::string text;
  std::vector<std::string> expected;
  for (int i = 1; i <= 60'000; ++i) {
    if (i % 1'000 == 0) {
      text +=
          "{\"id\":\"" + std::string(300, 'x') + "\",\"cost\":\"bad " + std::to_string(i) + "\"}\n";
      expected.push_back(std::to_string(i));
    } else if (i % 500 == 0) {
      text += "{" + std::string(200'000, ' ') + "}\n" + std::string(1'000, '\t');
    } else if (i % 777 == 0) {
      text += "broken " + std::to_string(i) + "\n";
      expected.push_back(std::to_string(i));
    } else if (i % 5 == 0) {
      text += "\n";
    } else {
      text += "{\"id\":\"" + std::to_string(i * 7919LL) + "\",\"cost\":" + std::to_string(i) +
              ",\"tags\":{\"k\":\"v" + std::to_string(i % 9) + "\"}}\n";
    }
  }
  ConvertOptions options{.threads = 3};
  EXPECT_THAT(
      reader_differences({lines_part(text, 100'000), packed_part(text)}, small_layout(), options),
      IsEmpty());
  std::vector<std::string> found;
  for (const RejectedRow& row : convert({lines_part(text)}, small_layout(), options).rejected) {
    EXPECT_THAT(row.raw, HasSubstr(std::to_string(row.line)));
    found.push_back(std::to_string(row.line));
  }
  EXPECT_EQ(found, expected);
}

TEST(JsonLinesTest, AFileThatChangesWhileItIsReadIsRefused) {
  int opened = 0;
  BillPart part = lines_part("");
  part.open = [&opened]() -> std::unique_ptr<ByteReader> {
    return std::make_unique<MemoryReader>(opened++ == 0 ? "{\"id\":1}\n" : "{\"cost\":1}\n");
  };
  const Error error = error_thrown_by([&] { convert({part}, small_layout()); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(error.what(), HasSubstr("changed"));
}

TEST(JsonLinesTest, ALineThatIsReadAgainKeepsItsNumber) {
  BillPart part = lines_part("{\"cost\":\"x\"}\n");
  part.origin = RecordOrigin{.line = 77, .format = BillFormat::kJsonLines};
  const Conversions read = convert({part}, small_layout());
  ASSERT_THAT(read.rejected, SizeIs(1));
  EXPECT_EQ(read.rejected[0].line, 77);
  EXPECT_EQ(read.rejected[0].raw, "{\"cost\":\"x\"}");
  EXPECT_THAT(reader_differences({part}, small_layout(), {}), IsEmpty());
}

TEST(JsonColumnsTest, OfAnObjectThatNamesAKeyTwiceNothingIsLearned) {
  bill::JsonScanner scanner;
  bill::JsonColumns columns;
  const auto learn = [&](std::string_view text) {
    EXPECT_EQ(scanner.scan(text), bill::JsonScanner::Fault::kNone);
    return columns.learn(scanner.members());
  };
  EXPECT_EQ(learn(R"({"a":1})"), bill::JsonColumns::Placed::kAll);
  EXPECT_EQ(learn(R"({"new":1,"a":1,"other":2,"\u0061":2})"), bill::JsonColumns::Placed::kKeyTwice);
  EXPECT_THAT(columns.names(), ElementsAre("a"));
  EXPECT_EQ(columns.name_bytes(), 1u);
  EXPECT_EQ(learn(R"({"other":1,"a":1})"), bill::JsonColumns::Placed::kAll);
  EXPECT_THAT(columns.names(), ElementsAre("a", "other"));
  EXPECT_EQ(columns.member(0), 1u);
  EXPECT_EQ(columns.member(1), 0u);
}

}  // namespace
}  // namespace finops
