#include "finops/medallion/silver_packs.h"

#include <gtest/gtest.h>

#include "finops/core/error.h"

namespace finops::medallion {
namespace {

Pack pack() {
  Pack pack;
  pack.files = {{"a.csv", "1@2"}};
  pack.silver_keys = {"month=2026-04/x.parquet", "month=2026-05/y.parquet"};
  pack.counts.bronze_rows = pack.counts.valid_rows = 3;
  return pack;
}

TEST(SilverPacksTest, KeepTheKeysOfAllPartitions) {
  const auto packs = packs_from_json(packs_to_json({pack()}));
  ASSERT_EQ(packs.size(), 1u);
  EXPECT_EQ(packs[0].files, pack().files);
  EXPECT_EQ(packs[0].silver_keys, pack().silver_keys);
  EXPECT_TRUE(packs[0].quarantine_keys.empty());
  EXPECT_EQ(packs[0].counts.valid_rows, 3);
}

TEST(SilverPacksTest, ReadTheOneKeyOfPacksFromBeforePartitions) {
  const auto packs = packs_from_json(
      R"([{"files": {"a.csv": "1@2"}, "silver": "x.parquet", "quarantine": "", "counts": )"
      R"({"bronze_rows": 3, "valid_rows": 3, "quarantined_rows": 0, "reasons": {}, "flags": {}, )"
      R"("money": []}}])");
  ASSERT_EQ(packs.size(), 1u);
  EXPECT_EQ(packs[0].silver_keys, std::set<std::string>{"x.parquet"});
  EXPECT_TRUE(packs[0].quarantine_keys.empty());
}

TEST(SilverPacksTest, RefuseWhatIsNotTheirs) {
  for (const char* text : {"", "7", "[7]", R"([{"files": {}, "silver": 7, "quarantine": []}])"}) {
    try {
      packs_from_json(text);
      FAIL() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidData) << text;
    }
  }
}

}  // namespace
}  // namespace finops::medallion
