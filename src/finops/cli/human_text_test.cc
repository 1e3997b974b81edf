#include "finops/cli/human_text.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

TEST(HumanTextTest, CountsAndBytesAreGroupedAndScaled) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(1'234'567), "1,234,567");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1000), "1.0 KB");
  EXPECT_EQ(bytes_text(999'960), "1.0 MB");
  EXPECT_EQ(bytes_text(12'345'678), "12.3 MB");
}

TEST(HumanTextTest, SecondsTurnIntoMinutesAndHours) {
  EXPECT_EQ(seconds_text(0.214), "0.21 s");
  EXPECT_EQ(seconds_text(12.34), "12.3 s");
  EXPECT_EQ(seconds_text(59.97), "1 min 00 s");
  EXPECT_EQ(seconds_text(185), "3 min 05 s");
  EXPECT_EQ(seconds_text(7260), "2 h 01 min");
}

TEST(HumanTextTest, MoneyIsNeverShortened) {
  ExactSum dollars, euros;
  dollars.add(1, 18);
  euros.add(-250, 2);
  EXPECT_EQ(money_text({{"USD", dollars}, {"EUR", euros}}), "EUR -2.5, USD 0.000000000000000001");
  EXPECT_EQ(money_text({{"", euros}}), "(no currency) -2.5");
  EXPECT_EQ(money_text({}), "");
}

TEST(HumanTextTest, PluralsAndRates) {
  EXPECT_EQ(plural(1, "delivery"), "1 delivery");
  EXPECT_EQ(plural(2, "delivery"), "2 deliveries");
  EXPECT_EQ(plural(1000, "row"), "1,000 rows");
  EXPECT_EQ(rate_text(312'000'000, 1), "312 MB/s");
  EXPECT_EQ(rate_text(1, 0), "");
}

TEST(HumanTextTest, TimesAreUtc) {
  EXPECT_EQ(time_text(0), "1970-01-01 00:00:00");
  EXPECT_EQ(time_text(1'780'271'999'999), "2026-05-31 23:59:59");
}

TEST(HumanTextTest, DataCannotSteerTheTerminal) {
  EXPECT_EQ(printable("a\x1b[31mb\n\t\x7f"), "a\\x1b[31mb\\n\\t\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // CSI as a C1 control
  EXPECT_EQ(printable("Z\xc3\xbcrich \xf0\x9f\x92\xb0"), "Z\xc3\xbcrich \xf0\x9f\x92\xb0");
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");
}

TEST(HumanTextTest, WidthCountsCodePoints) { EXPECT_EQ(text_width("Z\xc3\xbcrich"), 6u); }

TEST(HumanTextTest, LongIdsAreShortened) {
  EXPECT_EQ(short_id("20260501T000000Z"), "20260501T000000Z");
  EXPECT_EQ(short_id("b522d998-88b6-4de2-b6d3"), "b522d998-88b6…");
}

}  // namespace
}  // namespace finops
