#include "finops/service/request_target.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

TEST(RequestTargetTest, ReadsPathAndQuery) {
  const auto target = RequestTarget::parse("/a%20b?x=1&y=a+b%26c&&z&x=");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a%20b");
  EXPECT_EQ(target->query, (FormFields{{"x", "1"}, {"y", "a b&c"}, {"z", ""}, {"x", ""}}));
}

TEST(RequestTargetTest, ReadsTheAbsoluteForm) {
  EXPECT_EQ(RequestTarget::parse("http://host:80/a?b=c").value().path, "/a");
  EXPECT_EQ(RequestTarget::parse("https://host").value().path, "/");
}

TEST(RequestTargetTest, RefusesWhatIsNone) {
  for (const char* text : {"", "a", "*", "host:80", "/%", "/%4", "/%zz", "/%00", "/%0a", "/%ff",
                           "/%c0%af", "/a#b", "/?a=%", "/?%ff=1", "ftp://host/", "http://host?%"}) {
    EXPECT_FALSE(RequestTarget::parse(text)) << text;
  }
}

}  // namespace
}  // namespace finops
