#include "finops/config/value_text.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

using std::chrono::seconds;

TEST(ValueTextTest, SizesTellDecimalFromBinaryUnits) {
  EXPECT_EQ(parse_size("512MB"), 512'000'000u);
  EXPECT_EQ(parse_size("512MiB"), 512u << 20);
  EXPECT_EQ(parse_size("1.5 GiB"), 1536u << 20);
  EXPECT_EQ(parse_size("2g"), 2ull << 30);
  EXPECT_EQ(parse_size("1048576"), 1u << 20);
  EXPECT_EQ(parse_size("1.1GB"), 1'100'000'000u);
  EXPECT_EQ(parse_size("0"), 0u);
}

TEST(ValueTextTest, RefusesWhatIsNoSize) {
  for (const char* text :
       {"", "MB", "-1MB", "12 XB", "1,5GB", "1.2.3MB", "512 MB x", "1e3MB", "99999999999999TB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(ValueTextTest, SizeTextReadsBackAsTheSameSize) {
  for (const std::uint64_t bytes :
       {0ull, 1ull, 1023ull, 512'000'000ull, 512ull << 20, 7ull << 40}) {
    EXPECT_EQ(parse_size(size_text(bytes)), bytes);
  }
  EXPECT_EQ(size_text(512'000'000), "512MB");
}

TEST(ValueTextTest, DurationsAddUpTheirParts) {
  EXPECT_EQ(parse_duration("36h"), seconds(129'600));
  EXPECT_EQ(parse_duration("1d12h"), seconds(129'600));
  EXPECT_EQ(parse_duration("2w"), seconds(1'209'600));
  EXPECT_EQ(parse_duration("0s"), seconds(0));
}

TEST(ValueTextTest, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "36", "h", "12h1d", "1h1h", "-1h", "1.5h", "36 h", "9999999d"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(ValueTextTest, BooleansAndIntegersHaveNoOtherSpelling) {
  EXPECT_EQ(parse_boolean("Yes"), true);
  EXPECT_EQ(parse_boolean("off"), false);
  EXPECT_EQ(parse_boolean("maybe"), std::nullopt);
  EXPECT_EQ(parse_integer("-7"), -7);
  EXPECT_EQ(parse_integer("7x"), std::nullopt);
  EXPECT_EQ(parse_integer("99999999999999999999"), std::nullopt);
}

}  // namespace
}  // namespace finops
