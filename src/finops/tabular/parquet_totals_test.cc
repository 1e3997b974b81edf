#include "finops/tabular/parquet_totals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/tabular/column_chunk_totals.h"
#include "finops/tabular/parquet_writing.h"
#include "tests/support/arrow_files.h"
#include "tests/support/memory_bytes.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using Texts = std::vector<std::optional<std::string>>;

Column column(std::string name, ColumnType type, int id) {
  Column column{.name = std::move(name), .type = type, .doc = "", .field_id = id};
  if (is_map(type)) column.key_id = id + 100, column.value_id = id + 200;
  return column;
}

const Column kCurrency = column("currency", ColumnType::kText, 1);
const Column kCost = column("cost", ColumnType::kDecimal, 2);
const Column kTags = column("tags", ColumnType::kTextMap, 3);
const Column kLater = column("later", ColumnType::kText, 9);

std::shared_ptr<arrow::Table> small_table() {
  const auto tags = text_maps({TextEntries{{"a", "1"}, {"b", std::nullopt}}, std::nullopt,
                               TextEntries{}, TextEntries{{"a", ""}}, std::nullopt});
  return arrow::Table::Make(
      arrow::schema({field_with_id("x", arrow::utf8(), 1),
                     field_with_id("y", arrow::decimal128(38, 18), 2),
                     field_with_id("z", tags->type(), 3)}),
      {texts({"USD", "EUR", "USD", std::nullopt, "USD"}),
       decimals({"0.1", "5", std::nullopt, "7", "-0.000000000000000001"}), tags});
}

RowsTotals totals_of(const std::string& text, const std::vector<Column>& columns,
                     unsigned threads = 2) {
  RowsTotals totals;
  add_parquet_totals(std::make_shared<MemoryBytes>(text), columns, "currency", threads, totals);
  return totals;
}

std::map<std::string, std::string> sums(const RowsTotals& totals, const std::string& name) {
  std::map<std::string, std::string> sums;
  for (const auto& [currency, columns] : totals.decimals) {
    const auto it = columns.find(name);
    if (it != columns.end()) sums[currency] = it->second.sum.to_string();
  }
  return sums;
}

Fingerprint fingerprint_of(const std::vector<std::string>& values) {
  Fingerprint fingerprint;
  for (const auto& value : values) fingerprint.add(value);
  return fingerprint;
}

std::string sized(const std::string& text) {
  return std::string(1, static_cast<char>(text.size())) + std::string(3, '\0') + text;
}

TEST(ParquetTotalsTest, SumsByCurrencyAndCountsNullsHoweverTheFileIsCut) {
  const std::map<std::string, std::string> expected = {
      {"USD", "0.099999999999999999"}, {"EUR", "5"}, {"", "7"}};
  for (const int rows : {1, 2, 5}) {
    for (const unsigned threads : {1U, 3U}) {
      const auto totals =
          totals_of(parquet_text(*small_table(), rows), {kCurrency, kCost, kTags, kLater}, threads);
      EXPECT_EQ(totals.rows, 5);
      EXPECT_EQ(sums(totals, "cost"), expected);
      EXPECT_EQ(totals.columns.at("cost").nulls, 1);
      EXPECT_EQ(totals.columns.at("tags").nulls, 2);
      EXPECT_EQ(totals.columns.at("later"), (ColumnContent{5, {}}));
    }
  }
}

TEST(ParquetTotalsTest, FingerprintsTheCanonicalBytesOfEachValue) {
  using namespace std::string_literals;
  const auto totals = totals_of(parquet_text(*small_table(), 5), {kCurrency, kCost, kTags});
  EXPECT_EQ(totals.columns.at("currency").fingerprint,
            fingerprint_of({"USD", "USD", "USD", "EUR"}));
  EXPECT_EQ(totals.columns.at("tags").fingerprint,
            fingerprint_of({sized("a") + "\1" + sized("1") + sized("b") + "\0"s, "",
                            sized("a") + "\1" + sized("")}));
  std::vector<std::string> costs;
  for (const char* text : {"0.1", "5", "7", "-0.000000000000000001"}) {
    const Int128 unscaled = Decimal::parse(text)->value.unscaled();
    costs.emplace_back(reinterpret_cast<const char*>(&unscaled), 16);
  }
  EXPECT_EQ(totals.columns.at("cost").fingerprint, fingerprint_of(costs));
}

TEST(ParquetTotalsTest, DoesNotDependOnEncodingCompressionOrOrder) {
  const std::vector<Column> columns = {kCurrency, kCost, kTags};
  const auto expected = totals_of(parquet_text(*small_table(), 5), columns);
  const auto check = [&](const parquet::WriterProperties::Builder& properties) {
    auto builder = properties;
    const auto totals = totals_of(parquet_text(*small_table(), 5, builder.build()), columns);
    EXPECT_EQ(totals.columns, expected.columns);
    EXPECT_EQ(sums(totals, "cost"), sums(expected, "cost"));
  };
  parquet::WriterProperties::Builder plain, pages, v2;
  check(*plain.disable_dictionary()->compression(parquet::Compression::ZSTD));
  check(*pages.data_pagesize(1)->write_batch_size(2)->dictionary_pagesize_limit(8));
  check(*v2.data_page_version(parquet::ParquetDataPageVersion::V2)
             ->encoding("x", parquet::Encoding::DELTA_BYTE_ARRAY)
             ->disable_dictionary("x"));
}

