#include "finops/lake/lake_paths.h"

#include <gtest/gtest.h>

#include "tests/support/thrown.h"

namespace finops::lake {
namespace {

TEST(LakePathsTest, EverySpellingOfAFileBelowTheRootIsItsKey) {
  const LakePaths local("file:///srv/my lake/");
  EXPECT_EQ(local.root(), "file:///srv/my lake");
  EXPECT_EQ(local.uri_of("a/b"), "file:///srv/my lake/a/b");
  for (const auto* uri : {"file:///srv/my lake/a/b", "file:/srv/my lake/a/b", "/srv/my lake/a/b",
                          "file://localhost/srv/my lake/a/b", "/srv/my lake//a/b"}) {
    EXPECT_EQ(local.key_of(uri), "a/b");
  }
  const LakePaths bucket("s3://bucket/lake");
  for (const auto* uri :
       {"s3://bucket/lake/a/b", "s3a://bucket/lake/a/b", "s3n://bucket/lake/a/b"}) {
    EXPECT_EQ(bucket.key_of(uri), "a/b");
  }
  EXPECT_EQ(LakePaths("s3://bucket").key_of("s3://bucket/a"), "a");
}

TEST(LakePathsTest, AFileElsewhereIsUnsupportedByName) {
  const LakePaths paths("file:///srv/lake");
  for (const auto* uri : {"file:///srv/lake2/a", "/srv/lake", "s3://srv/lake/a", "srv/lake/a", "",
                          "/srv/lake/../secret", "file:///srv/lake/a/../../b"}) {
    EXPECT_FALSE(paths.is_inside(uri)) << uri;
    const auto error = error_thrown_by([&] { paths.key_of(uri); });
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_NE(std::string(error.what()).find("'" + std::string(uri) + "'"), std::string::npos);
  }
}

TEST(LakePathsTest, ARootThatIsNoUriIsAConfigurationError) {
  for (const auto* root : {"", "/srv/lake", "lake", "file://lake", "file:lake", "s3://", "://x",
                           "file:///srv/../lake"}) {
    EXPECT_EQ(kind_thrown_by([&] { LakePaths{root}; }), ErrorKind::kInvalidConfig) << root;
  }
}

TEST(LakePathsTest, FolderNamesHoldAnySourceName) {
  const std::vector<std::string> columns = {"source", "billing_period"};
  EXPECT_EQ(LakePaths::partition_folder(columns, {"payer/b c=", "2026-05"}),
            "source=payer%2Fb%20c%3D/billing_period=2026-05/");
  EXPECT_EQ(LakePaths::partition_folder(columns, {"..", "2026-05"}),
            "source=../billing_period=2026-05/");
  EXPECT_EQ(LakePaths::partition_folder({}, {}), "");
  const std::string longest(300, 'x');
  const auto one = LakePaths::partition_folder(columns, {longest + "1", "2026-05"});
  const auto two = LakePaths::partition_folder(columns, {longest + "2", "2026-05"});
  EXPECT_LT(one.find('/'), 200u);
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace finops::lake
