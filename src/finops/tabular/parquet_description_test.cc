#include "finops/tabular/parquet_description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/tabular/parquet_writing.h"
#include "tests/support/arrow_files.h"
#include "tests/support/bill_delivery.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

Column column(std::string name, ColumnType type, int id) {
  return {.name = std::move(name), .type = type, .doc = "", .field_id = id};
}

const std::vector<Column> kColumns = {
    column("name", ColumnType::kText, 3),    column("cost", ColumnType::kDecimal, 7),
    column("at", ColumnType::kTimestamp, 4), column("count", ColumnType::kInt, 5),
    column("line", ColumnType::kLong, 6),    column("is_held", ColumnType::kBoolean, 8),
    column("raw", ColumnType::kBinary, 9),   column("day", ColumnType::kDate, 10),
};

struct Written {
  WrittenParquet metrics;
  std::shared_ptr<const RandomAccessBytes> file;
};

Written write(const std::vector<CellRow>& rows, const std::vector<std::string>& bounded) {
  const auto text = std::make_shared<std::string>();
  const auto writer = make_parquet_row_writer("a/b.parquet", std::make_unique<MemoryWriter>(text),
                                              kColumns, bounded);
  for (const auto& row : rows) writer->append(row);
  return {writer->finish(), std::make_shared<MemoryBytes>(*text)};
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const Column& column : kColumns) all.push_back(column.name);
  return all;
}

