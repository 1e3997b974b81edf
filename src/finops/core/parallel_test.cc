#include "finops/core/parallel.h"

#include <gtest/gtest.h>

#include <array>
#include <barrier>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace finops {
namespace {

using namespace std::chrono_literals;

TEST(ParallelTest, CallsEachOnce) {
  for (const std::size_t at_once : {std::size_t{1}, std::size_t{3}, std::size_t{100}}) {
    std::array<std::atomic<int>, 50> calls{};
    for_each_at_once(calls.size(), at_once, [&](std::size_t i) { ++calls[i]; });
    for (const auto& times : calls) EXPECT_EQ(times, 1);
  }
  for_each_at_once(0, 4, [](std::size_t) { FAIL(); });
}

TEST(ParallelTest, SeveralRunAtOnce) {
  std::barrier together(4);  // never opens for fewer
  for_each_at_once(4, 4, [&](std::size_t) { together.arrive_and_wait(); });
}

TEST(ParallelTest, TheFirstExceptionEndsIt) {
  std::atomic<int> calls = 0;
  EXPECT_THROW(for_each_at_once(1000, 2,
                                [&](std::size_t i) {
                                  ++calls;
                                  if (i == 3) throw std::runtime_error("three");
                                  // Else the others could be through before it is thrown.
                                  if (i > 3) std::this_thread::sleep_for(1ms);
                                }),
               std::runtime_error);
  EXPECT_LT(calls, 1000);
}

}  // namespace
}  // namespace finops
