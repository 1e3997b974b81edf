#include <gtest/gtest.h>
#include <parquet/file_reader.h>

#include <string>
#include <vector>

#include "finops/engines/duckdb/duckdb_test_tables.h"
#include "finops/tabular/column_chunk_reader.h"
#include "tests/support/temp_folder.h"

namespace finops {
namespace {

/// Parquet as DuckDB writes it, whose footers do not count pages by encoding.
class WrittenParquetTest : public ::testing::Test {
 protected:
  WrittenParquetTest() {
    write_parquet(folder_ / "a.parquet",
                  "SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE 'team-' || i % 7 END AS team, "
                  "md5(i::VARCHAR) AS id, i % 5 AS number FROM range(50000) r(i)",
                  "{team: 1, id: 2, number: 3}");
    file_ = parquet::ParquetFileReader::OpenFile(folder_ / "a.parquet");
    group_ = file_->RowGroup(0);
  }

  const TempFolder folder_;
  std::unique_ptr<parquet::ParquetFileReader> file_;
  std::shared_ptr<parquet::RowGroupReader> group_;
};

TEST_F(WrittenParquetTest, AChunkOfCodesIsReadAsCodes) {
  ASSERT_TRUE(group_->metadata()->ColumnChunk(0)->encoding_stats().empty());
  ChunkReader<parquet::ByteArrayType> reader(*group_, 0, true);
  ASSERT_TRUE(reader.has_codes());
  Batch<parquet::ByteArray> batch;
  std::int64_t row = 0, wrong = 0, nulls = 0;
  for (; reader.next(batch); row += batch.levels) {
    EXPECT_EQ(batch.dictionary.size(), 7u);
    nulls += batch.levels - std::ssize(batch.codes);
    for_each_value(batch, row, [&](std::int64_t at, const parquet::ByteArray& value) {
      const std::string text(reinterpret_cast<const char*>(value.ptr), value.len);
      wrong += at % 3 == 0 || text != "team-" + std::to_string(at % 7) ? 1 : 0;
    });
  }
  EXPECT_EQ(row, file_->metadata()->RowGroup(0)->num_rows());
  EXPECT_EQ(nulls, (row + 2) / 3);
  EXPECT_EQ(wrong, 0);
}

TEST_F(WrittenParquetTest, NumbersHaveCodesToo) {
  ChunkReader<parquet::Int64Type> reader(*group_, 2, true);
  Batch<std::int64_t> batch;
  std::int64_t row = 0, wrong = 0;
  for (; reader.next(batch); row += batch.levels) {
    for_each_value(batch, row,
                   [&](std::int64_t at, std::int64_t value) { wrong += value != at % 5 ? 1 : 0; });
  }
  EXPECT_EQ(row, file_->metadata()->RowGroup(0)->num_rows());
  EXPECT_EQ(wrong, 0);
}

TEST_F(WrittenParquetTest, AChunkOfValuesIsReadAsValues) {
  ChunkReader<parquet::ByteArrayType> reader(*group_, 1, true);
  EXPECT_FALSE(reader.has_codes());
  Batch<parquet::ByteArray> batch;
  ASSERT_TRUE(reader.next(batch));
  EXPECT_EQ(batch.values[0].len, 32u);
}

}  // namespace
}  // namespace finops
