#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>

#include <algorithm>

#include "finops/tabular/chunk_pages.h"
#include "finops/tabular/parquet_files.h"
#include "finops/tabular/parquet_writing.h"
#include "tests/support/arrow_files.h"
#include "tests/support/memory_bytes.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using Files = std::vector<std::shared_ptr<const RandomAccessBytes>>;
using Properties = parquet::WriterProperties::Builder;

Column column(std::string name, ColumnType type, int id) {
  return {.name = std::move(name), .type = type, .doc = "", .field_id = id};
}

const Column kName = column("name", ColumnType::kText, 3);
const Column kCost = column("cost", ColumnType::kDecimal, 7);
const Column kAt = column("at", ColumnType::kTimestamp, 4);
const Column kLine = column("line", ColumnType::kLong, 6);
const Column kIsHeld = column("is_held", ColumnType::kBoolean, 8);
const Column kTags = {
    .name = "tags", .type = ColumnType::kTextMap, .field_id = 10, .key_id = 11, .value_id = 12};

const std::vector<Column> kColumns = {kName, kCost, kAt, kLine, kIsHeld, kTags};

std::shared_ptr<arrow::Schema> schema_of(const std::vector<Column>& columns) {
  arrow::FieldVector fields;
  for (const Column& one : columns) {
    auto type = arrow::utf8();
    if (one.type == ColumnType::kDecimal) type = arrow::decimal128(38, 18);
    if (one.type == ColumnType::kTimestamp) type = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    if (one.type == ColumnType::kLong) type = arrow::int64();
    if (one.type == ColumnType::kBoolean) type = arrow::boolean();
    if (one.type == ColumnType::kTextMap) {
      type = arrow::map(arrow::utf8(), field_with_id("value", arrow::utf8(), one.value_id));
    }
    fields.push_back(field_with_id(one.name, type, one.field_id)->WithNullable(!one.is_required));
  }
  return arrow::schema(fields);
}

template <typename Builder>
std::shared_ptr<arrow::Array> array_of(std::int64_t rows, Builder builder, auto value) {
  for (std::int64_t i = 0; i < rows; ++i) {
    PARQUET_THROW_NOT_OK(i % 7 == 3 ? builder.AppendNull() : builder.Append(value(i)));
  }
  return builder.Finish().ValueOrDie();
}

/// Rows with NULLs in every column, values that repeat and ones that do not, and empty maps.
std::shared_ptr<arrow::Table> some_rows(std::int64_t rows, std::int64_t from = 0) {
  const auto schema = schema_of(kColumns);
  std::vector<std::optional<std::string>> names, costs;
  std::vector<std::optional<TextEntries>> tags;
  for (std::int64_t i = from; i < from + rows; ++i) {
    const std::string number = std::to_string(i);
    names.push_back(i % 5 == 2 ? std::nullopt : std::optional("name " + number));
    costs.push_back(i % 4 == 1 ? std::nullopt : std::optional(std::to_string(i % 3 - 1) + ".25"));
    tags.push_back(i % 3 == 0 ? std::nullopt : std::optional(TextEntries()));
    for (std::int64_t tag = 0; tags.back() && tag < i % 4; ++tag) {
      tags.back()->emplace_back("k" + std::to_string(tag),
                                tag == 1 ? std::nullopt : std::optional(number));
    }
  }
  const auto at = array_of(
      rows, arrow::TimestampBuilder(schema->field(2)->type(), arrow::default_memory_pool()),
      [&](auto i) { return (from + i) / 9 * 3'600'000'000; });
  const auto line = array_of(rows, arrow::Int64Builder(), [&](auto i) { return from + i; });
  const auto held = array_of(rows, arrow::BooleanBuilder(), [](auto i) { return i % 2 == 0; });
  return arrow::Table::Make(schema, {texts(names), decimals(costs), at, line, held,
                                     text_maps(tags)->View(schema->field(5)->type()).ValueOrDie()});
}

std::shared_ptr<MemoryBytes> file_of(const arrow::Table& table,
                                     const std::shared_ptr<parquet::WriterProperties>& properties,
                                     std::int64_t row_group_rows = 1000) {
  return std::make_shared<MemoryBytes>(parquet_text(table, row_group_rows, properties));
}

std::string text_of(const RandomAccessBytes& file) {
  std::string text(file.size(), '\0');
  file.read_at(0, std::as_writable_bytes(std::span(text)));
  return text;
}

std::unique_ptr<parquet::ParquetFileReader> reader_of(const RandomAccessBytes& file) {
  return parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(text_of(file))));
}

