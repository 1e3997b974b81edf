#include "finops/core/turns.h"

#include <gtest/gtest.h>

#include "finops/core/parallel.h"

namespace finops {
namespace {

TEST(TurnsTest, AStepIsTakenInOrderWhateverTheOrderOfTheWork) {
  constexpr std::size_t kCount = 200;
  Turns turns(kCount);
  std::vector<std::size_t> order;
  for_each_at_once(kCount, 8, [&](std::size_t i) {
    Turns::Turn turn(turns, i);
    if (i % 3 == 0) return;  // takes no step, and holds nobody up
    turn.wait();
    order.push_back(i);
    turn.pass();
    turn.wait();  // again, after it has passed
  });
  EXPECT_EQ(order.size(), kCount - (kCount + 2) / 3);
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

}  // namespace
}  // namespace finops
