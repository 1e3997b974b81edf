// The fast reader, the simple reader and the Parquet read-back must say the same of any input.
#include <gtest/gtest.h>

#include <random>

#include "finops/tabular/bill_converter.h"
#include "finops/tabular/kernels.h"
#include "finops/tabular/parquet_totals.h"
#include "finops/tabular/simple_bill_reader.h"
#include "tests/support/bill_delivery.h"

namespace finops {
namespace {

const std::vector<std::pair<std::string, ColumnType>> kColumns = {
    {"id", ColumnType::kText},
    {"start", ColumnType::kTimestamp},
    {"line_item_currency_code", ColumnType::kText},
    {"line_item_unblended_cost", ColumnType::kDecimal},
    {"tags", ColumnType::kTextMap},
    {"rate", ColumnType::kDecimal},
    {"discount", ColumnType::kDecimalMap},
    {"note", ColumnType::kText}};

class RandomBill {
 public:
  explicit RandomBill(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  std::string one_of(const std::vector<std::string>& texts) { return texts[below(texts.size())]; }

  std::string quoted(const std::string& value) {
    std::string text = "\"";
    for (const char c : value) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + "\"";
  }

  std::string value(ColumnType type) {
    if (chance(5)) return "";
    switch (type) {
      case ColumnType::kDecimal:
        return one_of({"1", "-2.5", "0.1234567890", "1E-7", "0.12345678901234567891", "1e25",
                       "99999999999999999999", "x", "12.", "1e-50", "0"});
      case ColumnType::kTimestamp:
        return one_of({"2025-06-01T00:00:00Z", "2025-06-02", "2025-06-01 10:00:00.5", "soon",
                       "20250601T010203.000Z", "2025-06-31T00:00:00Z"});
      case ColumnType::kTextMap:
        return one_of({"{}", "{\"a\":\"b\"}", "{\"a\":null,\"b\":[1,\"x\"]}", "{\"a\":1,\"a\":2}",
                       "{\"k\":\"\\ud800\"}", "{", "{\"k\":\"\\u00fc\",\"z\":\"\"}"});
      case ColumnType::kDecimalMap:
        return one_of({"{}", "{\"a\":0.5}", "{\"a\":\"-1\",\"b\":null}", "{\"a\":true}", "[]"});
      default:
        return one_of({"USD", "EUR", "a,b", "line\nbreak", "quote\"d", "\r", "\xC3\xBC", "\xFF",
                       "plain text", "cr\r\nlf", std::string("nul\0", 4), std::string(50, 'x')});
    }
  }

  std::string row(const std::vector<ColumnType>& types) {
    std::string text;
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (i > 0) text += ",";
      const std::string cell = value(types[i]);
      const bool needs_quotes = cell.find_first_of(",\"\n\r") != std::string::npos;
      text += (needs_quotes && !chance(60)) || chance(6) ? quoted(cell) : cell;
    }
    return text;
  }

  std::string json_string(const std::string& value) {
    std::string text = "\"";
    for (const char c : value) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || (byte < 0x7F && chance(20))) {
        constexpr std::string_view kHex = "0123456789abcdef";
        text += std::string("\\u00") + kHex[byte >> 4] + kHex[byte & 15];
      } else {
        text += (c == '"' || c == '\\' ? "\\" : "") + std::string(1, c);
      }
    }
    return text + "\"";
  }

  std::string json_value(ColumnType type) {
    if (chance(8)) return "null";
    const std::string text = value(type);
    if (chance(10)) return one_of({"true", "-0", "1e5", "[]", "{}", "[1, {\"a\": \",\"}]", "\"\""});
    if (type == ColumnType::kDecimal && chance(2)) return one_of({"1", "-2.5", "0.1", "1E-7"});
    if (is_map(type) && !text.empty() && chance(2)) return text;  // not always JSON
    return json_string(text);
  }

  /// Lines of JSON, some of them faulty or blank.
  std::string json_lines(std::size_t rows, bool has_faults) {
    std::vector<std::pair<std::string, ColumnType>> columns = kColumns;
    std::string text = chance(4) ? "\xEF\xBB\xBF" : "";
    const std::string blank = one_of({"", " ", "\t"});
    for (std::size_t i = 0; i < rows; ++i) {
      if (chance(5)) std::shuffle(columns.begin(), columns.end(), random_);
      const std::size_t begin = text.size();
      text += "{";
      for (const auto& [name, type] : columns) {
        if (chance(6)) continue;
        text += (text.ends_with("{") ? "" : ",") + blank + json_string(name) + blank + ":" + blank +
                json_value(type);
      }
      text += "}";
      if (has_faults && chance(6)) {
        // Not within a key: a name that is not bound would refuse the whole part.
        std::size_t at = text.find(':', begin + below(text.size() - begin));
        at = at == std::string::npos ? (chance(2) ? begin : text.size()) : at + 1;
        text.insert(at, one_of({"\"", "\n", ",", "\\", "\r", "}", "{\"id\":1,", "\n\n", "\xC3"}));
      }
      text += one_of({"\n", "\n", "\n", "\r\n", "\n\n", "\n \t\r\n"});
    }
    if (chance(3) && !text.empty()) text.pop_back();
    return text;
  }