std::shared_ptr<arrow::Table> rows_of(const RandomAccessBytes& file) {
  std::unique_ptr<parquet::arrow::FileReader> reader;
  PARQUET_ASSIGN_OR_THROW(
      reader, parquet::arrow::FileReader::Make(arrow::default_memory_pool(), reader_of(file)));
  PARQUET_ASSIGN_OR_THROW(auto table, reader->ReadTable());
  PARQUET_THROW_NOT_OK(table->ValidateFull());
  return table;
}

std::string chunk_bytes(const RandomAccessBytes& file, int group, int leaf) {
  const auto metadata = reader_of(file)->metadata();
  const auto of_group = metadata->RowGroup(group);
  const auto chunk = of_group->ColumnChunk(leaf);
  const auto begin =
      chunk->has_dictionary_page() ? chunk->dictionary_page_offset() : chunk->data_page_offset();
  return text_of(file).substr(static_cast<std::size_t>(begin),
                              static_cast<std::size_t>(chunk->total_compressed_size()));
}

struct PageText {
  parquet::PageType::type type;
  std::string body;
  bool operator==(const PageText&) const = default;
};

std::vector<PageText> pages_of(const RandomAccessBytes& file, int group, int leaf) {
  const auto reader = reader_of(file);
  const auto pages = reader->RowGroup(group)->GetColumnPageReader(leaf);
  std::vector<PageText> found;
  while (const auto page = pages->NextPage()) {
    found.push_back({page->type(), page->buffer()->ToString()});
  }
  return found;
}

std::shared_ptr<MemoryBytes> merged(const Files& files, const std::vector<Column>& columns,
                                    ParquetCompression compression, std::int64_t* rows = nullptr) {
  const auto text = std::make_shared<std::string>();
  MemoryWriter out(text);
  const ParquetMerge merge{
      .columns = columns, .compression = compression, .metadata = {{"finops.state", "42"}}};
  const std::int64_t written = merge_parquet(files, merge, out);
  if (rows != nullptr) *rows = written;
  out.finish();
  return std::make_shared<MemoryBytes>(*text);
}

constexpr ParquetCompression kAll[] = {ParquetCompression::kSnappy, ParquetCompression::kZstd,
                                       ParquetCompression::kGzip, ParquetCompression::kLz4,
                                       ParquetCompression::kNone};

Properties small_pages() {
  Properties properties;
  properties.data_pagesize(512)->write_batch_size(50)->enable_page_checksum();
  return properties;
}

std::shared_ptr<parquet::WriterProperties> zstd_pages() {
  return small_pages().compression(parquet::Compression::ZSTD)->build();
}

TEST(MergeParquetTest, CopiesTheBytesOfColumnsThatAreCompressedAsWanted) {
  const auto file = file_of(*some_rows(2500), zstd_pages());
  std::vector<Column> columns(kColumns.rbegin(), kColumns.rend());
  columns[0].name = "labels";
  const auto result = merged({file, file}, columns, ParquetCompression::kZstd);
  // Columns from behind, of which tags have two leaves.
  const std::vector<int> leaves = {5, 6, 4, 3, 2, 1, 0};
  for (int group = 0; group < 6; ++group) {
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      EXPECT_EQ(chunk_bytes(*result, group, static_cast<int>(leaf)),
                chunk_bytes(*file, group % 3, leaves[leaf]));
    }
  }
}

TEST(MergeParquetTest, KeepsPagesAsTheyAreWhereOnlyTheCompressionDiffers) {
  const auto file = file_of(*some_rows(2500), zstd_pages());
  ASSERT_GT(pages_of(*file, 1, 0).size(), 3);  // so that there is an order to keep
  for (const auto compression : kAll) {
    const auto result = merged({file}, kColumns, compression);
    for (int leaf = 0; leaf < 7; ++leaf) {
      EXPECT_EQ(pages_of(*result, 1, leaf), pages_of(*file, 1, leaf));
    }
  }
}

