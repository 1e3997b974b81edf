#include "finops/net/url.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

TEST(UrlTest, EncodesAllButTheUnreservedBytes) {
  EXPECT_EQ(percent_encode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(percent_encode("a b/ü+%=&"), "a%20b%2F%C3%BC%2B%25%3D%26");
  EXPECT_EQ(percent_encode("a b/c", true), "a%20b/c");
  EXPECT_EQ(percent_encode(std::string_view("\0\x7f\xff", 3)), "%00%7F%FF");
}

TEST(UrlTest, DecodesWhatItEncodes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_decode("100%, %4, %zz, %4A%4a"), "100%, %4, %zz, JJ");
}

TEST(UrlTest, TakesUrlsApart) {
  const auto url = Url::parse("HTTPS://Minio.Example:9000/a%20b?x=1&y").value();
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.authority, "minio.example:9000");
  EXPECT_EQ(url.host, "minio.example");
  EXPECT_EQ(url.path, "/a%20b");
  EXPECT_EQ(url.query, "x=1&y");
  EXPECT_EQ(url.to_string(), "https://minio.example:9000/a%20b?x=1&y");
  EXPECT_EQ(Url::parse("http://h")->path, "/");
  EXPECT_EQ(Url::parse("http://[::1]:80/x")->host, "::1");
  EXPECT_EQ(Url::parse("http://[::1]:81/x")->authority, "[::1]:81");
}

TEST(UrlTest, AnAtSignIsAUserOnlyBeforeTheHost) {
  const Url url = Url::parse("https://h/accounts/a@b:act?to=c@d").value();
  EXPECT_EQ(url.host, "h");
  EXPECT_EQ(url.path, "/accounts/a@b:act");
  EXPECT_EQ(url.query, "to=c@d");
  EXPECT_FALSE(Url::parse("https://h@evil"));
  EXPECT_FALSE(Url::parse("https://h@evil?x"));
}

TEST(UrlTest, WritesAForm) {
  EXPECT_EQ(form_text({}), "");
  EXPECT_EQ(form_text({{"a", "1 2"}, {"b", "&="}}), "a=1%202&b=%26%3D");
}

TEST(UrlTest, DropsThePortThatTheSchemeImplies) {
  EXPECT_EQ(Url::parse("http://h:80/")->authority, "h");
  EXPECT_EQ(Url::parse("https://h:443/")->authority, "h");
  EXPECT_EQ(Url::parse("https://h:80/")->authority, "h:80");
}

TEST(UrlTest, RefusesWhatIsNone) {
  for (const char* text :
       {"", "h", "ftp://h", "http://", "http:///x", "http://user:secret@h/", "http://h:x/",
        "http://h:1234567/", "http://h/#f", "http://h /", "http://h\r\nX: y", "http://[::1"}) {
    EXPECT_FALSE(Url::parse(text).has_value()) << text;
  }
}

TEST(UrlTest, KnowsLoopback) {
  EXPECT_TRUE(is_loopback("localhost"));
  EXPECT_TRUE(is_loopback("127.0.0.53"));
  EXPECT_TRUE(is_loopback("::1"));
  EXPECT_FALSE(is_loopback("169.254.169.254"));
  EXPECT_FALSE(is_loopback("localhost.example"));
  EXPECT_FALSE(is_loopback("127.0.0.1.example"));
}

}  // namespace
}  // namespace finops
