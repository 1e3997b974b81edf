#include "finops/cli/run_display.h"

#include <gmock/gmock.h>

#include "finops/cli/cli_fixture.h"

namespace finops {
namespace {

using ::testing::StartsWith;

TEST(RunDisplayTest, MeasuresShareRateAndTimeLeft) {
  EXPECT_EQ(RunDisplay::measure({"p", "load", 250'000'000, 1'000'000'000, 5}, 2),
            "25 %, 5 rows, 125 MB/s, 6.00 s left");
  EXPECT_EQ(RunDisplay::measure({"p", "commit", 0, 0, 0}, 1), "");
  EXPECT_EQ(RunDisplay::measure({"p", "load", 1000, 500, 0}, 0), "100 %");
}

TEST(RunDisplayTest, TellsTheStagesWithWhatTheyMovedAndHowOftenTheyAskedAgain) {
  EXPECT_EQ(stages_text({{"prepare", 0, 0, 0.5, 1}, {"load", 2'000'000, 1'000, 2, 2}}),
            "prepare 0.50 s, load 2.00 s (1,000 rows, 2.0 MB), 3 repeated requests");
}

TEST(RunDisplayTest, TheBarNeverOverflows) {
  EXPECT_EQ(RunDisplay::bar({"p", "load", 0, 0, 0}, 4), "[----]");
  EXPECT_EQ(RunDisplay::bar({"p", "load", 2, 4, 0}, 4), "[##--]");
  EXPECT_EQ(RunDisplay::bar({"p", "load", 9, 4, 0}, 4), "[####]");
}

TEST(RunDisplayTest, WithoutATerminalALineComesEveryTenSeconds) {
  std::istringstream in;
  std::ostringstream out, err;
  StandingClock clock;
  CliHost host{in, out, err, false, 80, Environment(), clock, {}};
  GlobalOptions options;
  Console console(host, options);
  RunDisplay display(console);
  for (int i = 0; i <= 25; ++i) {
    display.show({"payer-a 2026-05", "load", 1, 100, 0});
    clock.sleep_for(Duration(1000), {});
  }
  const std::string text = err.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, StartsWith("finops: payer-a 2026-05: load\nfinops: payer-a 2026-05: load 1 %"));
}

TEST(RunDisplayTest, MonthsThatAreLoadedAtOnceAreToldTogether) {
  std::istringstream in;
  std::ostringstream out, err;
  StandingClock clock;
  CliHost host{in, out, err, false, 80, Environment(), clock, {}};
  GlobalOptions options;
  Console console(host, options);
  RunDisplay display(console);
  for (int i = 0; i <= 15; ++i) {
    display.show({"a 2026-05", "load", 30, 100, 1});
    display.show({"b 2026-05", i < 5 ? "load" : "verify", 70, 100, 2});
    clock.sleep_for(Duration(1000), {});
  }
  PartitionReport done;
  done.id = {"t", "b", "2026-05", "v"};
  display.show_finished(done);
  display.show({"a 2026-05", "load", 60, 100, 1});
  EXPECT_EQ(err.str(),
            "finops: a 2026-05: load\nfinops: b 2026-05: load\n"
            "finops: 2 months: load 65 %, 3 rows, 0 MB/s, 5.38 s left\n");
}

TEST(RunDisplayTest, ALineOfProgressNeverWraps) {
  std::istringstream in;
  std::ostringstream out, err;
  StandingClock clock;
  CliHost host{in, out, err, true, 30, Environment(), clock, {}};
  GlobalOptions options;
  Console console(host, options);
  RunDisplay(console).show({"a-source-with-a-long-name 2026-05", "load", 1, 100, 0});
  EXPECT_LE(err.str().size(), 30u + std::string("\r\x1b[K").size());
}

}  // namespace
}  // namespace finops