TEST(MergeParquetTest, TellsInTheFooterWhatIsInAChunk) {
  const auto file = file_of(*some_rows(2500), zstd_pages());
  const auto source = reader_of(*file)->metadata();
  for (const auto compression : kAll) {
    const auto result = reader_of(*merged({file}, kColumns, compression))->metadata();
    ASSERT_EQ(result->num_row_groups(), source->num_row_groups());
    for (int leaf = 0; leaf < 7; ++leaf) {
      const auto of_source = source->RowGroup(1), of_result = result->RowGroup(1);
      const auto is = of_result->ColumnChunk(leaf), was = of_source->ColumnChunk(leaf);
      EXPECT_EQ(is->num_values(), was->num_values());
      EXPECT_EQ(is->has_dictionary_page(), was->has_dictionary_page());
      EXPECT_THAT(is->encodings(), ::testing::UnorderedElementsAreArray(was->encodings()));
      ASSERT_TRUE(is->is_stats_set());
      EXPECT_EQ(is->encoded_statistics()->null_count, was->encoded_statistics()->null_count);
      EXPECT_EQ(is->encoded_statistics()->min(), was->encoded_statistics()->min());
      EXPECT_EQ(is->encoded_statistics()->max(), was->encoded_statistics()->max());
    }
  }
}

TEST(MergeParquetTest, TakesNoStatisticsOfAWriterThatGotThemWrong) {
  const auto properties =
      small_pages().created_by("parquet-mr version 1.8.0 (build 1)")->build();  // PARQUET-251
  const auto file = file_of(*some_rows(10), properties);
  const auto result = merged({file}, kColumns, ParquetCompression::kZstd);
  const auto metadata = reader_of(*result)->metadata();
  const auto group = metadata->RowGroup(0);
  EXPECT_FALSE(group->ColumnChunk(0)->is_stats_set());
  EXPECT_TRUE(group->ColumnChunk(3)->is_stats_set());
}

TEST(MergeParquetTest, TakesEveryFormOfPages) {
  const std::vector<std::shared_ptr<parquet::WriterProperties>> forms = {
      zstd_pages(),
      small_pages().compression(parquet::Compression::SNAPPY)->enable_write_page_index()->build(),
      small_pages().compression(parquet::Compression::GZIP)->disable_dictionary()->build(),
      small_pages().compression(parquet::Compression::LZ4_HADOOP)->build(),
      small_pages().dictionary_pagesize_limit(200)->build(),
      small_pages().data_page_version(parquet::ParquetDataPageVersion::V2)->build(),
      small_pages()
          .data_page_version(parquet::ParquetDataPageVersion::V2)
          ->compression(parquet::Compression::ZSTD)
          ->disable_dictionary()
          ->encoding("name", parquet::Encoding::DELTA_BYTE_ARRAY)
          ->encoding("line", parquet::Encoding::DELTA_BINARY_PACKED)
          ->encoding("is_held", parquet::Encoding::RLE)
          ->build(),
      small_pages().version(parquet::ParquetVersion::PARQUET_1_0)->build()};
  const auto rows = some_rows(2500);
  for (const auto& form : forms) {
    const auto file = file_of(*rows, form);
    for (const auto compression : kAll) {
      std::int64_t count = 0;
      const auto result = merged({file}, kColumns, compression, &count);
      EXPECT_EQ(count, 2500);
      EXPECT_TRUE(rows_of(*result)->Equals(*rows_of(*file)));
    }
  }
}