  /// Breaks the text in a few places where `faults` says so.
  std::string text(std::size_t rows, bool has_faults) {
    std::vector<std::pair<std::string, ColumnType>> columns = kColumns;
    std::shuffle(columns.begin(), columns.end(), random_);
    if (chance(3)) columns.resize(1 + below(columns.size()));
    std::string text = chance(4) ? "\xEF\xBB\xBF" : "";
    std::vector<ColumnType> types;
    for (const auto& [name, type] : columns) {
      text += (types.empty() ? "" : ",") + name;
      types.push_back(type);
    }
    const bool is_dos = chance(3);
    for (std::size_t i = 0; i < rows; ++i) {
      text += is_dos != chance(20) ? "\r\n" : "\n";
      const std::size_t begin = text.size();
      text += row(types);
      if (!has_faults || !chance(6)) continue;
      const std::size_t at = begin + below(text.size() - begin + 1);
      if (chance(2)) {
        text.insert(at, one_of({"\"", "\n", ",", "\r", "\"\"", "\r\n"}));
      } else {
        text.erase(at, 1 + below(3));
      }
    }
    if (rows > 0 && chance(8)) text += "\"";
    return text + one_of({"", "\n", "\r\n", "\r", "\n\n", "\n\n\n", "\r\n\r\n"});
  }

 private:
  std::mt19937 random_;
};

void expect_same_totals(const CurrencyTotals& a, const CurrencyTotals& b, const std::string& what) {
  std::vector<std::string> texts[2];
  for (const auto& [to, totals] : {std::pair(0, &a), std::pair(1, &b)}) {
    for (const auto& [currency, columns] : *totals) {
      for (const auto& [name, t] : columns) {
        texts[to].push_back(currency + "/" + name + " " + t.sum.to_string() + " unreadable " +
                            std::to_string(t.unreadable_cells) + " rounded " +
                            std::to_string(t.rounded_cells) + " by " +
                            t.rounding_residual.to_string());
      }
    }
  }
  EXPECT_EQ(texts[0], texts[1]) << what;
}

/// Sums only: a Parquet file does not know what was unreadable or rounded.
void expect_same_rows(const RowsTotals& parquet, const RowsTotals& simple) {
  EXPECT_EQ(parquet.rows, simple.rows);
  for (const auto& [name, content] : simple.columns) {
    ASSERT_TRUE(parquet.columns.contains(name)) << name;
    EXPECT_EQ(parquet.columns.at(name).nulls, content.nulls) << name;
    EXPECT_EQ(parquet.columns.at(name).fingerprint.to_string(), content.fingerprint.to_string())
        << name;
  }
  for (const auto& [currency, columns] : simple.decimals) {
    for (const auto& [name, totals] : columns) {
      EXPECT_EQ(parquet.decimals.at(currency).at(name).sum, totals.sum) << currency << " " << name;
    }
  }
}

void expect_same_rejected(const std::vector<RejectedRow>& fast,
                          const std::vector<RejectedRow>& simple) {
  ASSERT_EQ(fast.size(), simple.size());
  for (std::size_t i = 0; i < fast.size(); ++i) {
    EXPECT_EQ(fast[i].file, simple[i].file);
    EXPECT_EQ(fast[i].line, simple[i].line);
    EXPECT_EQ(fast[i].raw, simple[i].raw) << fast[i].file << ":" << fast[i].line;
    EXPECT_EQ(fast[i].currency, simple[i].currency) << fast[i].raw;
    EXPECT_EQ(fast[i].reasons.size(), simple[i].reasons.size()) << fast[i].raw;
    EXPECT_TRUE(fast[i].decimals == simple[i].decimals) << fast[i].raw;
  }
}

std::vector<Column> all_columns(const BillLayout& layout) {
  std::vector<Column> columns;
  for (const BoundColumn& bound : layout.delivered) columns.push_back(bound.column);
  columns.insert(columns.end(), layout.added.begin(), layout.added.end());
  return columns;
}

