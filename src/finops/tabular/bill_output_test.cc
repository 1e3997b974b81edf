// What a conversion writes: files, row groups, metrics, the same bytes each time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/column_page.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <map>
#include <random>

#include "finops/core/sha256.h"
#include "finops/tabular/kernels.h"
#include "finops/tabular/parquet_totals.h"
#include "tests/support/bill_delivery.h"
#include "tests/support/bill_rows.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::vector<std::pair<std::string, ColumnType>> kColumns = {
    {"id", ColumnType::kText},
    {"start", ColumnType::kTimestamp},
    {"line_item_unblended_cost", ColumnType::kDecimal},
    {"tags", ColumnType::kTextMap},
    {"tag", ColumnType::kText}};

/// Rows of every shape: few and many distinct values, runs, NULLs.
std::string bill_text(int rows, int first = 0) {
  std::string text = "id,start,line_item_unblended_cost,tags,tag\n";
  for (int i = first; i < first + rows; ++i) {
    const std::string n = std::to_string(i);
    text += "id-" + std::to_string(i * 7919ll % 1'000'003) + "-0123456789abcdef0123456789,";
    text += i % 5 == 0 ? "," : "2025-06-" + std::to_string(10 + i % 20) + "T01:00:00Z,";
    text += (i % 3 == 0 ? "-" : "") + n + "." + n + ",";
    text += i % 4 == 0 ? "," : "\"{\"\"k" + std::to_string(i % 7) + "\"\":\"\"v" + n + "\"\"}\",";
    text += (i / 1000 % 2 == 0 ? "team-" + std::to_string(i % 11) : "") + "\n";
  }
  return text;
}

std::shared_ptr<parquet::FileMetaData> metadata_of(const std::string& file) {
  return parquet::ParquetFileReader::Open(
             std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(file)))
      ->metadata();
}

const ColumnMetrics& metrics_of(const WrittenParquet& file, int field_id) {
  for (const ColumnMetrics& metrics : file.columns) {
    if (metrics.field_id == field_id) return metrics;
  }
  throw Error(ErrorKind::kInternal, "no metrics of field " + std::to_string(field_id));
}

