#pragma once

#include <memory>
#include <string>

#include "finops/stores/s3/s3_client.h"

namespace finops {

/// Metadata that names one write, so that a write whose answer was lost can be told from somebody
/// else's: x-amz-meta-finops-write.
std::string new_write_id();
HttpHeader write_id_header(const std::string& write_id);
/// True when the object at `full_key` is the one that this write made.
bool is_written_by(S3Client& client, const std::string& full_key, const std::string& write_id);

/// What a conditional write came to: returns when it is done, also when only its answer was lost;
/// throws kAlreadyExists, kUnknownOutcome and the rest.
void settle_write(S3Client& client, const RetriedResponse& result, const S3Call& call,
                  const std::string& write_id);

/// A multipart upload, begun. Destroyed before complete() it is aborted.
class S3Upload {
 public:
  /// With checksums, each part has to be sent with its CRC-32; copied parts cannot.
  enum class Checksums { kCrc32, kNone };
  S3Upload(S3Client& client, std::string full_key, std::string name, Checksums checksums);
  ~S3Upload();
  S3Upload(const S3Upload&) = delete;
  S3Upload& operator=(const S3Upload&) = delete;

  const std::string& key() const { return key_; }
  std::string upload_id() const { return upload_id_; }
  /// kAlreadyExists when the key is taken by then.
  void complete(const std::string& parts_body);

 private:
  S3Client& client_;
  const std::string key_, name_, write_id_;
  std::string upload_id_;
  bool is_settled_ = false;
};

std::unique_ptr<ByteWriter> create_s3_object(std::shared_ptr<S3Client> client,
                                             std::string_view key);

/// "x-amz-checksum-crc32" of a body: base64 of the big-endian CRC-32.
std::string crc32_base64(std::span<const std::byte> bytes);

}  // namespace finops