void expect_agreement(const std::vector<BillPart>& parts, const BillLayout& layout,
                      const ConvertOptions& options) {
  std::vector<RejectedRow> rejected;
  const SimpleReadReport simple =
      read_bill_simply(parts, layout, options.cell_limit,
                       [&](RejectedRow&& row) { rejected.push_back(std::move(row)); });
  const Conversions fast = convert(parts, layout, options);
  expect_same_rejected(fast.rejected, rejected);
  EXPECT_EQ(fast.report.rows, simple.source_rows);
  EXPECT_EQ(fast.report.rejected_rows, simple.rejected_rows);
  expect_same_totals(fast.report.source, simple.source, "source");
  ASSERT_EQ(fast.report.parts.size(), simple.parts.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(fast.report.parts[i].sha256, simple.parts[i].sha256);
    EXPECT_EQ(fast.report.parts[i].compressed_bytes, simple.parts[i].bytes);
    EXPECT_EQ(fast.report.parts[i].rows, simple.parts[i].rows);
    EXPECT_EQ(fast.report.parts[i].rejected, simple.parts[i].rejected);
  }
  RowsTotals parquet;
  for (const auto& file : fast.files) {
    add_parquet_totals(std::make_shared<MemoryBytes>(*file), all_columns(layout),
                       layout.currency_column, 1, parquet);
  }
  if (!fast.files.empty()) expect_same_rows(parquet, simple.loaded);
}

class ReadersAgreeTest : public ::testing::TestWithParam<const bill::Kernels*> {
 protected:
  void SetUp() override {
    if (GetParam() == nullptr) GTEST_SKIP() << "no AVX2 here";
    bill::use_kernels(*GetParam());
  }
  void TearDown() override {
    if (bill::avx2_kernels() != nullptr) bill::use_kernels(*bill::avx2_kernels());
  }
};

TEST_P(ReadersAgreeTest, OnRandomBills) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomBill bill(seed);
    std::vector<BillPart> parts;
    for (std::size_t i = 0, n = 1 + bill.below(3); i < n; ++i) {
      parts.push_back(
          part_of("part-" + std::to_string(i), bill.text(bill.below(30), seed % 4 != 0)));
    }
    ConvertOptions options{.threads = 1 + seed % 3};
    options.cell_limit = bill.chance(2) ? 1 << 20 : 5 + bill.below(60);
    options.row_group_rows = static_cast<std::int64_t>(1 + bill.below(20));
    options.file_rows = static_cast<std::int64_t>(1 + bill.below(60));
    expect_agreement(parts, layout_of(kColumns), options);
    if (HasFailure()) return;
  }
}

TEST_P(ReadersAgreeTest, OnBillsOfManyBlocks) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomBill bill(seed + 1000);
    const bool has_faults = seed % 2 == 0;
    std::vector<BillPart> parts{part_of("a", bill.text(9'000, has_faults)),
                                part_of("b", bill.text(3, false)),
                                part_of("c", bill.text(6'000, has_faults))};
    ConvertOptions options{.threads = 3};
    options.row_group_rows = 4'000;
    expect_agreement(parts, layout_of(kColumns), options);
    if (HasFailure()) return;
  }
}

BillPart json_part(std::string key, const std::string& text, bool is_packed) {
  BillPart part = is_packed ? part_of(std::move(key), text) : part_of_bytes(std::move(key), text);
  part.format = is_packed ? BillFormat::kJsonLinesGzip : BillFormat::kJsonLines;
  return part;
}

TEST_P(ReadersAgreeTest, OnJsonLines) {
  for (unsigned seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomBill bill(seed + 5000);
    std::vector<BillPart> parts;
    for (std::size_t i = 0, n = 1 + bill.below(3); i < n; ++i) {
      const std::string key = "part-" + std::to_string(i);
      const bool has_faults = seed % 4 != 0;
      parts.push_back(bill.chance(4) ? part_of(key, bill.text(bill.below(30), has_faults))
                                     : json_part(key, bill.json_lines(bill.below(30), has_faults),
                                                 bill.chance(2)));
    }
    ConvertOptions options{.threads = 1 + seed % 3};
    options.cell_limit = bill.chance(2) ? 1 << 20 : 5 + bill.below(60);
    options.row_group_rows = static_cast<std::int64_t>(1 + bill.below(20));
    expect_agreement(parts, layout_of(kColumns), options);
    if (HasFailure()) return;
  }
}

TEST_P(ReadersAgreeTest, OnJsonLinesOfManyBlocks) {
  for (unsigned seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomBill bill(seed + 6000);
    const bool has_faults = seed % 2 == 0;
    const std::vector<BillPart> parts{json_part("a", bill.json_lines(9'000, has_faults), true),
                                      json_part("b", bill.json_lines(5'000, has_faults), false)};
    expect_agreement(parts, layout_of(kColumns), {.threads = 3});
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Portable, ReadersAgreeTest, ::testing::Values(&bill::portable_kernels()));
INSTANTIATE_TEST_SUITE_P(Avx2, ReadersAgreeTest, ::testing::Values(bill::avx2_kernels()));

}  // namespace
}  // namespace finops
