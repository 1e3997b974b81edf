#include "finops/stores/fault_plan.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using Fault = FaultPlan::Fault;
using Effect = FaultPlan::Effect;
using Moment = FaultPlan::Moment;

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(FaultPlanTest, ParsesEveryForm) {
  EXPECT_EQ(FaultPlan::parse("kill-before:7").at, 7u);
  EXPECT_EQ(FaultPlan::parse("kill-before:7").effect, Effect::kKill);
  EXPECT_EQ(FaultPlan::parse("kill-before:7").moment, Moment::kBefore);
  EXPECT_EQ(FaultPlan::parse("kill-after:1").moment, Moment::kAfter);
  EXPECT_EQ(FaultPlan::parse("fail-before:2"),
            (Fault{Effect::kFail, Moment::kBefore, 2, ErrorKind::kUnavailable}));
  EXPECT_EQ(FaultPlan::parse("fail-after:3"),
            (Fault{Effect::kFail, Moment::kAfter, 3, ErrorKind::kUnknownOutcome}));
  EXPECT_EQ(FaultPlan::parse("fail-before:4:no_space"),
            (Fault{Effect::kFail, Moment::kBefore, 4, ErrorKind::kNoSpace}));
}

TEST(FaultPlanTest, RefusesOtherTexts) {
  for (const char* text :
       {"", "kill", "kill-before", "kill-before:", "kill-before:0", "kill-before:-1",
        "kill-before:1x", "kill-before:1:no_space", "fail-before:1:nonsense",
        "fail-before:99999999999999999999", "fail-during:1"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(kind_thrown_by([&] { FaultPlan::parse(text); }), ErrorKind::kInvalidConfig);
  }
}

TEST(FaultPlanTest, FailsInsteadOfTheCallOrAfterIt) {
  for (const Moment moment : {Moment::kBefore, Moment::kAfter}) {
    FaultPlan plan(Fault{Effect::kFail, moment, 2, ErrorKind::kNoSpace});
    int calls = 0;
    const auto call = [&] { ++calls; };
    plan.run("one", call);
    EXPECT_EQ(kind_thrown_by([&] { plan.run("two", call); }), ErrorKind::kNoSpace);
    plan.run("three", call);
    EXPECT_EQ(calls, moment == Moment::kBefore ? 2 : 3);
    EXPECT_EQ(plan.steps(), (std::vector<std::string>{"one", "two", "three"}));
  }
}

TEST(FaultPlanDeathTest, KillsTheProcessBeforeTheCallOrAfterIt) {
  const TempFolder folder;
  for (const Moment moment : {Moment::kBefore, Moment::kAfter}) {
    const std::string mark = folder / (moment == Moment::kBefore ? "before" : "after");
    EXPECT_EXIT(
        {
          FaultPlan plan(Fault{Effect::kKill, moment, 1});
          plan.run("call", [&] { std::ofstream(mark) << "done"; });
        },
        ::testing::KilledBySignal(SIGKILL), "");
    EXPECT_EQ(content_of(mark), moment == Moment::kBefore ? "" : "done");
  }
}

TEST(FaultPlanTest, TheEnvironmentMakesThePlanAndGetsTheCount) {
  const TempFolder folder;
  unsetenv("FINOPS_FAULT");
  unsetenv("FINOPS_FAULT_COUNT");
  EXPECT_EQ(FaultPlan::from_environment(), nullptr);
  setenv("FINOPS_FAULT_COUNT", (folder / "count").c_str(), 1);
  setenv("FINOPS_FAULT", "fail-before:2", 1);
  {
    const auto plan = FaultPlan::from_environment();
    plan->run("put a", [] {});
    EXPECT_EQ(kind_thrown_by([&] { plan->run("put b", [] {}); }), ErrorKind::kUnavailable);
  }
  unsetenv("FINOPS_FAULT");
  unsetenv("FINOPS_FAULT_COUNT");
  EXPECT_EQ(content_of(folder / "count"), "2\n");
  EXPECT_EQ(content_of(folder / "count.steps"), "put a\nput b\n");
}

}  // namespace
}  // namespace finops
