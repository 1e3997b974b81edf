#include "finops/core/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace finops {
namespace {

TEST(Utf8Test, KnowsUtf8FromWhatLooksLikeIt) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("Z\xc3\xbcrich \xf0\x9f\x92\xb0 \xe2\x82\xac"));
  for (const std::string text : {"\xff", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                                 "\xf4\x90\x80\x80", "\xf0\x8f\xbf\xbf"}) {
    EXPECT_FALSE(is_utf8(text));
    EXPECT_FALSE(is_utf8("eight letters and more " + text));
    EXPECT_FALSE(is_utf8(text + "eight letters and more"));
  }
}

}  // namespace
}  // namespace finops
