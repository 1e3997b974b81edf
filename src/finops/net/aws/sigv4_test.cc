#include "finops/net/aws/sigv4.h"

#include <gtest/gtest.h>

#include "finops/net/http_date.h"

namespace finops {
namespace {

// "Signature Calculations for the Authorization Header" and "Authenticating Requests: Using Query
// Parameters" of the S3 API reference give these keys, requests and signatures.
const AwsCredentials& documented_keys() {
  static const AwsCredentials keys{
      "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}};
  return keys;
}
const SigningScope kScope{"us-east-1", "s3"};
const TimePoint kTime = parse_iso8601("2013-05-24T00:00:00Z").value();

std::string authorization(HttpRequest request) {
  sign_request(request, documented_keys(), kScope, kTime);
  return *find_header(request.headers, "authorization");
}

TEST(SigV4Test, GetsAnObjectAsDocumented) {
  EXPECT_EQ(authorization({.url = "https://examplebucket.s3.amazonaws.com/test.txt",
                           .headers = {{"Range", "bytes=0-9"}}}),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SigV4Test, PutsAnObjectAsDocumented) {
  const std::string body = "Welcome to Amazon S3.";
  EXPECT_EQ(authorization({.method = "PUT",
                           .url = "https://examplebucket.s3.amazonaws.com/test%24file.text",
                           .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                                       {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
                           .body = std::as_bytes(std::span(body))}),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
            "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(SigV4Test, ParametersWithoutValueAreSignedAsDocumented) {
  const auto text = authorization({.url = "https://examplebucket.s3.amazonaws.com/?lifecycle"});
  EXPECT_TRUE(
      text.ends_with("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"))
      << text;
}

TEST(SigV4Test, ParametersAreSortedAsDocumented) {
  for (const char* query : {"max-keys=2&prefix=J", "prefix=J&max-keys=2"}) {
    const auto text =
        authorization({.url = "https://examplebucket.s3.amazonaws.com/?" + std::string(query)});
    EXPECT_TRUE(text.ends_with(
        "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"))
        << text;
  }
}

TEST(SigV4Test, TheContentsHashIsNoHeaderWhereItIsNotWanted) {
  SigningScope scope = kScope;
  scope.has_content_hash_header = false;
  HttpRequest request{.url = "https://h/"};
  sign_request(request, documented_keys(), scope, kTime);
  EXPECT_EQ(find_header(request.headers, "x-amz-content-sha256"), nullptr);
  EXPECT_NE(find_header(request.headers, "authorization")->find("SignedHeaders=host;x-amz-date,"),
            std::string::npos);
}

TEST(SigV4Test, PresignsAsDocumented) {
  EXPECT_EQ(presign_url("GET", "https://examplebucket.s3.amazonaws.com/test.txt", documented_keys(),
                        kScope, kTime, std::chrono::hours(24)),
            "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
            "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&"
            "X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&"
            "X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(SigV4Test, ASessionTokenIsSent) {
  HttpRequest request{.url = "https://h/"};
  AwsCredentials credentials = documented_keys();
  credentials.session_token = "token";
  sign_request(request, credentials, kScope, kTime);
  EXPECT_EQ(*find_header(request.headers, "x-amz-security-token"), "token");
  EXPECT_NE(find_header(request.headers, "authorization")->find("x-amz-security-token"),
            std::string::npos);
  EXPECT_NE(presign_url("GET", "https://h/", credentials, kScope, kTime, std::chrono::hours(1))
                .find("X-Amz-Security-Token=token"),
            std::string::npos);
}

}  // namespace
}  // namespace finops
