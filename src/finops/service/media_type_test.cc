#include "finops/service/media_type.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

TEST(MediaTypeTest, ReadsTypeAndParameters) {
  const auto type = MediaType::parse(" Application/JSON ;\tCharset=\"utf\\-8\"; a=b; ");
  ASSERT_TRUE(type);
  EXPECT_EQ(type->name, "application/json");
  ASSERT_EQ(type->parameters.size(), 2U);
  EXPECT_EQ(type->parameters[0].first, "charset");
  EXPECT_EQ(type->parameters[0].second, "utf-8");
  EXPECT_TRUE(type->is_utf8());
}

TEST(MediaTypeTest, RefusesWhatIsNone) {
  for (const char* text : {"", "/", "a/", "/b", "a b/c", "a/b c", "a/b,c/d", "a/b; c", "a/b; =c",
                           "a/b; c=", "a/b; c=\"d", "a/b; c=\"d\\", "a/b; c=d e", "a/b c=d"}) {
    EXPECT_FALSE(MediaType::parse(text)) << text;
  }
}

}  // namespace
}  // namespace finops
