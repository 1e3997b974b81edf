#include "finops/tabular/kernels.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace finops::bill {
namespace {

/// The kernels under test: the portable ones are the reference, which has tests of its own below.
class KernelsTest : public ::testing::TestWithParam<const Kernels*> {
 protected:
  void SetUp() override {
    if (GetParam() == nullptr) GTEST_SKIP() << "no AVX2 here";
  }
};

std::string random_csv(std::mt19937& random, std::size_t cells) {
  std::string text;
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t length = random() % 5 == 0 ? random() % 90 : random() % 6;
    std::string value;
    for (std::size_t k = 0; k < length; ++k) value += static_cast<char>('a' + random() % 3);
    if (random() % 50 == 0) value += "\xC3\xBC";
    if (random() % 3 == 0) value = "\"" + value + (random() % 4 == 0 ? "\"\"\n," : "") + "\"";
    text += value;
    text += random() % 7 != 0 ? "," : random() % 3 != 0 ? "\n" : "\r\n";
  }
  return text + "\n";
}

struct Indexed {
  SeparatorIndex index;
  std::vector<std::uint32_t> positions;
};

Indexed index_of(const Kernels& kernels, const std::string& text) {
  const std::string padded = text + std::string(kTextPadding, ',');
  std::vector<std::uint32_t> positions(text.size() + 64);
  const SeparatorIndex index = kernels.index(padded.data(), text.size(), positions.data());
  positions.resize(index.separators);
  return {index, positions};
}

TEST_P(KernelsTest, FindsSeparatorsOutsideQuotes) {
  const Indexed found = index_of(*GetParam(), "a,\"b,\"\"\n\",c\r\n\"\",d\n");
  EXPECT_EQ(found.positions, (std::vector<std::uint32_t>{1, 9, 12, 15, 17}));
  EXPECT_EQ(found.index.records, 2u);
  EXPECT_EQ(found.index.lines, 3u);
  EXPECT_TRUE(found.index.is_ascii);
  EXPECT_TRUE(found.index.has_crlf);
}

TEST_P(KernelsTest, IndexesAsThePortableOnesDo) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const std::string text = random_csv(random, random() % 60);
    const Indexed expected = index_of(portable_kernels(), text),
                  found = index_of(*GetParam(), text);
    ASSERT_EQ(found.positions, expected.positions) << text;
    ASSERT_EQ(found.index.records, expected.index.records) << text;
    ASSERT_EQ(found.index.lines, expected.index.lines) << text;
    ASSERT_EQ(found.index.is_ascii, expected.index.is_ascii) << text;
    ASSERT_EQ(found.index.has_crlf, expected.index.has_crlf) << text;
  }
}

TEST_P(KernelsTest, NumbersStringsByFirstAppearance) {
  for (const std::size_t distinct : {3u, 5000u}) {  // above 2048 another loop takes over
    std::string text;
    std::vector<std::string> values;
    std::vector<std::uint32_t> separators{UINT32_MAX};
    std::mt19937 random(2);
    for (int i = 0; i < 20'000; ++i) {
      values.push_back(std::string(random() % 80, 'x') + std::to_string(random() % distinct));
      if (random() % 10 == 0) values.back().clear();
      text += values.back() + ",";
      separators.push_back(static_cast<std::uint32_t>(text.size() - 1));
    }
    text += std::string(kTextPadding, 'x');
    StringDictionary dictionary;
    std::vector<std::uint32_t> codes(values.size());
    for (std::size_t first = 0; first < values.size(); first += 1000) {
      const CellRange cells{text.data(), &separators[first], &separators[first + 1], 1, 1000};
      GetParam()->encode(dictionary, cells, false, first % 3000 == 0, &codes[first]);
    }
    std::uint32_t highest = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(dictionary.value(codes[i]), values[i]) << i;
      ASSERT_EQ(codes[i] == 0, values[i].empty()) << i;
      ASSERT_LE(codes[i], highest + 1) << i;
      highest = std::max(highest, codes[i]);
    }
    EXPECT_EQ(dictionary.size(), highest + 1u);
  }
}

TEST_P(KernelsTest, TellsStringsApartThatDifferInOneByteAnywhere) {
  StringDictionary dictionary;
  std::vector<std::uint32_t> codes;
  const std::string base(100, 'a');
  for (std::size_t length = 1; length <= 100; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      std::string value = base.substr(0, length);
      value[at] = 'b';
      const std::string padded = value + std::string(kTextPadding, 'a');
      const auto code =
          GetParam()->lookup(dictionary, padded.data(), static_cast<std::uint32_t>(length));
      ASSERT_EQ(dictionary.value(code), value);
    }
  }
  EXPECT_EQ(dictionary.size(), 5051u);
}

TEST_P(KernelsTest, EncodesRawCellsWithTheirQuotes) {
  const std::string text = "\"a\",a,\"\"" + std::string(kTextPadding, '\0');
  const std::vector<std::uint32_t> separators{UINT32_MAX, 3, 5, 8};
  const CellRange cells{text.data(), separators.data(), separators.data() + 1, 1, 3};
  StringDictionary raw, values;
  std::vector<std::uint32_t> codes(3);
  GetParam()->encode(raw, cells, true, false, codes.data());
  EXPECT_EQ(codes, (std::vector<std::uint32_t>{1, 2, 3}));
  GetParam()->encode(values, cells, false, false, codes.data());
  EXPECT_EQ(codes, (std::vector<std::uint32_t>{1, 1, 0}));
}

TEST_P(KernelsTest, SplitsCodesIntoValidityAndValues) {
  std::mt19937 random(3);
  for (std::size_t n = 0; n < 200; ++n) {
    std::vector<std::uint32_t> codes(n + 8, 9);
    for (std::size_t i = 0; i < n; ++i) codes[i] = static_cast<std::uint32_t>(random() % 3);
    std::vector<std::uint8_t> validity(n / 8 + 16);
    std::vector<std::uint32_t> values(n + 16);
    const PackedCodes packed = GetParam()->compact(codes.data(), n, validity.data(), values.data());
    std::size_t next = 0;
    for (std::size_t i = 0; i < n; ++i) {
      ASSERT_EQ((validity[i / 8] >> (i % 8) & 1) != 0, codes[i] != 0);
      if (codes[i] == 0) continue;
      ASSERT_EQ(values[next++], codes[i] - 1);
    }
    ASSERT_EQ(packed.values, next);
  }
}

INSTANTIATE_TEST_SUITE_P(Portable, KernelsTest, ::testing::Values(&portable_kernels()));
INSTANTIATE_TEST_SUITE_P(Avx2, KernelsTest, ::testing::Values(avx2_kernels()));

}  // namespace
}  // namespace finops::bill
