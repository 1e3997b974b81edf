#include "finops/stores/s3/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "finops/net/aws/credential_chain.h"
#include "finops/net/url.h"
#include "tests/support/scripted_http.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = HttpFailure::Kind;

std::string error_body(const std::string& code, const std::string& more = "") {
  return "<Error><Code>" + code + "</Code><Message>AWS says why</Message>" + more +
         "<RequestId>REQ1</RequestId></Error>";
}

/// Those of "bytes=2-4".
std::pair<std::uint64_t, std::uint64_t> range_of(const HttpRequest& asked) {
  const std::string range = *find_header(asked.headers, "range");
  return {std::stoull(range.substr(range.find('=') + 1)),
          std::stoull(range.substr(range.find('-') + 1))};
}

HttpResponse answer_of_range(const HttpRequest& asked, std::uint64_t size) {
  const auto [first, last] = range_of(asked);
  return answer(206, std::string(std::min(last + 1, size) - first, 'x'),
                {{"content-range", "bytes 0-0/" + std::to_string(size)}, {"etag", "\"e\""}});
}

/// What S3 answers in ways that no server of the contract tests does: answers that get lost, other
/// regions, archived objects, errors in the middle of a success.
class S3StoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectStore> store() {
    return make_s3_store(options_, http_, given_credentials({"AKID", "hunter2", "", {}}, "a test"),
                         clock_);
  }
  const HttpRequest& request(std::size_t i) const { return http_->requests.at(i); }
  std::string header(std::size_t i, const char* name) const {
    const auto* value = find_header(request(i).headers, name);
    return value == nullptr ? "" : *value;
  }
  std::size_t sent() const { return http_->requests.size(); }
  std::vector<std::uint64_t> lengths_asked_for() const {
    std::vector<std::uint64_t> lengths;
    for (const HttpRequest& asked : http_->requests) {
      const auto [first, last] = range_of(asked);
      lengths.push_back(last - first + 1);
    }
    return lengths;
  }
  Error failure_of_list(int status, const std::string& code) {
    answer_ = [=](const HttpRequest&) { return answer(status, error_body(code)); };
    return error_thrown_by([&] { store()->list("cur/"); });
  }

  S3Options options_{.bucket = "bills", .retry = {.attempts = 4}};
  ManualClock clock_{TimePoint(std::chrono::hours(400'000))};
  std::function<HttpResponse(const HttpRequest&)> answer_;
  std::shared_ptr<ScriptedHttp> http_ = std::make_shared<ScriptedHttp>(
      [this](const HttpRequest& request) { return answer_(request); });
};

TEST_F(S3StoreTest, AddressesBucketsAsAwsWants) {
  answer_ = [](const HttpRequest&) { return answer(200, "", {{"etag", "\"e\""}}); };
  const auto url_of = [&](S3Options options) {
    options_ = std::move(options);
    store()->stat("a b/ü");
    return http_->requests.back().url;
  };
  EXPECT_EQ(url_of({.bucket = "bills", .region = "eu-central-1"}),
            "https://bills.s3.eu-central-1.amazonaws.com/a%20b/%C3%BC");
  EXPECT_EQ(url_of({.bucket = "my.bills", .region = "eu-central-1"}),
            "https://s3.eu-central-1.amazonaws.com/my.bills/a%20b/%C3%BC");
  EXPECT_EQ(url_of({.bucket = "bills", .region = "cn-north-1"}),
            "https://bills.s3.cn-north-1.amazonaws.com.cn/a%20b/%C3%BC");
  EXPECT_EQ(url_of({.bucket = "bills", .region = "us-gov-west-1"}),
            "https://bills.s3.us-gov-west-1.amazonaws.com/a%20b/%C3%BC");
  EXPECT_EQ(url_of({.bucket = "bills", .endpoint_url = "http://minio:9000/"}),
            "http://minio:9000/bills/a%20b/%C3%BC");
  EXPECT_EQ(url_of({.bucket = "bills",
                    .endpoint_url = "https://cos.example",
                    .addressing = S3Addressing::kVirtualHost}),
            "https://bills.cos.example/a%20b/%C3%BC");
  EXPECT_EQ(url_of({.bucket = "bills", .key_prefix = "lake/", .endpoint_url = "http://h"}),
            "http://h/bills/lake/a%20b/%C3%BC");
}

TEST_F(S3StoreTest, FollowsTheBucketToItsRegionAndStaysThere) {
  answer_ = [](const HttpRequest& asked) {
    if (asked.url.find("eu-west-1") != std::string::npos) {
      return answer(200, "", {{"etag", "\"e\""}, {"content-length", "5"}});
    }
    return answer(301, "", {{"x-amz-bucket-region", "eu-west-1"}});
  };
  const auto bucket = store();
  EXPECT_EQ(bucket->stat("k")->size, 5u);
  EXPECT_THAT(header(1, "authorization"), HasSubstr("/eu-west-1/s3/"));
  bucket->stat("k");
  EXPECT_EQ(sent(), 3u);
}

TEST_F(S3StoreTest, FollowsTheRegionThatAnErrorNames) {
  answer_ = [](const HttpRequest& asked) {
    if (asked.url.find("eu-west-1") != std::string::npos) {
      return answer(200, "<ListBucketResult></ListBucketResult>");
    }
    return answer(400, error_body("AuthorizationHeaderMalformed", "<Region>eu-west-1</Region>"));
  };
  EXPECT_TRUE(store()->list("").empty());
}

TEST_F(S3StoreTest, ErrorsSayTheStepAwssWordsAndWhatToDo) {
  const Error denied = failure_of_list(403, "AccessDenied");
  EXPECT_EQ(denied.kind(), ErrorKind::kPermissionDenied);
  for (const char* part : {"list s3://bills/cur/", "AccessDenied", "AWS says why", "REQ1",
                           "HTTP 403", "policy", "credentials from a test"}) {
    EXPECT_THAT(denied.what(), HasSubstr(part));
  }
  EXPECT_THAT(failure_of_list(403, "SignatureDoesNotMatch").what(), HasSubstr("secret key"));
  EXPECT_THAT(failure_of_list(403, "InvalidAccessKeyId").what(), HasSubstr("aws_access_key_id"));
  EXPECT_THAT(failure_of_list(400, "ExpiredToken").what(), HasSubstr("log in"));
  EXPECT_EQ(failure_of_list(400, "ExpiredToken").kind(), ErrorKind::kPermissionDenied);
  EXPECT_THAT(failure_of_list(403, "RequestTimeTooSkewed").what(), HasSubstr("clock"));
  EXPECT_THAT(failure_of_list(404, "NoSuchBucket").what(), HasSubstr("bucket's name"));
  EXPECT_EQ(failure_of_list(404, "NoSuchBucket").kind(), ErrorKind::kNotFound);
  EXPECT_THAT(denied.what(), Not(HasSubstr("hunter2")));
}

TEST_F(S3StoreTest, TransientAnswersAreRepeatedAndOthersAreNot) {
  int asked = 0;
  answer_ = [&](const HttpRequest&) {
    if (++asked < 3) return answer(503, error_body("SlowDown"));
    return answer(200, "<ListBucketResult></ListBucketResult>");
  };
  store()->list("");
  EXPECT_EQ(asked, 3);
  asked = 0;
  answer_ = [&](const HttpRequest&) {
    if (++asked < 2) return answer(400, error_body("RequestTimeout"));
    return answer(200, "<ListBucketResult></ListBucketResult>");
  };
  store()->list("");
  EXPECT_EQ(asked, 2);
  const std::size_t before = sent();
  failure_of_list(403, "AccessDenied");
  EXPECT_EQ(sent(), before + 1);
  const Error storm = failure_of_list(503, "SlowDown");
  EXPECT_EQ(storm.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(storm.what(), HasSubstr("4 attempts"));
}

TEST_F(S3StoreTest, AnArchivedObjectIsToldAtOnce) {
  answer_ = [](const HttpRequest&) { return answer(403, error_body("InvalidObjectState")); };
  const Error error = error_thrown_by([&] { store()->open("k", {}); });
  EXPECT_THAT(error.what(), HasSubstr("restore it"));
  EXPECT_EQ(sent(), 1u);
}

TEST_F(S3StoreTest, EachRequestHasTheReadTimeout) {
  options_.read_timeout = std::chrono::seconds(7);
  answer_ = [](const HttpRequest&) { return answer(200, "<ListBucketResult></ListBucketResult>"); };
  store()->list("");
  EXPECT_EQ(request(0).idle_timeout, std::chrono::seconds(7));
}

TEST_F(S3StoreTest, RequesterPaysAndEncryptionAreInTheHeaders) {
  options_.requester_pays = true;
  options_.kms_key_id = "arn:aws:kms:key";
  answer_ = [](const HttpRequest&) { return answer(200); };
  put_text(*store(), "k", "x");
  EXPECT_EQ(header(0, "x-amz-request-payer"), "requester");
  EXPECT_EQ(header(0, "x-amz-server-side-encryption"), "aws:kms");
  EXPECT_EQ(header(0, "x-amz-server-side-encryption-aws-kms-key-id"), "arn:aws:kms:key");
  EXPECT_EQ(header(0, "x-amz-checksum-crc32"), "jNwWgw==");  // of "x", by Python's zlib
}

/// A bucket of one key with real If-None-Match semantics, which loses answers as it is told.
class LossyBucketTest : public S3StoreTest {
 protected:
  LossyBucketTest() {
    answer_ = [this](const HttpRequest& asked) { return serve(asked); };
  }

  HttpResponse serve(const HttpRequest& asked) {
    if (asked.method == "HEAD") {
      if (!object_) return answer(404);
      return answer(200, "", {{"etag", "\"e\""}, {"x-amz-meta-finops-write", *object_}});
    }
    if (loses_requests_) return no_answer(Kind::kNoAnswer);
    if (object_) return answer(412, error_body("PreconditionFailed"));
    object_ = *find_header(asked.headers, "x-amz-meta-finops-write");
    if (loses_answers_) return no_answer(Kind::kNoAnswer, "connection reset");
    return answer(200);
  }

  bool loses_answers_ = false, loses_requests_ = false;
  std::optional<std::string> object_;  // its write id
};

TEST_F(LossyBucketTest, AWriteWhoseAnswerWasLostIsFoundAgain) {
  loses_answers_ = true;
  EXPECT_NO_THROW(put_if_absent(*store(), "k", "x"));
}

TEST_F(LossyBucketTest, SomebodyElsesObjectIsNotTakenForOurs) {
  object_ = "another";
  EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store(), "k", "x"); }), ErrorKind::kAlreadyExists);
  loses_requests_ = true;
  EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store(), "k", "x"); }), ErrorKind::kUnknownOutcome);
}

