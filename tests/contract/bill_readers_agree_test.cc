// The fast and the simple reader of bills share no parsing code and must say the same of every
// text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/bill_delivery.h"
#include "tests/support/random_bills.h"
#include "tests/support/reader_differences.h"

namespace finops {
namespace {

using ::testing::IsEmpty;

/// Small texts go through small pages, groups and limits, so that every border is met.
ConvertOptions small_options(RandomBills& random) {
  constexpr std::size_t kCellLimits[] = {0, 7, 20, 64, 200, 1 << 20, 1 << 20, 1 << 20};
  ConvertOptions options;
  options.threads = 1 + static_cast<unsigned>(random.below(2));
  options.row_group_rows = 1 + static_cast<std::int64_t>(random.below(20));
  options.file_rows = 1 + static_cast<std::int64_t>(random.below(60));
  options.cell_limit = kCellLimits[random.below(std::size(kCellLimits))];
  return options;
}

void expect_agreement(const std::string& text, const ConvertOptions& options) {
  const auto differences =
      reader_differences({part_of("part", text)}, layout_of_all_types(), options);
  EXPECT_THAT(differences, IsEmpty())
      << "cell limit " << options.cell_limit << ", text: " << ::testing::PrintToString(text);
}

TEST(BillReadersAgreeTest, OnSmallTextsOfAnyKind) {
  for (std::uint32_t seed = 0; seed < 1000 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    RandomBills random(seed);
    const std::string text = random.text(random.below(12));
    expect_agreement(text, small_options(random));
  }
}

TEST(BillReadersAgreeTest, OnTextsOfManyBlocks) {
  for (std::uint32_t seed = 0; seed < 4; ++seed) {
    SCOPED_TRACE(seed);
    RandomBills random(1'000'000 + seed);
    ConvertOptions options;
    options.threads = 2;
    options.row_group_rows = 5'000;
    options.cell_limit = seed % 2 == 0 ? 1 << 20 : 100;
    const auto differences =
        reader_differences({part_of("a", random.text(12'000)), part_of("b", random.text(6'000))},
                           layout_of_all_types(), options);
    EXPECT_THAT(differences, IsEmpty());
  }
}

TEST(BillReadersAgreeTest, OnTheBordersOfTheCellLimit) {
  const std::string header = "text,amount\n";
  for (const std::size_t limit : {0u, 1u, 2u, 5u, 10u}) {
    for (const std::string& inside :
         {std::string(limit, 'x'), std::string(limit + 1, 'x'), std::string(limit, '\n'),
          std::string(limit + 1, '\n'), std::string(limit + limit % 2, '"'),
          std::string(limit + 2 - limit % 2, '"'), std::string(limit, 'x') + "\"\""}) {
      for (const std::string after :
           {"\",1\n,2\n", "\"x,1\n,2\n", "\"", "", "\n1,1", "\"\r\n", "\"\r"}) {
        expect_agreement(header + "\"" + inside + after, {.threads = 1, .cell_limit = limit});
        expect_agreement(header + "a,\"" + inside + after, {.threads = 1, .cell_limit = limit});
      }
    }
  }
}

TEST(BillReadersAgreeTest, OnRecordsAroundTheRecordLimit) {
  for (const std::size_t length : {kRecordLimit - 2, kRecordLimit - 1, kRecordLimit}) {
    const std::string text = "text\n" + std::string(length, 'x') + "\nafter\n";
    EXPECT_THAT(reader_differences({part_of("part", text)}, layout_of_all_types(), {.threads = 1}),
                IsEmpty())
        << length;
  }
}

TEST(BillReadersAgreeTest, OnGzipThatIsNotSound) {
  const std::string good = gzip_of("text,amount\na,1\nb,2\n");
  std::vector<std::string> files = {"",
                                    good + good,
                                    good + std::string(3, '\0'),
                                    good + "x",
                                    std::string(1, '\0') + good,
                                    "not gzip at all",
                                    good + good.substr(0, 5),
                                    gzip_of(""),
                                    gzip_of("") + good};
  for (std::size_t i = 0; i < good.size(); ++i) {
    files.push_back(good.substr(0, i));
    std::string damaged = good;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x21);
    if (i > 9) files.push_back(damaged);  // the header's time and system may be anything
  }
  for (const std::string& file : files) {
    const auto differences =
        reader_differences({part_of_bytes("part", file, 7)}, layout_of_all_types(), {.threads = 1});
    EXPECT_THAT(differences, IsEmpty()) << ::testing::PrintToString(file);
  }
}

}  // namespace
}  // namespace finops
