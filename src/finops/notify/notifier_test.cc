#include "finops/notify/notifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/core/utf8.h"

namespace finops {
namespace {

using ::testing::HasSubstr;

const TimePoint kBegin = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);

Problem problem(const std::string& source, const std::string& period, const std::string& kind) {
  return {source, period, kind, "it broke", kBegin};
}

TEST(NotifierTest, TheTextSaysWhatIsTheMatterInItsFirstLine) {
  Notification news{.time = kBegin, .host = "etl-1"};
  news.fresh = {problem("a", "2026-05", "invalid_data"), problem("b", "", "stale"),
                problem("", "", "invalid_config")};
  news.remaining = {problem("c", "2026-04", "refused")};
  EXPECT_EQ(text_of(news),
            "finops on etl-1: 3 new problems\n"
            "• a 2026-05 (invalid_data): it broke\n"
            "• b (stale): it broke\n"
            "• the run (invalid_config): it broke\n"
            "Still there:\n"
            "• c 2026-04 (refused), since 2026-06-01 00:00 UTC");
  Notification fewer{.event = Notification::Event::kFewerProblems, .host = "etl-1"};
  fewer.solved = {problem("a", "2026-05", "refused")};
  fewer.remaining = news.remaining;
  EXPECT_THAT(text_of(fewer), HasSubstr("etl-1: 1 problem solved, 1 left\nSolved:\n• a 2026-05"));
  Notification recovered{.event = Notification::Event::kRecovered, .host = "etl-1"};
  recovered.solved = {problem("a", "2026-05", "refused")};
  EXPECT_EQ(text_of(recovered),
            "finops on etl-1: recovered\nSolved:\n"
            "• a 2026-05 (refused), since 2026-06-01 00:00 UTC");
}

TEST(NotifierTest, TheTextIsBoundedWhateverFails) {
  Notification news{.time = kBegin, .host = "h"};
  for (int i = 0; i < 500; ++i) {
    news.fresh.push_back(problem("payer-" + std::to_string(i), "2026-05", "unavailable"));
    news.fresh.back().message = std::string(5000, 'x') + "\nnext line";
  }
  const std::string text = text_of(news);
  EXPECT_LT(text.size(), 5000u);
  EXPECT_THAT(text, HasSubstr("and 490 more"));
}

TEST(NotifierTest, OneLineCutsBetweenCharactersAndIsUtf8) {
  EXPECT_EQ(one_line("a\nb\tc", 10), "a b c");
  EXPECT_EQ(one_line("abc", 3), "abc");
  EXPECT_EQ(one_line("aäöü", 4), "aä…");
  EXPECT_EQ(one_line("😀😀", 7), "😀…");
  EXPECT_EQ(one_line("a\xff\xfe", 10), "a??");
  EXPECT_TRUE(is_utf8(one_line(std::string("\xff") + "ü long", 4)));
}

}  // namespace
}  // namespace finops
