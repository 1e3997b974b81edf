#include "finops/tabular/timestamp_text.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

constexpr std::int64_t kJune = 1'748'736'000'000'000;  // 2025-06-01T00:00:00Z

TEST(TimestampTextTest, ReadsTheFormsThatAwsWrites) {
  for (const char* text :
       {"2025-06-01T00:00:00Z", "2025-06-01T00:00:00.000Z", "2025-06-01 00:00:00",
        "2025-06-01 00:00:00.0", "2025-06-01T00:00:00", "2025-06-01", "20250601",
        "20250601T000000.000Z", "20250601T000000Z", "2025-06-01T00:00Z", "20250601T0000Z",
        "2025-06-01T00:00:00+00:00", "2025-06-01T02:00:00+02:00", "2025-05-31T18:30:00-0530",
        "2025-06-01T01:00:00+01", "20250601T00:00:00Z", "2025-06-01T00:00:00.000000000Z"}) {
    EXPECT_EQ(parse_timestamp(text), kJune) << text;
  }
}

TEST(TimestampTextTest, KeepsMicroseconds) {
  EXPECT_EQ(parse_timestamp("2025-06-01T01:02:03.123456Z"), kJune + 3'723'123'456);
  EXPECT_EQ(parse_timestamp("2025-06-01T01:02:03.1Z"), kJune + 3'723'100'000);
  EXPECT_EQ(parse_timestamp("2025-06-01T01:02:03.1234560Z"), kJune + 3'723'123'456);
  EXPECT_EQ(parse_timestamp("2025-06-01T01:02:03.1234567Z"), std::nullopt) << "would be rounded";
}

TEST(TimestampTextTest, KnowsTheCalendar) {
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59Z"), -1'000'000);
  EXPECT_EQ(parse_timestamp("0001-01-01"), -62'135'596'800'000'000);
  EXPECT_EQ(parse_timestamp("9999-12-31T23:59:59Z"), 253'402'300'799'000'000);
  EXPECT_EQ(parse_timestamp("2024-02-29"), 1'709'164'800'000'000);
  EXPECT_EQ(parse_timestamp("2000-02-29"), 951'782'400'000'000);
  for (const char* text : {"2025-02-29", "1900-02-29", "2025-04-31", "2025-13-01", "2025-00-10",
                           "2025-06-00", "2025-06-32", "0000-01-01"}) {
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
    EXPECT_EQ(parse_timestamp(text + std::string("T00:00:00Z")), std::nullopt) << text;
  }
}

TEST(TimestampTextTest, RefusesAllElse) {
  for (const char* text : {"",
                           "2025",
                           "2025-06",
                           "2025-6-1",
                           "25-06-01",
                           "2025/06/01",
                           "01.06.2025",
                           "2025-06-01T",
                           "2025-06-01Z",
                           "2025-06-01T24:00:00Z",
                           "2025-06-01T00:60:00Z",
                           "2025-06-01T00:00:60Z",
                           "2025-06-01T00:00:00z",
                           "2025-06-01t00:00:00Z",
                           "2025-06-01  00:00:00",
                           "2025-06-01T00:00:00 Z",
                           "2025-06-01T00:00:00.Z",
                           "2025-06-01T00:00:00ZZ",
                           "2025-06-01T00:00:00+24:00",
                           "2025-06-01T00:00:00+1",
                           "2025-06-01T0000Z",
                           "2025-06-01T00Z",
                           "202506-01",
                           "2025-0601",
                           "2025-06-01T00:00:00Z/2025-06-01T01:00:00Z",
                           "1748736000",
                           "2025-06-01T00:00:00+00:",
                           "20250601T00:0000Z",
                           "-025-06-01T00:00:00Z"}) {
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace finops
