#include "finops/config/file_url.h"

#include <gtest/gtest.h>

#include "finops/core/error.h"

namespace finops {
namespace {

TEST(FileUrlTest, NamesAnAbsoluteFolder) {
  EXPECT_EQ(path_of_file_url("file:///srv/cur/"), "/srv/cur");
  EXPECT_EQ(path_of_file_url("file:/srv/cur"), "/srv/cur");
  EXPECT_EQ(path_of_file_url("FILE://localhost/srv/a%20b%C3%A9"), "/srv/a b\xc3\xa9");
  EXPECT_EQ(path_of_file_url("file:///"), "/");
}

TEST(FileUrlTest, RefusesHostsRelativePathsAndBrokenEscapes) {
  for (const char* url : {"file://server/share", "file:cur", "file://", "file:///a%2",
                          "file:///%zz", "file:///a%00b"}) {
    EXPECT_THROW(path_of_file_url(url), Error) << url;
  }
}

TEST(FileUrlTest, OtherUrlsAreNoFileUrls) {
  EXPECT_TRUE(is_file_url("File:///x"));
  EXPECT_FALSE(is_file_url("s3://bucket"));
  EXPECT_FALSE(is_file_url("files"));
  EXPECT_FALSE(is_file_url(""));
}

}  // namespace
}  // namespace finops
