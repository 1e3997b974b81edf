// Bills that come in other clothes than csv.gz: plain CSV, ZIP, Parquet.
#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/tabular/parquet_totals.h"
#include "finops/tabular/record_scanner.h"
#include "finops/tabular/simple_bill_reader.h"
#include "finops/tabular/zip_stream.h"
#include "tests/support/arrow_files.h"
#include "tests/support/bill_delivery.h"
#include "tests/support/random_bills.h"
#include "tests/support/reader_differences.h"
#include "tests/support/thrown.h"
#include "tests/support/zip_archive.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

BillPart part_in(BillFormat format, const std::string& bytes, std::size_t piece = SIZE_MAX) {
  BillPart part = part_of_bytes("part", bytes, piece);
  part.format = format;
  part.open_random = [bytes] { return std::make_unique<MemoryBytes>(bytes); };
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

std::string long_text() {
  std::string text = "id,cost\n";
  for (int i = 0; i < 6'000; ++i)
    text += std::to_string(i * 7919) + ",0." + std::to_string(i) + "\n";
  return text;
}

BillLayout two_columns() {
  return layout_of({{"id", ColumnType::kText}, {"cost", ColumnType::kDecimal}});
}

TEST(PlainTextTest, IsTheFileItself) {
  const std::string text = long_text();
  for (const std::size_t piece : {std::size_t{1}, std::size_t{777}, SIZE_MAX}) {
    EXPECT_EQ(text_of(part_in(BillFormat::kCsv, text, piece)), text);
  }
  EXPECT_EQ(text_of(part_in(BillFormat::kCsv, "")), "");
  EXPECT_THAT(reader_differences({part_in(BillFormat::kCsv, text)}, two_columns(), {}), IsEmpty());
  EXPECT_EQ(convert({part_in(BillFormat::kCsv, text)}, two_columns()).report.rows, 6'000u);
}

TEST(ZipStreamTest, ReadsTheFileOfAnArchiveInEveryForm) {
  for (const std::string& text : {std::string("id,cost\n1,2\n"), std::string(), long_text()}) {
    for (int bits = 0; bits < 16; ++bits) {
      ZipForm form;
      form.is_stored = (bits & 1) != 0;
      form.has_descriptor = (bits & 2) != 0 && !form.is_stored;
      form.has_signature = (bits & 4) != 0;
      form.is_64 = (bits & 8) != 0;
      form.comment = form.is_64 ? "made by hand" : "";
      const std::string bytes = zip_of(text, form);
      SCOPED_TRACE(bits);
      for (const std::size_t piece : {std::size_t{1}, std::size_t{4093}, SIZE_MAX}) {
        EXPECT_EQ(text_of(part_in(BillFormat::kCsvZip, bytes, piece)), text);
        bill::ZipStream small("part", std::make_unique<MemoryReader>(bytes), 7);
        std::string out(text.size() + 1, '\0');
        EXPECT_EQ(small.read(out.data(), out.size()), text.size());
      }
      if (!text.empty()) {
        EXPECT_THAT(reader_differences({part_in(BillFormat::kCsvZip, bytes)}, two_columns(), {}),
                    IsEmpty());
      }
    }
  }
  EXPECT_EQ(text_of(part_in(BillFormat::kCsvZip, "")), "");
}

void expect_refused(const std::string& bytes, const char* why) {
  SCOPED_TRACE(why);
  const BillPart part = part_in(BillFormat::kCsvZip, bytes);
  const Error error = error_thrown_by([&] { text_of(part); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(error.what(), HasSubstr("'part'"));
  EXPECT_THAT(error.what(), HasSubstr(why));
  EXPECT_EQ(kind_thrown_by([&] { read_bill_simply({part}, two_columns(), 1 << 20, {}); }),
            ErrorKind::kInvalidData);
}

TEST(ZipStreamTest, RefusesWhatIsNotOneSoundFile) {
  const std::string text = "id,cost\n1,2\n3,4\n", good = zip_of(text);
  expect_refused(zip_of(text, {}, 2), "more than one file");
  expect_refused(zip_of(text, {.has_descriptor = true}, 2), "more than one file");
  expect_refused(zip_of(text, {.crc_error = 1}), "wrong CRC-32");
  expect_refused(zip_of(text, {.length_error = 1}), "wrong CRC-32 or length");
  expect_refused(zip_of(text, {.behind = "x"}), "damaged");
  expect_refused(zip_of(text).substr(0, 40), "truncated");
  expect_refused(good.substr(0, good.size() - 30), "truncated");
  expect_refused(gzip_of(text), "not a ZIP archive");
  expect_refused("PK\5\6" + std::string(26, '\0'), "without a file");
  std::string encrypted = good;
  encrypted[6] = 1;
  expect_refused(encrypted, "encrypted");
  std::string unknown = good;
  unknown[8] = 14;
  expect_refused(unknown, "method 14");
}

TEST(ZipStreamTest, EveryTruncationIsFound) {
  const std::string bytes = zip_of("id,cost\n1,2\n3,4\n", {.has_descriptor = true});
  for (std::size_t length = 1; length < bytes.size(); ++length) {
    const BillPart part = part_in(BillFormat::kCsvZip, bytes.substr(0, length));
    EXPECT_EQ(kind_thrown_by([&] { text_of(part); }), ErrorKind::kInvalidData) << length;
    EXPECT_EQ(kind_thrown_by([&] { read_bill_simply({part}, two_columns(), 1 << 20, {}); }),
              ErrorKind::kInvalidData)
        << length;
  }
}

TEST(ExpansionTest, TextThatUnpacksToMoreThanABillDoesIsRefused) {
  std::string bomb = "id,cost\n";
  while (bomb.size() < (36u << 20)) bomb += std::string(10'000, 'a') + ",1\n";
  for (const BillFormat format : {BillFormat::kCsvGzip, BillFormat::kCsvZip}) {
    const std::string bytes = format == BillFormat::kCsvZip ? zip_of(bomb) : gzip_of(bomb, 9);
    const BillPart part = part_in(format, bytes);
    EXPECT_EQ(kind_thrown_by([&] { convert({part}, two_columns()); }), ErrorKind::kInvalidData);
    EXPECT_EQ(kind_thrown_by([&] { read_bill_simply({part}, two_columns(), 1 << 20, {}); }),
              ErrorKind::kInvalidData);
  }
}

std::shared_ptr<arrow::Table> table_of(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> values(Builder&& builder,
                                     const std::vector<std::optional<Value>>& rows) {
  for (const auto& row : rows) {
    PARQUET_THROW_NOT_OK(row ? builder.Append(*row) : builder.AppendNull());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> doubles(const std::vector<std::optional<double>>& rows) {
  return values(arrow::DoubleBuilder(), rows);
}

BillPart parquet_part(const arrow::Table& table, std::int64_t row_group_rows = 1000,
                      const std::shared_ptr<parquet::WriterProperties>& properties =
                          parquet::default_writer_properties(),
                      const std::shared_ptr<parquet::ArrowWriterProperties>& of_arrow =
                          parquet::default_arrow_writer_properties()) {
  return part_in(BillFormat::kParquet, parquet_text(table, row_group_rows, properties, of_arrow));
}

/// How many rows are taken at once is no matter of what was in a block before.
TEST(ParquetTextTest, IsTheSameBytesForAnyThreads) {
  std::vector<std::optional<std::string>> ids, tags;
  for (std::size_t i = 0; i < 60'000; ++i) {
    ids.emplace_back(std::to_string(i * 7919) + std::string(i / 20'000 % 2 * 900, 'x'));
    tags.emplace_back("tag-" + std::to_string(i / 10'000 % 3 * 1'000 + i % 700));
  }
  const auto table = table_of({{"id", texts(ids)}, {"tag", texts(tags)}});
  const auto layout = layout_of({{"id", ColumnType::kText}, {"tag", ColumnType::kText}});
  const std::vector<BillPart> parts{parquet_part(*table, 9'000)};
  const auto one = convert(parts, layout, {.threads = 1, .row_group_rows = 17'000});
  const auto many = convert(parts, layout, {.threads = 8, .row_group_rows = 17'000});
  EXPECT_TRUE(*one.files.at(0) == *many.files.at(0));
}

TEST(ParquetTextTest, EachTypeHasItsText) {
  auto* const pool = arrow::default_memory_pool();
  const auto table = table_of({
      {"text", texts({"a,\"b\"", "", std::nullopt, "x\r\ny"})},
      {"flag",
       values(arrow::BooleanBuilder(), std::vector<std::optional<bool>>{true, false, {}, true})},
      {"int",
       values(arrow::Int32Builder(), std::vector<std::optional<int>>{-7, 0, {}, 2147483647})},
      {"long", values(arrow::UInt64Builder(),
                      std::vector<std::optional<std::uint64_t>>{1, UINT64_MAX, {}, 0})},
      {"real", doubles({0.1, -0.0, std::nullopt, 1e-7})},
      {"small",
       values(arrow::FloatBuilder(), std::vector<std::optional<float>>{0.1f, 1e20f, {}, 3})},
      {"decimal",
       decimals({"1.50", "-0.000000000000000001", std::nullopt, "12345678901234567890"})},
      {"day", values(arrow::Date32Builder(), std::vector<std::optional<int>>{0, -1, {}, 20'000})},
      {"ms", values(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MILLI), pool),
                    std::vector<std::optional<std::int64_t>>{0, -1, {}, 1'748'736'000'000})},
      {"us", values(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), pool),
                    std::vector<std::optional<std::int64_t>>{
                        1, 86'400'000'000, {}, -62'135'596'800'000'000})},
      {"map", text_maps({{TextEntries{{"a", "x\"y\\\n"}, {"b", std::nullopt}}},
                         {TextEntries{}},
                         std::nullopt,
                         {TextEntries{{"", ""}}}})},
  });
  const std::string expected =
      "\"a,\"\"b\"\"\",true,-7,1,0.1,0.1,1.5,1970-01-01,1970-01-01T00:00:00Z,"
      "1970-01-01T00:00:00.000001Z,\"{\"\"a\"\":\"\"x\\\"\"y\\\\\\u000a\"\",\"\"b\"\":null}\"\n"
      ",false,0,18446744073709551615,-0,1e+20,-0.000000000000000001,1969-12-31,"
      "1969-12-31T23:59:59.999Z,1970-01-02T00:00:00Z,{}\n"
      ",,,,,,,,,,\n"
      "\"x\r\ny\",true,2147483647,0,1e-07,3,12345678901234567890,2024-10-04,"
      "2025-06-01T00:00:00Z,0001-01-01T00:00:00Z,\"{\"\"\"\":\"\"\"\"}\"\n";
  const BillPart part = parquet_part(*table);
  EXPECT_EQ(text_of(part), expected);
  EXPECT_EQ(text_of(part, 1), expected);
  EXPECT_EQ(text_of(parquet_part(*table, 1)), expected) << "row groups of one row";
  const auto plain = parquet::WriterProperties::Builder().disable_dictionary()->build();
  EXPECT_EQ(text_of(parquet_part(*table, 1000, plain)), expected) << "without dictionaries";

  std::vector<std::string> told;
  for (const HeaderColumn& column : read_header(part)) told.push_back(column.told_type);
  EXPECT_THAT(told,
              ElementsAre("string", "string", "string", "string", "double", "double", "decimal",
                          "timestamp", "timestamp", "timestamp", "map<string,string>"));
}

TEST(ParquetTextTest, TimesOfTheOldFormAreReadToo) {
  auto* const pool = arrow::default_memory_pool();
  const auto table = table_of(
      {{"t", values(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO), pool),
                    std::vector<std::optional<std::int64_t>>{-1, {}, 1'748'736'000'000'000})}});
  const BillPart part = parquet_part(
      *table, 1000, parquet::default_writer_properties(),
      parquet::ArrowWriterProperties::Builder().enable_deprecated_int96_timestamps()->build());
  EXPECT_EQ(text_of(part), "1969-12-31T23:59:59.999999000Z\n\"\"\n2025-06-01T00:00:00Z\n");
  EXPECT_THAT(reader_differences({part}, layout_of({{"t", ColumnType::kTimestamp}}), {}),
              IsEmpty());
}

TEST(ParquetTextTest, TheHashIsOfTheFileAndAnEmptyFileHasNoRows) {
  const auto table = table_of({{"id", texts({"1", "2"})}, {"cost", doubles({1.5, 2.5})}});
  const BillPart part = parquet_part(*table);
  const Conversions read = convert({part}, two_columns());
  EXPECT_EQ(read.report.rows, 2u);
  const std::string bytes = parquet_text(*table, 1000);
  EXPECT_EQ(read.report.parts[0].compressed_bytes, bytes.size());
  EXPECT_THAT(
      reader_differences({part, part_in(BillFormat::kParquet, ""), part}, two_columns(), {}),
      IsEmpty());
  EXPECT_EQ(convert({part_in(BillFormat::kParquet, "")}, two_columns()).report.rows, 0u);
  const auto empty = table_of({{"id", texts({})}, {"cost", doubles({})}});
  EXPECT_EQ(convert({parquet_part(*empty)}, two_columns()).report.rows, 0u);
  EXPECT_THAT(header_names(parquet_part(*empty)), ElementsAre("id", "cost"));
}

TEST(ParquetTextTest, RowsThatDoNotFitAreNumberedAndWhole) {
  const auto table = table_of({{"id", texts({"a", "two\nlines", "b", "c"})},
                               {"cost", doubles({1.5, std::nan(""), 1e30, 0.1})}});
  const Conversions read = convert({parquet_part(*table)}, two_columns());
  ASSERT_THAT(read.rejected, SizeIs(2));
  EXPECT_EQ(read.rejected[0].line, 2);
  EXPECT_EQ(read.rejected[0].raw, "\"two\nlines\",nan");
  EXPECT_EQ(read.rejected[1].line, 3);
  EXPECT_THAT(reader_differences({parquet_part(*table, 2)}, two_columns(), {}), IsEmpty());
}

TEST(ParquetTextTest, ACellMayBeLongAndARowOfOneColumnEmpty) {
  const std::string huge(3 << 20, '"');
  const auto table = table_of({{"id", texts({huge, "x"})}, {"cost", doubles({1, 2})}});
  EXPECT_EQ(convert({parquet_part(*table)}, two_columns()).report.rejected_rows, 0u);
  EXPECT_THAT(reader_differences({parquet_part(*table)}, two_columns(), {}), IsEmpty());
  const auto one = table_of({{"id", texts({"x", std::nullopt, std::nullopt})}});
  const BillLayout layout = layout_of({{"id", ColumnType::kText}});
  EXPECT_EQ(convert({parquet_part(*one)}, layout).report.rows, 3u);
  EXPECT_THAT(reader_differences({parquet_part(*one)}, layout, {}), IsEmpty());
}

TEST(ParquetTextTest, WhatIsNoParquetOrNotReadableIsRefused) {
  const auto table = table_of({{"id", texts({"1"})}, {"cost", doubles({1.5})}});
  const std::string good = parquet_text(*table, 1000);
  for (const std::string& bad : {std::string("PAR1"), good.substr(0, good.size() - 5),
                                 good.substr(4), std::string(100, 'x')}) {
    const BillPart part = part_in(BillFormat::kParquet, bad);
    const Error error = error_thrown_by([&] { convert({part}, two_columns()); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
    EXPECT_THAT(error.what(), HasSubstr("'part' as Parquet"));
    EXPECT_EQ(kind_thrown_by([&] { read_bill_simply({part}, two_columns(), 1 << 20, {}); }),
              ErrorKind::kInvalidData);
  }
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int32Builder>());
  PARQUET_THROW_NOT_OK(lists.AppendNull());
  const auto nested = table_of({{"id", texts({"1"})}, {"list", lists.Finish().ValueOrDie()}});
  const Error error = error_thrown_by([&] { read_header(parquet_part(*nested)); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_THAT(error.what(), HasSubstr("'list'"));
}

/// The sound records of a text, as Parquet columns of texts and as CSV where every cell is quoted.
struct SameBill {
  std::vector<std::string> names;
  std::vector<std::vector<std::optional<std::string>>> columns;
  std::string csv;

  explicit SameBill(std::string_view text) {
    while (!text.empty()) {
      const auto record = bill::scan_record(text, true, {1 << 20, 1 << 20});
      if (record.state == bill::ScannedRecord::State::kSound)
        add(bill::split_record(text.substr(0, record.end)));
      text.remove_prefix(record.end);
    }
  }

  void add(const std::vector<std::string>& cells) {
    if (names.empty())
      columns.resize((names = cells).size());
    else if (cells.size() != names.size())
      return;
    std::string line;
    for (std::size_t c = 0; c < cells.size(); ++c) {
      line += c == 0 ? "\"" : ",\"";
      for (const char byte : cells[c])
        line += byte == '"' ? std::string("\"\"") : std::string(1, byte);
      line += '"';
      const bool is_null = cells[c].empty() && c % 2 == 0;
      if (!csv.empty()) columns[c].push_back(is_null ? std::nullopt : std::optional(cells[c]));
    }
    csv += line + "\n";
  }

  std::shared_ptr<arrow::Table> table() const {
    std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> arrays;
    for (std::size_t c = 0; c < names.size(); ++c) arrays.emplace_back(names[c], texts(columns[c]));
    return table_of(arrays);
  }
};

TEST(ParquetTextTest, TextsInParquetAreReadAsTheSameCsv) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomBills bills(seed);
    std::string text = bills.text(1 + bills.below(200));
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    if (!text.ends_with('\n')) text += '\n';
    const SameBill bill(text);
    const auto properties =
        parquet::WriterProperties::Builder()
            .data_pagesize(static_cast<std::int64_t>(1 + bills.below(2000)))
            ->dictionary_pagesize_limit(static_cast<std::int64_t>(bills.below(500)))
            ->build();
    const BillPart part =
        parquet_part(*bill.table(), static_cast<std::int64_t>(1 + bills.below(90)), properties);
    const BillLayout layout = layout_of_all_types();
    EXPECT_THAT(reader_differences({part}, layout, {.threads = 2}), IsEmpty());
    const Conversions of_parquet = convert({part}, layout);
    const Conversions of_csv = convert({part_in(BillFormat::kCsv, bill.csv)}, layout);
    EXPECT_EQ(of_parquet.report.rows, of_csv.report.rows);
    EXPECT_EQ(of_parquet.report.rejected_rows, of_csv.report.rejected_rows);
    for (const auto& [currency, columns] : of_csv.report.source) {
      for (const auto& [name, totals] : columns) {
        EXPECT_EQ(of_parquet.report.source.at(currency).at(name).sum, totals.sum);
      }
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace finops
