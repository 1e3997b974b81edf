#include "finops/report/texts.h"

#include <gtest/gtest.h>

namespace finops::report {
namespace {

TEST(TextsTest, NothingInACellIsMarkup) {
  EXPECT_EQ(escaped("<script>alert(1)</script>"), "&lt;script&gt;alert(1)&lt;/script&gt;");
  EXPECT_EQ(escaped(R"(" onload='x' & so)"), "&quot; onload=&#39;x&#39; &amp; so");
  EXPECT_EQ(escaped("naïve 日本 🙂"), "naïve 日本 🙂");
}

TEST(TextsTest, WhatHtmlDoesNotAllowIsReplaced) {
  using std::string_literals::operator""s;
  EXPECT_EQ(escaped("a\0b\x1b[31m\x7f"s), "a\uFFFDb\uFFFD[31m\uFFFD");
  EXPECT_EQ(escaped("\xC2\x85"), "\uFFFD");                    // a control character of Latin-1
  EXPECT_EQ(escaped("caf\xE9 <"), "caf\uFFFD &lt;");           // Latin-1
  EXPECT_EQ(escaped("\xE6\x97<b>"), "\uFFFD\uFFFD&lt;b&gt;");  // the rest of a letter is missing
  EXPECT_EQ(escaped("a\tb\nc"), "a\tb\nc");
}

TEST(TextsTest, DecimalsLoseTrailingZerosAndNothingElse) {
  EXPECT_EQ(trimmed_decimal("12.500000000000000000"), "12.5");
  EXPECT_EQ(trimmed_decimal("-149.210000000000000000"), "-149.21");
  EXPECT_EQ(trimmed_decimal("100.000000000000000000"), "100");
  EXPECT_EQ(trimmed_decimal("0.000000000000000000"), "0");
  EXPECT_EQ(trimmed_decimal("-0.0"), "0");
  EXPECT_EQ(trimmed_decimal("0.000000000000000001"), "0.000000000000000001");
  EXPECT_EQ(trimmed_decimal("99999999999999999999.999999999999999999"),
            "99999999999999999999.999999999999999999");
  EXPECT_EQ(trimmed_decimal("1200"), "1200");
  EXPECT_EQ(trimmed_decimal("1.50e+10"), "1.50e+10");
  EXPECT_EQ(trimmed_decimal("nan"), "nan");
}

TEST(TextsTest, ThousandsAreTold) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(999), "999");
  EXPECT_EQ(count_text(-1234567), "-1,234,567");
  EXPECT_EQ(with_thousands("12345.6789"), "12,345.6789");
}

TEST(TextsTest, LongTextsAreCutBetweenLetters) {
  EXPECT_EQ(shortened("日本語", 3), "日本語");
  EXPECT_EQ(shortened("日本語", 2), "日本…");
  EXPECT_EQ(shortened("", 2), "");
  EXPECT_EQ(shortened("ab\xE6", 3), "ab\xE6");
}

TEST(TextsTest, IdsAreOfLettersAndDigits) {
  EXPECT_EQ(id_text("usage_events"), "usage_events");
  EXPECT_EQ(id_text("a\" onclick=b"), "a--onclick-b");
}

}  // namespace
}  // namespace finops::report
