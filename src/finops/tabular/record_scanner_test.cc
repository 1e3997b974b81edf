#include "finops/tabular/record_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <random>

#include "finops/tabular/cell_range.h"
#include "finops/tabular/kernels.h"

namespace finops::bill {

void PrintTo(ScannedRecord::State state, std::ostream* out) { *out << static_cast<int>(state); }

namespace {

using State = ScannedRecord::State;
using ::testing::ElementsAre;

constexpr ScanLimits kWide{1 << 20, 16 << 20};

ScannedRecord scan(std::string_view text, ScanLimits limits = kWide) {
  return scan_record(text, true, limits);
}

TEST(RecordScannerTest, EndsARecordAtALineFeedOutsideQuotes) {
  EXPECT_EQ(scan("a,b\nc\n").end, 4u);
  EXPECT_EQ(scan("\"a\nb\",c\nd\n").end, 8u);
  EXPECT_EQ(scan("\"a\"\"\nb\"\n").end, 8u);
  EXPECT_EQ(scan("\n").end, 1u);
}

TEST(RecordScannerTest, TakesAQuoteWithinAnUnquotedCellAsData) {
  for (const char* text : {"a\"b,c\n", "a\"\n", " \"b\",c\n", "\r\"x\n"}) {
    EXPECT_EQ(scan(text).state, State::kSound) << text;
    EXPECT_EQ(scan(text).end, std::string_view(text).size()) << text;
  }
}

TEST(RecordScannerTest, FindsWhatMayNotFollowAClosingQuote) {
  EXPECT_EQ(scan("\"a\"x,\"b\nc\"\nd\n").state, State::kBrokenQuote);
  EXPECT_EQ(scan("\"a\"x,\"b\nc\"\nd\n").end, 8u) << "it ends at the next line feed, quoted or not";
  EXPECT_EQ(scan("\"a\" \n").state, State::kBrokenQuote);
  EXPECT_EQ(scan("\"a\"\rb\n").state, State::kBrokenQuote);
  EXPECT_EQ(scan("\"a\"\r\n").state, State::kSound);
  EXPECT_EQ(scan("\"\"\"\n").state, State::kUnclosedCell);
}

TEST(RecordScannerTest, MakesAnUnclosedCellAFaultOfItsFirstLine) {
  const ScannedRecord record = scan("1,\"a\n2,b\n3,c\n");
  EXPECT_EQ(record.state, State::kUnclosedCell);
  EXPECT_EQ(record.end, 5u);
}

TEST(RecordScannerTest, CountsTheRawBytesThatQuotesEnclose) {
  EXPECT_EQ(scan("\"1234\"\n", {4, 100}).state, State::kSound);
  EXPECT_EQ(scan("\"12345\"\n", {4, 100}).state, State::kUnclosedCell);
  EXPECT_EQ(scan("\"12\"\"\"\n", {4, 100}).state, State::kSound);
  EXPECT_EQ(scan("\"123\"\"\"\n", {4, 100}).state, State::kUnclosedCell);
  EXPECT_EQ(scan("\"1234\"\"\"\n", {4, 100}).state, State::kUnclosedCell);
  EXPECT_EQ(scan("12345,\"1234\",\"1234\"\n", {4, 100}).state, State::kSound);
}

TEST(RecordScannerTest, AsksForMoreTextUntilARecordIsDecided) {
  const std::string text = "a,\"b\"\"\r\n\",\"c\"\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto part = std::string_view(text).substr(0, size);
    EXPECT_EQ(scan_record(part, false, kWide).state, State::kUndecided) << size;
  }
  EXPECT_EQ(scan_record(text, false, kWide).end, text.size());
}

TEST(RecordScannerTest, GivesUpARecordThatDoesNotEnd) {
  EXPECT_EQ(scan_record("123456789\n", false, {100, 10}).state, State::kSound);
  EXPECT_EQ(scan_record("1234567890", false, {100, 10}).state, State::kTooLong);
  EXPECT_EQ(scan_record("1234567890\n", true, {100, 10}).state, State::kTooLong);
  EXPECT_EQ(scan_record("\"a\nbcdefghijklm\"\n", true, {100, 10}).state, State::kTooLong);
  EXPECT_EQ(scan_record("\"a\nbcdefghijklm\"\n", true, {5, 10}).state, State::kUnclosedCell);
}

TEST(RecordScannerTest, SplitsARecordIntoValues) {
  EXPECT_THAT(split_record("a,\"b,\"\"c\"\"\n\",,\"\"\r\n"), ElementsAre("a", "b,\"c\"\n", "", ""));
  EXPECT_THAT(split_record("a\r\n"), ElementsAre("a"));
  EXPECT_THAT(split_record("a\rb,\"c\"\n"), ElementsAre("a\rb", "c"));
  EXPECT_THAT(split_record("\n"), ElementsAre(""));
}

/// What the scanner, byte by byte, says that a scan by parity must find.
QuoteScan expected_scan(const std::string& text) {
  QuoteScan expected;
  while (expected.record_end < text.size()) {
    std::vector<std::uint32_t> separators;
    const auto rest = std::string_view(text).substr(expected.record_end);
    const ScannedRecord record = scan_record(rest, false, kWide, &separators);
    if (record.state != State::kSound) break;
    // A quote as data is sound, but not regular.
    std::size_t begin = 0;
    bool is_regular = true;
    for (const std::uint32_t end : separators) {
      is_regular &= rest[begin] == '"' || rest.substr(begin, end - begin).find('"') == rest.npos;
      begin = end + 1;
    }
    if (!is_regular) break;
    expected.record_end += record.end;
  }
  const auto lines =
      std::ranges::count(std::string_view(text).substr(0, expected.record_end), '\n');
  expected.lines = static_cast<std::size_t>(lines);
  return expected;
}

TEST(RecordScannerTest, TheFastScanFindsTheSameRecords) {
  std::mt19937 random(7);
  for (int round = 0; round < 20'000; ++round) {
    const std::string alphabet = round % 2 == 0 ? "ab,\"\n\r" : "aaaaaaaaaaaaaaaa,,,\"\"\n\r";
    std::string text;
    const std::size_t size = random() % 300;
    while (text.size() < size) {
      switch (random() % 4) {
        case 0: text += ",\"a,\n\"\"b\""; break;
        case 1: text += random() % 2 != 0 ? "\n" : "\r\n"; break;
        case 2: text += ",cell"; break;
        default:
          if (random() % 8 == 0) text += alphabet[random() % alphabet.size()];
      }
    }
    const QuoteScan expected = expected_scan(text);
    std::string padded = text + std::string(kTextPadding, '"');
    for (const Kernels* kernels : {&portable_kernels(), avx2_kernels()}) {
      if (kernels == nullptr) continue;
      const QuoteScan found = kernels->scan(padded.data(), text.size());
      ASSERT_EQ(found.record_end, expected.record_end) << kernels->name << "\n" << text;
      ASSERT_EQ(found.lines, expected.lines) << kernels->name << "\n" << text;
      if (text.find('"') != std::string::npos && found.is_regular) {
        ASSERT_TRUE(found.has_quotes) << kernels->name << "\n" << text;
      }
    }
  }
}

}  // namespace
}  // namespace finops::bill