TEST(BillOutputTest, IsTheSameBytesForAnyThreadsAndKernels) {
  const std::vector<BillPart> parts{part_of("a", bill_text(30'000)), part_of("b", bill_text(9, 5)),
                                    part_of("c", bill_text(20'000, 30'000))};
  ConvertOptions options{.threads = 1};
  options.row_group_rows = 17'000;
  const Conversions one = convert(parts, layout_of(kColumns), options);
  options.threads = 4;
  const Conversions four = convert(parts, layout_of(kColumns), options);
  bill::use_kernels(bill::portable_kernels());
  EXPECT_EQ(converter_kernels(), "portable");
  const Conversions portable = convert(parts, layout_of(kColumns), options);
  if (bill::avx2_kernels() != nullptr) bill::use_kernels(*bill::avx2_kernels());
  ASSERT_THAT(one.files, SizeIs(1));
  EXPECT_TRUE(*one.files[0] == *four.files[0]);
  EXPECT_TRUE(*one.files[0] == *portable.files[0]);
}

TEST(BillOutputTest, BeginsRowGroupsAndFilesAtTheirRows) {
  ConvertOptions options{.threads = 2};
  options.row_group_rows = 300;
  options.file_rows = 1'000;
  const Conversions c = convert({part_of("a", bill_text(2'500))}, layout_of(kColumns), options);
  ASSERT_THAT(c.report.files, SizeIs(3));
  EXPECT_EQ(c.report.files[0].key, "data-1.parquet");
  std::vector<std::int64_t> rows;
  for (std::size_t i = 0; i < 3; ++i) {
    const WrittenParquet& file = c.report.files[i];
    const auto metadata = metadata_of(*c.files[i]);
    EXPECT_EQ(file.bytes, c.files[i]->size());
    EXPECT_EQ(file.sha256, sha256_of(*c.files[i]));
    EXPECT_EQ(file.rows, metadata->num_rows());
    ASSERT_EQ(static_cast<int>(file.split_offsets.size()), metadata->num_row_groups());
    for (int g = 0; g < metadata->num_row_groups(); ++g) {
      rows.push_back(metadata->RowGroup(g)->num_rows());
      EXPECT_EQ(metadata->RowGroup(g)->file_offset(),
                file.split_offsets[static_cast<std::size_t>(g)]);
    }
  }
  EXPECT_THAT(rows, ElementsAre(300, 300, 300, 100, 300, 300, 300, 100, 300, 200));
  EXPECT_THAT(metadata_of(*c.files[0])->created_by(), HasSubstr("finops version "));
}

/// NULLs for pages on end do not take it away.
TEST(BillOutputTest, TellsReadersWhichColumnsAreDictionariesOnly) {
  std::string text = "id,tag\n";
  for (int i = 0; i < 200'000; ++i) {
    text += "id-" + std::to_string(i) + "-0123456789abcdef," + (i < 60'000 ? "team" : "") + "\n";
  }
  const Conversions c =
      convert({part_of("a", text)}, layout_of({kColumns[0], kColumns[4]}), {.threads = 2});
  const auto file = parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(*c.files.at(0))));
  ASSERT_EQ(file->metadata()->num_row_groups(), 2);
  const auto exposed = [&](int group, int column) {
    return file->RowGroup(group)
        ->ColumnWithExposeEncoding(column, parquet::ExposedEncoding::DICTIONARY)
        ->GetExposedEncoding();
  };
  EXPECT_EQ(exposed(0, 1), parquet::ExposedEncoding::DICTIONARY);
  EXPECT_EQ(exposed(0, 0), parquet::ExposedEncoding::NO_ENCODING);
  const auto tags = file->metadata()->RowGroup(0)->ColumnChunk(1)->encoding_stats();
  ASSERT_THAT(tags, SizeIs(2));
  EXPECT_EQ(tags[0].page_type, parquet::PageType::DICTIONARY_PAGE);
  EXPECT_EQ(tags[1].count, 2) << "one of them has NULLs only";
  const auto nothing = file->metadata()->RowGroup(1)->ColumnChunk(1)->encoding_stats();
  ASSERT_THAT(nothing, SizeIs(1));
  EXPECT_EQ(nothing[0].encoding, parquet::Encoding::PLAIN);
}

TEST(BillOutputTest, GivesFieldIdsAndTypes) {
  const Conversions c = convert({part_of("a", bill_text(3))}, layout_of(kColumns));
  const auto metadata = metadata_of(*c.files[0]);
  const auto* root = metadata->schema()->group_node();
  const auto describe = [](const parquet::schema::Node& node) {
    return node.name() + " " + std::to_string(node.field_id()) + " " +
           (node.is_required()   ? "required"
            : node.is_repeated() ? "repeated"
                                 : "optional") +
           " " + node.logical_type()->ToString();
  };
  std::vector<std::string> nodes;
  for (int i = 0; i < root->field_count(); ++i) nodes.push_back(describe(*root->field(i)));
  EXPECT_THAT(
      nodes, ElementsAre("id 1 optional String",
                         "start 2 optional Timestamp(isAdjustedToUTC=true, timeUnit=microseconds, "
                         "is_from_converted_type=false, force_set_converted_type=false)",
                         "line_item_unblended_cost 3 optional Decimal(precision=38, scale=18)",
                         "tags 4 optional Map", "tag 7 optional String", "source 8 required String",
                         "billing_period 9 required String", "execution_id 10 required String",
                         "source_file 11 required String", "source_line 12 required None"));
  const auto& map = static_cast<const parquet::schema::GroupNode&>(*root->field(3));
  const auto& entry = static_cast<const parquet::schema::GroupNode&>(*map.field(0));
  EXPECT_EQ(describe(entry), "key_value -1 repeated None");
  EXPECT_EQ(describe(*entry.field(0)), "key 5 required String");
  EXPECT_EQ(describe(*entry.field(1)), "value 6 optional String");
}

/// Pages of one column chunk in a file, by type and encoding, as its footer counts them.
using PageCounts = std::map<std::pair<parquet::PageType::type, parquet::Encoding::type>, int>;

PageCounts pages_of(const std::string& file, int leaf, int row_group = 0) {
  PageCounts counts;
  const auto chunk = metadata_of(file)->RowGroup(row_group)->ColumnChunk(leaf);
  for (const auto& pages : chunk->encoding_stats()) {
    counts[{pages.page_type, pages.encoding}] = pages.count;
  }
  return counts;
}

/// The same, counted.
PageCounts counted_pages(const std::string& file, int leaf) {
  PageCounts counts;
  const auto reader = parquet::ParquetFileReader::Open(
      std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(file)));
  const auto pages = reader->RowGroup(0)->GetColumnPageReader(leaf);
  while (const auto page = pages->NextPage()) {
    const auto encoding = page->type() == parquet::PageType::DICTIONARY_PAGE
                              ? static_cast<const parquet::DictionaryPage&>(*page).encoding()
                              : static_cast<const parquet::DataPageV1&>(*page).encoding();
    ++counts[std::pair(page->type(), encoding)];
  }
  return counts;
}

constexpr auto kDataPage = parquet::PageType::DATA_PAGE;
constexpr auto kDictionaryPage = parquet::PageType::DICTIONARY_PAGE;
constexpr auto kPlain = parquet::Encoding::PLAIN;
constexpr auto kCoded = parquet::Encoding::RLE_DICTIONARY;

TEST(BillOutputTest, TellsHowThePagesOfEachChunkAreEncoded) {
  const Conversions c = convert({part_of("a", bill_text(70'000))}, layout_of(kColumns));
  const int leaves = metadata_of(*c.files[0])->num_columns();
  for (int leaf = 0; leaf < leaves; ++leaf) {
    EXPECT_EQ(pages_of(*c.files[0], leaf), counted_pages(*c.files[0], leaf)) << "leaf " << leaf;
  }
  EXPECT_EQ(pages_of(*c.files[0], 1),
            (PageCounts{{{kDictionaryPage, kPlain}, 1}, {{kDataPage, kCoded}, 2}}))
      << "times: all in the dictionary, 65,536 rows a page";
  EXPECT_EQ(pages_of(*c.files[0], 0).count({kDataPage, kPlain}), 1u)
      << "ids: the dictionary does not pay";
}

TEST(BillOutputTest, EndsPagesOfLongTextsBeforeManyColumnsOfThemFillTheMemory) {
  constexpr int kTextColumns = 8, kRows = 15'000;
  std::vector<std::pair<std::string, ColumnType>> columns;
  std::string text;
  for (int c = 0; c < kTextColumns; ++c) {
    columns.emplace_back("c" + std::to_string(c), ColumnType::kText);
    text += (c > 0 ? ",c" : "c") + std::to_string(c);
  }
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kTextColumns; ++c) {
      text += (c > 0 ? "," : "\n") + std::to_string(r) + std::string(60, 'x');
    }
  }
  const auto plain_pages = [&](std::uint64_t memory) {
    const Conversions c =
        convert({part_of("a", text)}, layout_of(columns), {.threads = 2, .memory_bytes = memory});
    int pages = 0;
    for (int leaf = 0; leaf < kTextColumns; ++leaf) {
      pages += pages_of(*c.files[0], leaf)[{kDataPage, kPlain}];
    }
    return pages;
  };
  EXPECT_EQ(plain_pages(512 << 20), kTextColumns);
  EXPECT_GT(plain_pages(1), kTextColumns) << "all of them would be more than their lane may hold";
}

TEST(BillOutputTest, EndsRowGroupsAfterSoMuchThatWasDeliveredNotAfterSoMuchText) {
  const auto rows_of_first_group = [](const std::string& text) {
    const Conversions c =
        convert({part_of("a", text)}, layout_of(kColumns), {.threads = 2, .memory_bytes = 1});
    return metadata_of(*c.files[0])->RowGroup(0)->num_rows();
  };
  constexpr int kRows = 50'000;
  const std::string header = "id,tag\n";
  std::string alike = header, random = header;
  std::mt19937_64 generator(1);
  for (int r = 0; r < kRows; ++r) {
    alike += std::string(900, static_cast<char>('a' + r % 7)) + ",t\n";
    for (int i = 0; i < 45; ++i) random += std::to_string(generator());
    random += ",t\n";
  }
  EXPECT_EQ(rows_of_first_group(alike), kRows);
  EXPECT_LT(rows_of_first_group(random), kRows * 9 / 10);
}

TEST(BillOutputTest, KeepsMetricsForIceberg) {
  const std::string header = "id,start,line_item_unblended_cost,tags,tag\n";
  const Conversions c = convert(
      {part_of("b.csv", header + "x,1970-01-01T00:00:01Z,-1.5,\"{\"\"a\"\":null,\"\"b\"\":1}\",\n"),
       part_of("a.csv", header + "y,,2,{},\nz,1969-12-31,,,\n")},
      layout_of(kColumns));
  const WrittenParquet& file = c.report.files[0];
  const auto bound = [](std::int64_t value) {
    return std::string(reinterpret_cast<const char*>(&value), 8);
  };
  EXPECT_EQ(metrics_of(file, 1).values, 3);
  EXPECT_EQ(metrics_of(file, 1).lower, std::nullopt);
  EXPECT_EQ(metrics_of(file, 2).nulls, 1);
  EXPECT_EQ(metrics_of(file, 2).lower, bound(-86'400'000'000));
  EXPECT_EQ(metrics_of(file, 2).upper, bound(1'000'000));
  EXPECT_EQ(metrics_of(file, 3).lower, std::string("\xEB\x2E\xED\xF2\x84\xEA\x00\x00", 8))
      << "-1.5 is -1500000000000000000";
  EXPECT_EQ(metrics_of(file, 3).upper, std::string("\x1B\xC1\x6D\x67\x4E\xC8\x00\x00", 8));
  EXPECT_EQ(metrics_of(file, 5).values, 4) << "levels of the keys: two members, {} and NULL";
  EXPECT_EQ(metrics_of(file, 5).nulls, 2);
  EXPECT_EQ(metrics_of(file, 6).nulls, 3);
  EXPECT_EQ(metrics_of(file, 8).lower, "payer-a");
  EXPECT_EQ(metrics_of(file, 11).lower, "a.csv");
  EXPECT_EQ(metrics_of(file, 11).upper, "b.csv");
  EXPECT_EQ(metrics_of(file, 12).lower, bound(2));
  EXPECT_EQ(metrics_of(file, 12).upper, bound(3));
  for (const ColumnMetrics& metrics : file.columns) EXPECT_GT(metrics.bytes, 0);
}

TEST(BillOutputTest, GivesEachRowTheTimeOfTheIngestion) {
  constexpr std::int64_t kTime = 1'780'000'000'123'456;
  for (const bool is_required : {true, false}) {
    BillLayout layout = layout_of(kColumns);
    layout.ingestion_time = kTime;
    layout.added.push_back({.name = "ingestion_time",
                            .type = ColumnType::kTimestamp,
                            .doc = "",
                            .is_required = is_required,
                            .field_id = 13});
    ConvertOptions options{.threads = 2};
    options.row_group_rows = 15'000;
    const Conversions c = convert({part_of("a", bill_text(40'000))}, layout, options);
    const ColumnMetrics& metrics = metrics_of(c.report.files[0], 13);
    EXPECT_EQ(metrics.values, 40'000);
    EXPECT_EQ(metrics.nulls, 0);
    EXPECT_EQ(metrics.lower, std::string(reinterpret_cast<const char*>(&kTime), 8));
    EXPECT_EQ(metrics.upper, metrics.lower);
    RowsTotals read;
    add_parquet_totals(std::make_shared<MemoryBytes>(*c.files[0]), {layout.added.back()}, "", 1,
                       read);
    Fingerprint expected;
    for (int i = 0; i < 40'000; ++i) {
      expected.add({reinterpret_cast<const char*>(&kTime), sizeof kTime});
    }
    EXPECT_EQ(read.columns.at("ingestion_time").fingerprint, expected);
  }
}

TEST(BillOutputTest, IsVisibleOnlyWhenAllOfItIsThere) {
  std::string bytes = gzip_of(bill_text(3'000));
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 1);
  ConvertOptions options{.threads = 2};
  options.row_group_rows = options.file_rows = 100;
  std::vector<std::shared_ptr<std::string>> files;
  ConvertOutput output;
  output.next_parquet = [&] {
    files.push_back(std::make_shared<std::string>());
    return ConvertOutput::Named{"x", std::make_unique<MemoryWriter>(files.back())};
  };
  EXPECT_EQ(kind_thrown_by([&] {
              convert_bill({part_of("a", bill_text(3'000)), part_of_bytes("b", bytes)},
                           layout_of(kColumns), options, output);
            }),
            ErrorKind::kInvalidData);
  for (const auto& file : files) EXPECT_EQ(*file, "");
}

TEST(BillOutputTest, KeepsEveryValueWhenDictionariesAreGivenUp) {
  // Long texts, each column 4,000 of them: more than the least memory has for dictionaries.
  constexpr int kTextColumns = 16, kRows = 6'000;
  std::vector<std::pair<std::string, ColumnType>> columns;
  std::string text;
  for (int c = 0; c < kTextColumns; ++c) {
    columns.emplace_back("c" + std::to_string(c), ColumnType::kText);
    text += (c > 0 ? ",c" : "c") + std::to_string(c);
  }
  const auto value = [](int row, int column) {
    return std::to_string(row * 31 % 4'000) + std::string(120, static_cast<char>('a' + column));
  };
  for (int r = 0; r < kRows; ++r) {
    for (int c = 0; c < kTextColumns; ++c) text += (c > 0 ? "," : "\n") + value(r, c);
  }
  ConvertOptions options{.threads = 2};
  options.memory_bytes = 1;
  const Conversions c = convert({part_of("a", text)}, layout_of(columns), options);
  const auto chunk = metadata_of(*c.files[0])->RowGroup(0)->ColumnChunk(0);
  EXPECT_TRUE(chunk->has_dictionary_page());
  EXPECT_GT(chunk->total_uncompressed_size(), 4'000 * 130 + 130'000) << "PLAIN pages follow";
  int row = 0;
  for (const std::string& found : rows_of(*c.files[0], {"c0", "c15"})) {
    ASSERT_EQ(found, value(row, 0) + "|" + value(row, 15));
    ++row;
  }
  EXPECT_EQ(row, kRows);
}

TEST(BillOutputTest, TakesRecordsLargerThanABlock) {
  const std::string long_cell(3 << 20, 'x');
  std::string text = "id,tag\na,1\n" + long_cell + ",2\nb," + std::string(900'000, 'y') + "\n";
  for (int i = 0; i < 3; ++i) text += "\"" + std::string(1 << 20, 'q') + "\",\"z\n\"\n";
  text += "last,3\n";
  const Conversions c = convert({part_of("a", text)}, layout_of(kColumns), {.threads = 2});
  EXPECT_EQ(c.report.rejected_rows, 0u);
  EXPECT_THAT(rows_of(*c.files[0], {"tag", "source_line"}),
              ElementsAre("1|2", "2|3", std::string(900'000, 'y') + "|4", "z\n|5", "z\n|7", "z\n|9",
                          "3|11"));
}

TEST(BillOutputTest, GivesUpAPartWhoseRecordDoesNotEnd) {
  const std::string text = "id,tag\na,1\n" + std::string(kRecordLimit + 1, 'x') + ",2\n";
  const Error error =
      error_thrown_by([&] { convert({part_of("a", text)}, layout_of(kColumns), {.threads = 2}); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(error.what(), HasSubstr("line 3"));
}

TEST(BillOutputTest, ReportsProgress) {
  const std::string bytes = gzip_of(bill_text(5'000));
  std::uint64_t last_bytes = 0, last_rows = 0;
  ConvertOutput output;
  output.next_parquet = [] {
    return ConvertOutput::Named{"x",
                                std::make_unique<MemoryWriter>(std::make_shared<std::string>())};
  };
  output.on_progress = [&](std::uint64_t read, std::uint64_t rows) {
    EXPECT_GE(read, last_bytes);
    EXPECT_GE(rows, last_rows);
    last_bytes = read;
    last_rows = rows;
  };
  convert_bill({part_of_bytes("a", bytes), part_of_bytes("b", bytes)}, layout_of(kColumns),
               {.threads = 3}, output);
  EXPECT_EQ(last_bytes, 2 * bytes.size());
  EXPECT_EQ(last_rows, 10'000u);
}

}  // namespace
}  // namespace finops
