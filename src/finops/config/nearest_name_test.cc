#include "finops/config/nearest_name.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

TEST(NearestNameTest, CountsASwapOfNeighboursAsOneEdit) {
  EXPECT_EQ(edit_distance("bucket", "bukcet"), 1);
  EXPECT_EQ(edit_distance("bucket", "bucket"), 0);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
}

TEST(NearestNameTest, FindsTheNearestAndPrefersTheFirstOfEquallyNearOnes) {
  EXPECT_EQ(nearest_name("buckt", {"prefix", "bucket", "region"}), "bucket");
  EXPECT_EQ(nearest_name("ab", {"aX", "aY"}), "aX");
}

TEST(NearestNameTest, GivesNothingRatherThanAWildGuess) {
  EXPECT_EQ(nearest_name("persistent", {"database_path", "region"}), std::nullopt);
  EXPECT_EQ(nearest_name("xy", {"ab"}), std::nullopt);
  EXPECT_EQ(nearest_name(std::string(100'000, 'a'), {"a"}), std::nullopt);
}

}  // namespace
}  // namespace finops