TEST(ParquetTotalsTest, TellsOneChangedValueInAnyColumn) {
  const std::vector<Column> columns = {kCurrency, kCost, kTags};
  const auto before = totals_of(parquet_text(*small_table(), 5), columns);
  const auto changed_column = [&](int index, std::shared_ptr<arrow::Array> array) {
    const auto table = small_table()
                           ->SetColumn(index, small_table()->field(index),
                                       std::make_shared<arrow::ChunkedArray>(std::move(array)))
                           .ValueOrDie();
    const auto after = totals_of(parquet_text(*table, 5), columns);
    std::vector<std::string> changed;
    for (const auto& [name, content] : after.columns) {
      if (content != before.columns.at(name)) changed.push_back(name);
    }
    return changed;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(changed_column(0, texts({"USD", "EUR", "USd", std::nullopt, "USD"})),
              ElementsAre("currency"));
  EXPECT_THAT(changed_column(0, texts({"USD", "EUR", "USD", "", "USD"})), ElementsAre("currency"));
  EXPECT_THAT(
      changed_column(1, decimals({"0.2", "4.9", std::nullopt, "7", "-0.000000000000000001"})),
      ElementsAre("cost"));
  EXPECT_THAT(changed_column(2, text_maps({TextEntries{{"a", "1"}, {"b", ""}}, std::nullopt,
                                           TextEntries{}, TextEntries{{"a", ""}}, std::nullopt})),
              ElementsAre("tags"));
}

TEST(ParquetTotalsTest, ReadsEveryTypeOfSmallTables) {
  const std::vector<Column> columns = {
      column("t", ColumnType::kTimestamp, 1), column("i", ColumnType::kInt, 2),
      column("l", ColumnType::kLong, 3), column("b", ColumnType::kBoolean, 4),
      column("r", ColumnType::kBinary, 5)};
  const auto text = std::make_shared<std::string>();
  const auto writer =
      make_parquet_row_writer("k", std::make_unique<MemoryWriter>(text), columns, {});
  writer->append({std::int64_t{1}, std::int64_t{-1}, std::int64_t{256}, true, std::string("\xff")});
  writer->append(CellRow(5));
  writer->finish();
  const auto totals = totals_of(*text, columns);
  using namespace std::string_literals;
  const std::map<std::string, std::string> bytes = {{"t", "\1\0\0\0\0\0\0\0"s},
                                                    {"i", std::string(8, '\xff')},
                                                    {"l", "\0\1\0\0\0\0\0\0"s},
                                                    {"b", "\1"},
                                                    {"r", "\xff"}};
  for (const auto& [name, value] : bytes) {
    EXPECT_EQ(totals.columns.at(name), (ColumnContent{1, fingerprint_of({value})})) << name;
  }
}

TEST(ParquetTotalsTest, AddsToWhatIsThere) {
  const std::string text = parquet_text(*small_table(), 2);
  RowsTotals totals = totals_of(text, {kCurrency, kCost});
  add_parquet_totals(std::make_shared<MemoryBytes>(text), {kCurrency, kCost}, "currency", 1,
                     totals);
  EXPECT_EQ(totals.rows, 10);
  EXPECT_EQ(sums(totals, "cost").at("EUR"), "10");
  EXPECT_EQ(totals.columns.at("cost").nulls, 2);
}

TEST(ParquetTotalsTest, SumsBeyond128BitsExactly) {
  const Decimal most = Decimal::from_unscaled(power_of_10(38) - 1);
  DecimalSum sum;
  for (int i = 0; i < 5; ++i) sum.add(most.unscaled());
  sum.add(most.unscaled(), 1'000'000'000'000);
  sum.add(-1, std::uint64_t{1} << 40);
  EXPECT_EQ(sum.cells(), 5 + 1'000'000'000'000 + (std::uint64_t{1} << 40));
  ExactSum expected;
  expected.add(power_of_10(38) - 1, 6);  // 10^12 times
  for (int i = 0; i < 5; ++i) expected.add(power_of_10(38) - 1);
  expected.add(-(static_cast<Int128>(1) << 40));
  EXPECT_EQ(sum.total().to_string(), expected.to_string());
}

TEST(ParquetTotalsTest, NamesAColumnOfAnotherType) {
  const std::string text = parquet_text(*small_table(), 5);
  const auto error = error_thrown_by([&] { totals_of(text, {column("c", ColumnType::kText, 2)}); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(error.what(), HasSubstr("'c' (field id 2)"));
  EXPECT_EQ(kind_thrown_by([&] { totals_of(text, {column("c", ColumnType::kDecimalMap, 3)}); }),
            ErrorKind::kInvalidData);
}

TEST(ParquetTotalsTest, RefusesEveryTruncatedFileAndPassesStoreErrorsOn) {
  const std::string text = parquet_text(*small_table(), 5);
  for (std::size_t length = 0; length < text.size(); length += 7) {
    EXPECT_EQ(kind_thrown_by([&] { totals_of(text.substr(0, length), {kCurrency}); }),
              ErrorKind::kInvalidData);
  }
  const auto gone = std::make_shared<MemoryBytes>(text);
  gone->failure = Error(ErrorKind::kUnavailable, "no route");
  RowsTotals totals;
  EXPECT_EQ(kind_thrown_by([&] { add_parquet_totals(gone, {kCurrency}, "currency", 2, totals); }),
            ErrorKind::kUnavailable);
}

TEST(ParquetTotalsTest, SurvivesChangedBytes) {
  const std::string text = parquet_text(*small_table(), 3);
  for (std::size_t i = 0; i < text.size(); i += 3) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x15);
    try {
      totals_of(damaged, {kCurrency, kCost, kTags}, 1);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kInvalidData) << e.what();
    }
  }
}

}  // namespace
}  // namespace finops
