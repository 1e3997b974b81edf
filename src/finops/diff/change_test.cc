#include "finops/diff/change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace finops {
namespace {

using ::testing::ElementsAre;

struct Item {
  std::string key;
  Change change;
};

Item item(const std::string& key, const std::string& before, const std::string& after) {
  return {key, {1, 2, ExactSum::parse(before).value(), ExactSum::parse(after).value()}};
}

std::vector<std::string> keys(const ChangeList<Item>& list) {
  std::vector<std::string> names;
  for (const Item& one : list.largest) names.push_back(one.key);
  return names;
}

TEST(ChangeTest, TheLargestDifferencesOfEitherSignComeFirstAndTheRestIsOneExactSum) {
  for (const bool is_reversed : {false, true}) {
    std::vector<Item> items = {item("small", "0", "0.000000000000000001"), item("gone", "7", "0"),
                               item("b", "1", "3"), item("a", "3", "1"),
                               item("big", "0", "100000000000000000000000000000000000000000")};
    if (is_reversed) std::ranges::reverse(items);
    LargestChanges<Item> largest(3);
    for (const Item& one : items) largest.add(one);
    const ChangeList<Item> list = largest.finish();
    EXPECT_THAT(keys(list), ElementsAre("big", "gone", "a"));
    EXPECT_EQ(list.other_items, 2u);
    EXPECT_EQ(list.others.difference().to_string(), "2.000000000000000001");
    EXPECT_EQ(list.others.rows_after, 4u);
    EXPECT_EQ(list.difference().to_string(),
              "99999999999999999999999999999999999999993.000000000000000001");
  }
}

TEST(ChangeTest, WithoutALimitAllAreKept) {
  LargestChanges<Item> largest(0);
  for (int i = 0; i < 50; ++i) largest.add(item(std::to_string(i), "0", std::to_string(i)));
  const ChangeList<Item> list = largest.finish();
  EXPECT_EQ(list.largest.size(), 50u);
  EXPECT_EQ(list.largest.front().key, "49");
  EXPECT_EQ(list.other_items, 0u);
  EXPECT_TRUE(list.others.is_none());
}

}  // namespace
}  // namespace finops