TEST_F(LossyBucketTest, AWriteThatMayYetHappenIsUnknown) {
  loses_requests_ = true;
  EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store(), "k", "x"); }), ErrorKind::kUnknownOutcome);
  EXPECT_EQ(kind_thrown_by([&] { put_text(*store(), "k", "x"); }), ErrorKind::kUnknownOutcome);
  EXPECT_EQ(kind_thrown_by([&] { store()->remove("k"); }), ErrorKind::kUnknownOutcome);
}

TEST_F(S3StoreTest, AWriteThatWasNeverSentIsNotUnknown) {
  answer_ = [](const HttpRequest&) { return no_answer(Kind::kNotSent, "connection refused"); };
  const Error error = error_thrown_by([&] { put_if_absent(*store(), "k", "x"); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnavailable);
  EXPECT_THAT(error.what(), HasSubstr("connection refused"));
}

TEST_F(S3StoreTest, AnErrorInsideASuccessIsAnError) {
  // CompleteMultipartUpload answers 200 first and says only then that it failed.
  options_.part_bytes = 4;
  answer_ = [](const HttpRequest& asked) {
    if (asked.url.ends_with("?uploads=")) {
      return answer(200, "<R><UploadId>u</UploadId></R>");
    }
    if (asked.method == "PUT") return answer(200, "", {{"etag", "\"p\""}});
    if (asked.method == "HEAD") return answer(404);
    if (asked.method == "POST") return answer(200, error_body("InternalError"));
    return answer(204);
  };
  EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store(), "k", "123456789"); }),
            ErrorKind::kUnknownOutcome);
  for (const auto& one : http_->requests) {
    EXPECT_NE(one.method, "DELETE") << "what may be complete is not aborted";
  }
}

