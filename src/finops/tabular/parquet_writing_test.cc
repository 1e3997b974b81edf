#include "finops/tabular/parquet_writing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/core/sha256.h"
#include "finops/tabular/single_value.h"
#include "tests/support/memory_bytes.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::HasSubstr;

Decimal decimal(std::string_view text) { return Decimal::parse(text).value().value; }

Column column(std::string name, ColumnType type, int id) {
  return {.name = std::move(name), .type = type, .doc = "", .field_id = id};
}

const std::vector<Column> kColumns = {
    column("name", ColumnType::kText, 3),    column("cost", ColumnType::kDecimal, 7),
    column("at", ColumnType::kTimestamp, 4), column("count", ColumnType::kInt, 5),
    column("line", ColumnType::kLong, 6),    column("is_held", ColumnType::kBoolean, 8),
    column("raw", ColumnType::kBinary, 9),
};

const std::vector<CellRow> kRows = {
    {std::string("b\xc3\xa4r"), decimal("-0.000000000000000001"),
     std::int64_t{1'777'593'600'000'000}, std::int64_t{-5}, std::int64_t{1} << 40, true,
     std::string("\0\xff\n", 3)},
    {std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{}, std::monostate{},
     std::monostate{}, std::monostate{}},
    {std::string("ab"), decimal("99999999999999999999.999999999999999999"), std::int64_t{-1},
     std::int64_t{7}, std::int64_t{-2}, false, std::string()},
};

struct Written {
  WrittenParquet metrics;
  std::shared_ptr<const RandomAccessBytes> file;
  std::string text;
};

Written write(const std::vector<Column>& columns, const std::vector<CellRow>& rows,
              const std::vector<std::string>& bounded = {}) {
  const auto text = std::make_shared<std::string>();
  const auto writer = make_parquet_row_writer("a/b.parquet", std::make_unique<MemoryWriter>(text),
                                              columns, bounded);
  for (const auto& row : rows) writer->append(row);
  WrittenParquet metrics = writer->finish();
  return {std::move(metrics), std::make_shared<MemoryBytes>(*text), *text};
}

TEST(ParquetRowWriterTest, WritesRowsThatReadBackAsTheyWere) {
  EXPECT_EQ(read_parquet_rows(write(kColumns, kRows).file, kColumns), kRows);
}

TEST(ParquetRowWriterTest, ReadsColumnsByFieldIdAndMissingOnesAsNull) {
  const auto written = write(kColumns, kRows);
  const std::vector<Column> wanted = {column("new", ColumnType::kText, 20),
                                      column("renamed", ColumnType::kInt, 5)};
  const std::vector<CellRow> expected = {{std::monostate{}, std::int64_t{-5}},
                                         {std::monostate{}, std::monostate{}},
                                         {std::monostate{}, std::int64_t{7}}};
  EXPECT_EQ(read_parquet_rows(written.file, wanted), expected);
}

TEST(ParquetRowWriterTest, TellsSizeHashRowsAndNulls) {
  const auto written = write(kColumns, kRows);
  EXPECT_EQ(written.metrics.key, "a/b.parquet");
  EXPECT_EQ(written.metrics.bytes, written.text.size());
  EXPECT_EQ(written.metrics.sha256, sha256_of(written.text));
  EXPECT_EQ(written.metrics.rows, 3);
  EXPECT_EQ(written.metrics.split_offsets, std::vector<std::int64_t>{4});
  ASSERT_EQ(written.metrics.columns.size(), kColumns.size());
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    const auto& metrics = written.metrics.columns[i];
    EXPECT_EQ(metrics.field_id, kColumns[i].field_id);
    EXPECT_EQ(metrics.values, 3);
    EXPECT_EQ(metrics.nulls, 1);
    EXPECT_GT(metrics.bytes, 0);
    EXPECT_FALSE(metrics.lower || metrics.upper);
  }
}

TEST(ParquetRowWriterTest, KeepsBoundsOfTheColumnsThatWantThem) {
  const auto written =
      write(kColumns, kRows, {"name", "cost", "at", "count", "line", "is_held", "raw"});
  const auto bounds = [&](std::size_t i) {
    const auto& metrics = written.metrics.columns[i];
    return std::pair(metrics.lower.value(), metrics.upper.value());
  };
  using namespace std::string_literals;
  EXPECT_EQ(bounds(0), std::pair("ab"s, "b\xc3\xa4r"s));
  EXPECT_EQ(bounds(1),
            std::pair("\xff"s, single_value(decimal("99999999999999999999.999999999999999999"))));
  EXPECT_EQ(bounds(2).first, "\xff\xff\xff\xff\xff\xff\xff\xff"s);
  EXPECT_EQ(bounds(3), std::pair("\xfb\xff\xff\xff"s, "\x07\0\0\0"s));
  EXPECT_EQ(bounds(4).second, "\0\0\0\0\0\x01\0\0"s);
  EXPECT_EQ(bounds(5), std::pair("\0"s, "\1"s));
  EXPECT_EQ(bounds(6), std::pair(""s, "\0\xff\n"s));
}

TEST(ParquetRowWriterTest, HasNoBoundsForAColumnOfNullsOnly) {
  const auto written = write({kColumns[0]}, {{std::monostate{}}}, {"name"});
  EXPECT_FALSE(written.metrics.columns[0].lower.has_value());
  EXPECT_FALSE(written.metrics.columns[0].upper.has_value());
}