/// More rows than a row group has; every fifth is of NULLs.
std::vector<CellRow> many_rows() {
  std::vector<CellRow> rows;
  for (std::int64_t i = 0; i < 70'000; ++i) {
    if (i % 5 == 0) {
      rows.emplace_back(kColumns.size());
      continue;
    }
    rows.push_back({"b\xc3\xa4r " + std::to_string(i % 1000),
                    Decimal::from_unscaled(Int128{i - 30'000} * 1'000'000'000'000'000'003),
                    i * 1'000'000'007 - 5'000, i - 40'000, -i << 30, i % 3 == 0,
                    std::string("\0\xff", 2) + std::to_string(i), i % 30'000 - 100});
  }
  return rows;
}

void expect_same(const WrittenParquet& described, const WrittenParquet& written) {
  EXPECT_EQ(described.key, written.key);
  EXPECT_EQ(described.bytes, written.bytes);
  EXPECT_EQ(described.sha256, written.sha256);
  EXPECT_EQ(described.rows, written.rows);
  EXPECT_EQ(described.split_offsets, written.split_offsets);
  ASSERT_EQ(described.columns.size(), written.columns.size());
  for (std::size_t i = 0; i < written.columns.size(); ++i) {
    const ColumnMetrics &is = described.columns[i], &was = written.columns[i];
    SCOPED_TRACE("field " + std::to_string(was.field_id));
    EXPECT_EQ(is.field_id, was.field_id);
    EXPECT_EQ(is.values, was.values);
    EXPECT_EQ(is.nulls, was.nulls);
    EXPECT_EQ(is.bytes, was.bytes);
    EXPECT_EQ(is.lower, was.lower);
    EXPECT_EQ(is.upper, was.upper);
  }
}

TEST(ParquetDescriptionTest, SaysWhatTheWriterSaid) {
  const CellRow nulls(kColumns.size());
  for (const auto& rows : {many_rows(), {nulls, nulls}, std::vector<CellRow>()}) {
    for (const auto& bounded : {names(), std::vector<std::string>()}) {
      const Written written = write(rows, bounded);
      expect_same(
          describe_parquet(written.file, kColumns, written.metrics.key, written.metrics.sha256),
          written.metrics);
    }
  }
  EXPECT_THAT(write(many_rows(), {}).metrics.split_offsets, SizeIs(2));
}

TEST(ParquetDescriptionTest, SaysWhatAConversionSaidAndNothingOfMapsBounds) {
  const BillLayout layout = layout_of({{"id", ColumnType::kText},
                                       {"tags", ColumnType::kTextMap},
                                       {"start", ColumnType::kTimestamp},
                                       {"discount", ColumnType::kDecimalMap},
                                       {"line_item_unblended_cost", ColumnType::kDecimal}});
  const std::string text =
      "id,start,tags,discount,line_item_unblended_cost\n"
      "x,1970-01-01T00:00:01Z,\"{\"\"a\"\":null,\"\"b\"\":1}\",,-1.5\ny,,{},\"{\"\"d\"\":1}\",2\n";
  const Conversions read = convert({part_of("a", text)}, layout);
  std::vector<Column> columns;
  for (const BoundColumn& bound : layout.delivered) columns.push_back(bound.column);
  columns.insert(columns.end(), layout.added.begin(), layout.added.end());
  const WrittenParquet& written = read.report.files[0];
  expect_same(describe_parquet(std::make_shared<MemoryBytes>(*read.files[0]), columns, written.key,
                               written.sha256),
              written);
}

std::shared_ptr<const RandomAccessBytes> file_of(
    const std::vector<std::pair<std::shared_ptr<arrow::Array>, int>>& columns,
    const parquet::WriterProperties::Builder& properties = {}) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [array, id] : columns) {
    fields.push_back(field_with_id("c" + std::to_string(id), array->type(), id));
    arrays.push_back(array);
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  auto builder = properties;
  return std::make_shared<MemoryBytes>(parquet_text(*table, 2, builder.build()));
}

ColumnMetrics metrics_of(const std::shared_ptr<const RandomAccessBytes>& file,
                         const Column& column) {
  return describe_parquet(file, {column}, "key", "hash").columns.at(0);
}

TEST(ParquetDescriptionTest, TakesNoBoundThatMayHaveBeenCut) {
  const Column text = column("c1", ColumnType::kText, 1);
  const std::string longest(48, 'x');
  const auto short_ones = file_of({{texts({"b", "a", std::nullopt, longest}), 1}});
  EXPECT_EQ(metrics_of(short_ones, text).lower, "a");
  EXPECT_EQ(metrics_of(short_ones, text).upper, longest);
  const auto exact = file_of({{texts({"b", std::string(3000, 'c')}), 1}});
  EXPECT_EQ(metrics_of(exact, text).lower, "b");
  EXPECT_EQ(metrics_of(exact, text).upper, std::string(3000, 'c')) << "Arrow says that it is exact";
  const auto without = file_of({{texts({"b", "a", std::string(5000, 'c'), std::nullopt}), 1}});
  EXPECT_EQ(metrics_of(without, text).lower, std::nullopt) << "one row group tells no bound";
  EXPECT_EQ(metrics_of(without, text).nulls, 1);
}

TEST(ParquetDescriptionTest, CountsNullsThatTheFooterDoesNot) {
  parquet::WriterProperties::Builder properties;
  properties.disable_statistics();
  const auto file = file_of(
      {{texts({"b", std::nullopt, std::nullopt}), 1}, {decimals({"1", std::nullopt, "2"}), 2}},
      properties);
  const ColumnMetrics text = metrics_of(file, column("c1", ColumnType::kText, 1));
  EXPECT_EQ(text.values, 3);
  EXPECT_EQ(text.nulls, 2);
  EXPECT_EQ(text.lower, std::nullopt);
  EXPECT_EQ(metrics_of(file, column("c2", ColumnType::kDecimal, 2)).nulls, 1);
}

TEST(ParquetDescriptionTest, RefusesColumnsThatAreNotTheTables) {
  const auto file = file_of({{texts({"b", std::nullopt}), 1}});
  const auto refused = [&](const Column& column) {
    const Error error = error_thrown_by([&] { metrics_of(file, column); });
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
    EXPECT_THAT(error.what(), HasSubstr("'key'"));
    return std::string(error.what());
  };
  EXPECT_THAT(refused(column("other", ColumnType::kText, 2)), HasSubstr("field id 2, 'other'"));
  EXPECT_THAT(refused(column("c1", ColumnType::kLong, 1)), HasSubstr("not long"));
  Column required = column("c1", ColumnType::kText, 1);
  required.is_required = true;
  EXPECT_THAT(refused(required), HasSubstr("NULLs"));
}

TEST(ParquetDescriptionTest, TurnsDamageIntoInvalidDataAndStoreErrorsIntoThemselves) {
  const auto kind = [](const std::shared_ptr<const RandomAccessBytes>& file) {
    return kind_thrown_by([&] { describe_parquet(file, kColumns, "key", ""); });
  };
  EXPECT_EQ(kind(std::make_shared<MemoryBytes>("PAR1")), ErrorKind::kInvalidData);
  const auto gone = std::make_shared<MemoryBytes>(std::string(100, 'x'));
  gone->failure = Error(ErrorKind::kUnavailable, "no route");
  EXPECT_EQ(kind(gone), ErrorKind::kUnavailable);
}

}  // namespace
}  // namespace finops