TEST_F(S3StoreTest, AnUploadThatFailsIsAborted) {
  options_.part_bytes = 4;
  answer_ = [](const HttpRequest& asked) {
    if (asked.url.ends_with("?uploads=")) return answer(200, "<R><UploadId>u</UploadId></R>");
    if (asked.method == "PUT") return answer(403, error_body("AccessDenied"));
    return answer(204);
  };
  EXPECT_EQ(kind_thrown_by([&] { put_if_absent(*store(), "k", "123456789"); }),
            ErrorKind::kPermissionDenied);
  EXPECT_EQ(http_->requests.back().method, "DELETE");
  EXPECT_THAT(http_->requests.back().url, HasSubstr("uploadId=u"));
}

TEST_F(S3StoreTest, ARangeThatFailsIsNotReadOver) {
  options_.first_range_bytes = options_.range_bytes = 4;
  answer_ = [](const HttpRequest& asked) {
    // Ranges are asked for at once, so the second one may be the third to come.
    if (*find_header(asked.headers, "range") == "bytes=4-7") {
      return answer(403, error_body("AccessDenied"));
    }
    return answer(206, "abcd", {{"content-range", "bytes 0-3/12"}, {"etag", "\"e\""}});
  };
  const auto reader = store()->open("k", {});
  std::array<std::byte, 16> out{};
  EXPECT_EQ(reader->read(out), 4u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(kind_thrown_by([&] { reader->read(out); }), ErrorKind::kPermissionDenied);
  }
}

