#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "finops/config/known_keys.h"

namespace finops {
namespace {

using ::testing::HasSubstr;

TEST(ConfigDocumentationTest, TellsEveryKeyWithItsDefaultAndEveryVariable) {
  std::ifstream file(FINOPS_DOCS "/configuration.md");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  ASSERT_FALSE(text.empty());
  for (const KnownKey& key : known_keys()) {
    const std::string row = "| `" + std::string(key.path) + "` | ";
    EXPECT_THAT(text, HasSubstr(row));
    // Two defaults are found out and so told in words.
    const bool is_worded = key.path == "aws.name" || key.path == "aws.cur_version";
    if (!is_worded) {
      const std::string fallback =
          key.fallback.empty() ? "|" : "`" + std::string(key.fallback) + "` |";
      EXPECT_THAT(text, HasSubstr(row + fallback));
    }
    for (const std::string& name : words_of(key.environment)) {
      EXPECT_THAT(text, HasSubstr("`" + name + "`"));
    }
  }
}

}  // namespace
}  // namespace finops