TEST(MergeParquetTest, PutsFilesOneAfterAnotherAlsoWhereTheyLackColumns) {
  Files files;
  std::vector<std::shared_ptr<arrow::Table>> tables;
  const std::vector<Column> columns = {kName, kCost, kTags};
  for (std::int64_t i = 0; i < 40; ++i) {
    auto rows = some_rows(300, i * 300)->SelectColumns({0, 1, 5}).ValueOrDie();
    if (i % 3 == 1) rows = rows->SelectColumns({0}).ValueOrDie();
    if (i % 3 == 2) rows = rows->SelectColumns({2, 0}).ValueOrDie();
    files.push_back(file_of(*rows, i % 2 == 0 ? zstd_pages() : small_pages().build(), 100));
    for (const Column& column : columns) {
      const auto field = schema_of({column})->field(0);
      if (rows->GetColumnByName(field->name())) continue;
      const auto nulls = arrow::MakeArrayOfNull(field->type(), 300).ValueOrDie();
      rows =
          rows->AddColumn(rows->num_columns(), field, std::make_shared<arrow::ChunkedArray>(nulls))
              .ValueOrDie();
    }
    tables.push_back(arrow::Table::Make(
        schema_of(columns), {rows->GetColumnByName("name"), rows->GetColumnByName("cost"),
                             rows->GetColumnByName("tags")}));
  }
  const auto expected = arrow::ConcatenateTables(tables).ValueOrDie();
  std::int64_t count = 0;
  const auto result = merged(files, columns, ParquetCompression::kSnappy, &count);
  EXPECT_EQ(count, 12'000);
  EXPECT_TRUE(rows_of(*result)->Equals(*expected));
  EXPECT_EQ(parquet_metadata(*result, "finops.state"), "42");
  EXPECT_EQ(text_of(*merged(files, columns, ParquetCompression::kSnappy)), text_of(*result));
}

TEST(MergeParquetTest, EncodesAnewWhatIsRequiredInTheFileOnly) {
  Column required = kName;
  required.is_required = true;
  const auto table = arrow::Table::Make(schema_of({required}), {texts({"a", "b"})});
  const auto result = merged({file_of(*table, zstd_pages())}, {kName}, ParquetCompression::kZstd);
  EXPECT_TRUE(reader_of(*result)->metadata()->schema()->Column(0)->schema_node()->is_optional());
  EXPECT_EQ(read_parquet_rows(result, {kName}),
            (std::vector<CellRow>{{std::string("a")}, {std::string("b")}}));
}

TEST(MergeParquetTest, MakesNoNullsInARequiredColumn) {
  Column required = kName;
  required.is_required = true;
  const auto call_with = [&](const Column& stored, std::optional<std::string> text) {
    const auto table = arrow::Table::Make(schema_of({stored}), {texts({"a", std::move(text)})});
    return merged({file_of(*table, zstd_pages())}, {required}, ParquetCompression::kZstd);
  };
  EXPECT_EQ(rows_of(*call_with(kName, "b"))->num_rows(), 2);
  EXPECT_EQ(kind_thrown_by([&] { call_with(kName, std::nullopt); }), ErrorKind::kInvalidData);
  const Column other = column("other", ColumnType::kText, 99);
  EXPECT_EQ(kind_thrown_by([&] { call_with(other, "b"); }), ErrorKind::kInvalidData);
}

TEST(MergeParquetTest, KeepsTimesInUtcAndNamesAndFieldIds) {
  const auto result = merged({file_of(*some_rows(3), zstd_pages())}, kColumns, kAll[0]);
  const auto metadata = reader_of(*result)->metadata();
  const auto& at = *metadata->schema()->group_node()->field(2);
  EXPECT_EQ(at.name(), "at");
  EXPECT_EQ(at.field_id(), 4);
  EXPECT_THAT(at.logical_type()->ToString(), HasSubstr("isAdjustedToUTC=true"));
}

TEST(MergeParquetTest, SetsOneTimeInAllRowsAlsoOfAColumnThatNoFileHas) {
  const auto file = file_of(*some_rows(3), zstd_pages());
  const std::vector<Column> columns = {kAt, column("period", ColumnType::kTimestamp, 99)};
  const auto text = std::make_shared<std::string>();
  MemoryWriter out(text);
  merge_parquet({file}, {.columns = columns, .times = {{"at", 5}, {"period", -7}}}, out);
  out.finish();
  const CellRow row = {std::int64_t{5}, std::int64_t{-7}};
  EXPECT_EQ(read_parquet_rows(std::make_shared<MemoryBytes>(*text), columns),
            std::vector<CellRow>(3, row));
}

TEST(MergeParquetTest, MakesASoundFileOfNothing) {
  std::int64_t count = -1;
  const auto none = file_of(*some_rows(0), zstd_pages());
  for (const Files& files : {Files{}, Files{none}, Files{none, none}}) {
    EXPECT_TRUE(read_parquet_rows(merged(files, {kName}, kAll[0], &count), {kName}).empty());
    EXPECT_EQ(count, 0);
  }
}

TEST(MergeParquetTest, TellsWhoFailedTheSourceOrTheTarget) {
  const auto file = file_of(*some_rows(100), zstd_pages());
  const auto gone = std::make_shared<MemoryBytes>(text_of(*file));
  gone->failure = Error(ErrorKind::kUnavailable, "no route");
  EXPECT_EQ(kind_thrown_by([&] { merged({file, gone}, kColumns, kAll[0]); }),
            ErrorKind::kUnavailable);
  MemoryWriter out(std::make_shared<std::string>());
  out.failure = Error(ErrorKind::kNoSpace, "disk full");
  EXPECT_EQ(kind_thrown_by([&] { merge_parquet({file}, {.columns = kColumns}, out); }),
            ErrorKind::kNoSpace);
}

/// The file with its first data page unlike what was written, `from` bytes after the beginning of
/// what is compressed.
std::shared_ptr<MemoryBytes> damaged(const RandomAccessBytes& sound, std::size_t from) {
  const auto metadata = reader_of(sound)->metadata();
  const auto group = metadata->RowGroup(0);
  const auto page = static_cast<std::size_t>(group->ColumnChunk(0)->data_page_offset());
  std::string text = text_of(sound);
  const std::size_t frame = text.find("\x28\xb5\x2f\xfd", page);  // zstd's magic number
  for (std::size_t i = frame + from; i < frame + from + 4; ++i) {
    text[i] = static_cast<char>(~text[i]);
  }
  return std::make_shared<MemoryBytes>(text);
}

TEST(MergeParquetTest, FindsDamageAlsoWhereItOnlyCopies) {
  const auto rows = some_rows(1000);
  const auto zstd = Properties().compression(parquet::Compression::ZSTD)->build();
  const auto unpackable = damaged(*file_of(*rows, zstd), 0);
  const auto with_wrong_checksum = damaged(*file_of(*rows, zstd_pages()), 100);
  for (const auto compression : kAll) {
    EXPECT_EQ(kind_thrown_by([&] { merged({unpackable}, {kName}, compression); }),
              ErrorKind::kInvalidData);
    EXPECT_EQ(kind_thrown_by([&] { merged({with_wrong_checksum}, {kName}, compression); }),
              ErrorKind::kInvalidData);
  }
}

/// A file of one column that has one NULL, and `rows` rows by its footer.
std::shared_ptr<MemoryBytes> file_with_one_null(const Column& of, std::int64_t rows) {
  const bill::ParquetSchema schema({of});
  const auto text = std::make_shared<std::string>();
  bill::ParquetFiles files(schema, 1000, [&] {
    return ConvertOutput::Named{"key", std::make_unique<MemoryWriter>(text)};
  });
  bill::EncodingOptions options;
  bill::RowGroup group{.rows = rows};
  for (std::size_t i = 0; i < schema.leaves().size(); ++i) {
    bill::ChunkPages pages(options, false);
    std::string body;
    const std::uint32_t zero = 0;
    if (is_map(of.type)) bill::append_levels(body, &zero, 1, 1);
    bill::append_levels(body, &zero, 1, is_map(of.type) ? 2 : 1);
    pages.add_page(bill::Encoding::kPlain, 1, 1, body);
    group.chunks.push_back(pages.finish());
  }
  files.write(group);
  files.finish();
  return std::make_shared<MemoryBytes>(*text);
}

TEST(MergeParquetTest, RefusesColumnsThatHaveOtherRowsThanTheirRowGroup) {
  for (const Column& of : {kName, kTags}) {
    EXPECT_EQ(rows_of(*merged({file_with_one_null(of, 1)}, {of}, kAll[1]))->num_rows(), 1);
    for (const auto compression : kAll) {
      EXPECT_EQ(kind_thrown_by([&] { merged({file_with_one_null(of, 2)}, {of}, compression); }),
                ErrorKind::kInvalidData);
    }
  }
}

}  // namespace
}  // namespace finops