TEST_F(S3StoreTest, AReaderWithoutBudgetGoesOnInShortRanges) {
  constexpr std::uint64_t kShort = 1 << 20;
  options_.first_range_bytes = 2 * kShort;
  options_.range_bytes = 2 * kShort;
  options_.transfers = std::make_shared<TransferBudget>(5 * kShort);
  answer_ = [](const HttpRequest& asked) { return answer_of_range(asked, 10 * kShort); };
  const auto reader = store()->open("a", {});
  const auto read = [&](std::uint64_t bytes) {
    std::string out(bytes, 0);
    for (std::size_t at = 0; at < bytes;) {
      at += reader->read(std::as_writable_bytes(std::span(out).subspan(at)));
    }
  };
  ASSERT_TRUE(options_.transfers->take(5 * kShort));  // somebody else
  read(2 * kShort + 1);
  EXPECT_THAT(lengths_asked_for(), ElementsAre(2 * kShort, kShort));
  options_.transfers->give_back(5 * kShort);
  read(kShort);
  // The current range and one ahead are long again.
  EXPECT_FALSE(options_.transfers->take(2 * kShort));
  EXPECT_TRUE(options_.transfers->take(kShort));
}

TEST_F(S3StoreTest, WhatAReaderTookOfTheBudgetComesBack) {
  options_.first_range_bytes = options_.range_bytes = 4;
  options_.transfers = std::make_shared<TransferBudget>(40);
  answer_ = [](const HttpRequest& asked) {
    if (*find_header(asked.headers, "range") == "bytes=20-23") {
      return answer(403, error_body("AccessDenied"));
    }
    return answer_of_range(asked, 60);
  };
  const auto bucket = store();
  EXPECT_THROW(read_all(*bucket, "a", 100), Error);
  bucket->open("a", {});
  EXPECT_TRUE(options_.transfers->take(40));
}

TEST_F(S3StoreTest, AShortRangeIsAnError) {
  options_.first_range_bytes = 4;
  answer_ = [](const HttpRequest&) {
    return answer(206, "ab", {{"content-range", "bytes 0-3/12"}, {"etag", "\"e\""}});
  };
  EXPECT_EQ(kind_thrown_by([&] { store()->open("k", {}); }), ErrorKind::kInvalidData);
}

TEST_F(S3StoreTest, AllRangesAreOfTheVersionThatTheFirstOneWas) {
  options_.first_range_bytes = options_.range_bytes = 4;
  answer_ = [](const HttpRequest&) {
    return answer(206, "abcd", {{"content-range", "bytes 0-3/8"}, {"etag", "\"e1\""}});
  };
  read_all(*store(), "k", 100);
  EXPECT_EQ(header(0, "if-match"), "");
  EXPECT_EQ(header(1, "if-match"), "\"e1\"");
  EXPECT_EQ(header(1, "range"), "bytes=4-7");
}

TEST_F(S3StoreTest, AListingGoesOverAllPages) {
  answer_ = [](const HttpRequest& asked) {
    const bool is_second = asked.url.find("continuation-token=t%2F1") != std::string::npos;
    if (is_second) {
      return answer(200,
                    "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>b+c%2Bd"
                    "</Key><Size>2</Size><ETag>\"2\"</ETag><LastModified>"
                    "2026-05-01T00:00:00.500Z</LastModified></Contents></ListBucketResult>");
    }
    return answer(200,
                  "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true"
                  "</IsTruncated><NextContinuationToken>t/1</NextContinuationToken><Contents>"
                  "<Key>a</Key><Size>1</Size><ETag>&quot;1&quot;</ETag><LastModified>"
                  "2026-05-01T00:00:00.000Z</LastModified></Contents></ListBucketResult>");
  };
  const auto objects = store()->list("");
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[0].etag, "1");
  EXPECT_EQ(objects[1].key, "b c+d");
  EXPECT_EQ(to_iso8601(objects[1].last_modified), "2026-05-01T00:00:00.000Z");
}

TEST_F(S3StoreTest, WhatIsNoListingIsRefused) {
  answer_ = [](const HttpRequest&) { return answer(200, "<html>Login</html>"); };
  const Error error = error_thrown_by([&] { store()->list(""); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(error.what(), HasSubstr("endpoint"));
}

TEST_F(S3StoreTest, AStopEndsACall) {
  std::stop_source source;
  options_.stop = source.get_token();
  answer_ = [&](const HttpRequest&) {
    source.request_stop();
    return answer(503);
  };
  EXPECT_EQ(kind_thrown_by([&] { store()->list(""); }), ErrorKind::kCancelled);
  EXPECT_EQ(sent(), 1u);
}

}  // namespace
}  // namespace finops
