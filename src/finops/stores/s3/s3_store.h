#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "finops/net/aws/credentials.h"
#include "finops/net/retry.h"
#include "finops/stores/object_store.h"
#include "finops/stores/s3/transfer_budget.h"

namespace finops {

/// How a bucket's name gets into a URL: in its path, or in front of its host.
enum class S3Addressing { kAuto, kPath, kVirtualHost };

/// Whether it goes into the path. kAuto: for an endpoint of one's own, and for a name with dots,
/// because a certificate for *.s3… holds for one name only.
bool is_in_path(S3Addressing addressing, const std::string& endpoint_url,
                const std::string& bucket);

struct S3Options {
  std::string bucket;
  std::string key_prefix;    // of all keys, "" or ending in '/'; callers never see it
  std::string region;        // empty: us-east-1, and what S3 answers
  std::string endpoint_url;  // empty: AWS
  S3Addressing addressing = S3Addressing::kAuto;
  bool requester_pays = false;
  std::string kms_key_id;  // of what is written; empty: the bucket's own default

  /// Nothing at all arrives or leaves for so long: the connection is given up, the request
  /// repeated.
  Duration read_timeout = std::chrono::seconds(30);
  RetryPolicy retry;
  std::shared_ptr<RetryBudget> retry_budget = std::make_shared<RetryBudget>();
  std::stop_token stop;  // ends every call with kCancelled

  /// An object is read in ranges of this size, so many at once after the first ones, as far as the
  /// budget goes; a reader that gets nothing of it asks for short ranges one after the other. The
  /// first range is short for who reads from the first byte on and may want a header only.
  std::uint64_t range_bytes = 4u << 20;
  unsigned parallel_ranges = 4;
  std::uint64_t first_range_bytes = 256u << 10;
  /// What is written is sent in parts of this size when it is longer than one; S3 wants at least 5
  /// MiB. Parts get longer for objects that would need more than 10,000 of them.
  std::uint64_t part_bytes = 5u << 20;
  unsigned parallel_parts = 4;
  /// Of ranges that are read and parts that are sent, beyond one of each reader and writer.
  std::shared_ptr<TransferBudget> transfers = std::make_shared<TransferBudget>(32u << 20);
  /// Longer objects are copied in pieces: CopyObject ends at 5 GiB.
  std::uint64_t longest_single_copy = 5ull << 30;
};

/// A bucket of S3, or of a server that speaks its protocol. Needs strong read-after-write
/// consistency, If-Match on GET and If-None-Match on PUT and CompleteMultipartUpload. An ETag is
/// S3's own, without quotes: the same bytes may have the same one. An unfinished create() that is
/// destroyed aborts its multipart upload; one of a killed process stays until the bucket's
/// lifecycle rule removes it.
std::shared_ptr<ObjectStore> make_s3_store(S3Options options, std::shared_ptr<HttpClient> http,
                                           std::shared_ptr<AwsCredentialProvider> credentials,
                                           Clock& clock);

}  // namespace finops