TEST(ParquetRowWriterTest, WritesATableWithoutRows) {
  const auto written = write(kColumns, {});
  EXPECT_EQ(written.metrics.rows, 0);
  EXPECT_TRUE(read_parquet_rows(written.file, kColumns).empty());
}

TEST(ParquetRowWriterTest, BeginsARowGroupBeforeMemoryGrows) {
  const std::vector<Column> columns = {kColumns[6]};
  const std::vector<CellRow> rows(50, {std::string(1 << 20, 'x')});
  const auto written = write(columns, rows);
  EXPECT_EQ(written.metrics.split_offsets.size(), 2);
  EXPECT_EQ(read_parquet_rows(written.file, columns), rows);
}

TEST(ParquetRowWriterTest, RefusesWhatItsColumnsCannotTake) {
  std::vector<Column> columns = {kColumns[0], kColumns[3]};
  const auto kind_for = [&](const CellRow& row) {
    return kind_thrown_by([&] { write(columns, std::vector<CellRow>(1, row)); });
  };
  const CellValue null;
  EXPECT_EQ(kind_for(CellRow(1)), ErrorKind::kInternal);
  EXPECT_EQ(kind_for({std::int64_t{1}, null}), ErrorKind::kInternal);
  EXPECT_EQ(kind_for({std::string("\xff"), null}), ErrorKind::kInternal);
  EXPECT_EQ(kind_for({null, std::int64_t{1} << 31}), ErrorKind::kInternal);
  columns[0].is_required = true;
  EXPECT_EQ(kind_for(CellRow(2)), ErrorKind::kInternal);
}

TEST(ParquetRowWriterTest, PassesTheErrorOfItsOutputOnAndShowsNothing) {
  const auto text = std::make_shared<std::string>();
  auto out = std::make_unique<MemoryWriter>(text);
  out->failure = Error(ErrorKind::kNoSpace, "disk full");
  const auto call = [&] {
    const auto writer = make_parquet_row_writer("key", std::move(out), kColumns, {});
    writer->append(kRows[0]);
    writer->finish();
  };
  EXPECT_EQ(kind_thrown_by(call), ErrorKind::kNoSpace);
  EXPECT_TRUE(text->empty());
}

TEST(SingleValueTest, ShortensDecimalsWithoutLosingTheirSign) {
  using namespace std::string_literals;
  const auto of = [](Int128 unscaled) { return single_value(Decimal::from_unscaled(unscaled)); };
  EXPECT_EQ(of(0), "\0"s);
  EXPECT_EQ(of(127), "\x7f"s);
  EXPECT_EQ(of(128), "\0\x80"s);
  EXPECT_EQ(of(-128), "\x80"s);
  EXPECT_EQ(of(-129), "\xff\x7f"s);
  EXPECT_EQ(of(power_of_10(38) - 1),
            "\x4b\x3b\x4c\xa8\x5a\x86\xc4\x7a\x09\x8a\x22\x3f\xff\xff\xff\xff"s);
}

TEST(ReadParquetRowsTest, NamesTheColumnThatHasAnotherType) {
  const auto written = write(kColumns, kRows);
  const auto error = error_thrown_by(
      [&] { read_parquet_rows(written.file, {column("cost", ColumnType::kText, 7)}); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(error.what(), HasSubstr("'cost' (field id 7)"));
}

TEST(ReadParquetRowsTest, TurnsDamageIntoInvalidDataAndStoreErrorsIntoThemselves) {
  const auto written = write(kColumns, kRows);
  const auto read = [&](const std::shared_ptr<MemoryBytes>& file) {
    return kind_thrown_by([&] { read_parquet_rows(file, kColumns); });
  };
  EXPECT_EQ(read(std::make_shared<MemoryBytes>("PAR1")), ErrorKind::kInvalidData);
  EXPECT_EQ(read(std::make_shared<MemoryBytes>("")), ErrorKind::kInvalidData);
  const std::string cut = written.text.substr(0, written.text.size() - 3);
  EXPECT_EQ(read(std::make_shared<MemoryBytes>(cut)), ErrorKind::kInvalidData);
  const auto gone = std::make_shared<MemoryBytes>(written.text);
  gone->failure = Error(ErrorKind::kUnavailable, "no route");
  EXPECT_EQ(read(gone), ErrorKind::kUnavailable);
}

TEST(ParquetRowCountTest, IsWhatTheFooterSays) {
  EXPECT_EQ(parquet_row_count(*write(kColumns, kRows).file), std::ssize(kRows));
  EXPECT_EQ(kind_thrown_by([] { parquet_row_count(MemoryBytes("no parquet")); }),
            ErrorKind::kInvalidData);
}

TEST(ParquetMetadataTest, IsNothingWithoutTheKeyOrForAnotherKindOfFile) {
  const auto written = write(kColumns, kRows);
  EXPECT_EQ(parquet_metadata(*written.file, "finops.state"), std::nullopt);
  EXPECT_EQ(parquet_metadata(MemoryBytes("no parquet"), "finops.state"), std::nullopt);
}

}  // namespace
}  // namespace finops
