#include "finops/net/http_date.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

TEST(HttpDateTest, ReadsTheFormThatServersSend) {
  EXPECT_EQ(to_iso8601(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT").value()),
            "1994-11-06T08:49:37.000Z");
  for (const char* text : {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
                           "Sun, 06 Nov 1994 08-49-37 GMT"}) {
    EXPECT_FALSE(parse_http_date(text).has_value()) << text;
  }
}

TEST(HttpDateTest, WritesTheFormThatServersSend) {
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Thu, 29 Feb 2024 23:59:59 GMT"}) {
    EXPECT_EQ(to_http_date(parse_http_date(text).value()), text);
  }
}

TEST(HttpDateTest, ReadsIso8601InUtc) {
  const auto read = [](const char* text) { return to_iso8601(parse_iso8601(text).value()); };
  EXPECT_EQ(read("2026-05-31T23:59:59Z"), "2026-05-31T23:59:59.000Z");
  EXPECT_EQ(read("2026-05-31T23:59:59.5Z"), "2026-05-31T23:59:59.500Z");
  EXPECT_EQ(read("2026-05-31T23:59:59.123456789Z"), "2026-05-31T23:59:59.123Z");
  EXPECT_EQ(read("2026-05-31T23:59:59+00:00"), "2026-05-31T23:59:59.000Z");
  EXPECT_EQ(read("2026-05-31T23:59:59UTC"), "2026-05-31T23:59:59.000Z");
  for (const char* text :
       {"", "2026-05-31", "2026-05-31T23:59:59", "2026-05-31T23:59:59+02:00",
        "2026-02-30T23:59:59Z", "2026-05-31T23:59:59.Z", "2026-05-31 23:59:59Z"}) {
    EXPECT_FALSE(parse_iso8601(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace finops
