#include "finops/stores/s3/s3_writer.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <array>
#include <deque>
#include <future>
#include <mutex>
#include <random>

#include "finops/core/error.h"
#include "finops/net/aws/aws_error.h"
#include "finops/stores/s3/s3_xml.h"

namespace finops {
namespace {

constexpr std::size_t kMostParts = 10'000;  // of a multipart upload
constexpr std::size_t kSmallObject = 1 << 20;

class S3Writer : public ByteWriter {
 public:
  S3Writer(std::shared_ptr<S3Client> client, std::string_view key)
      : client_(std::move(client)), key_(client_->full_key(key)), name_(client_->name_of(key)) {}

  ~S3Writer() override {
    stop_.request_stop();
    for (const Sending& sending : sending_) sending.part.wait();
  }
  S3Writer(const S3Writer&) = delete;
  S3Writer& operator=(const S3Writer&) = delete;

  void write(std::span<const std::byte> bytes) override {
    while (!bytes.empty()) {
      // One byte more than a part means that there are several.
      if (buffer_.size() == part_size()) send_part();
      const std::size_t n = std::min<std::size_t>(bytes.size(), part_size() - buffer_.size());
      if (buffer_.size() + n > kSmallObject) buffer_.reserve(part_size());
      buffer_.insert(buffer_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
      bytes = bytes.subspan(n);
    }
  }

  void finish() override {
    if (!upload_) return put_at_once();
    send_part();
    while (!sending_.empty()) collect();
    upload_->complete(complete_upload_body(parts_));
  }

 private:
  /// On its way.
  struct Sending {
    TransferShare share;
    std::future<S3Part> part;
  };

  std::size_t part_size() const {
    // Grows with the object, so that 10,000 parts reach S3's longest one.
    return client_->options().part_bytes * (1 + begun_ / (kMostParts / 10));
  }

  void put_at_once() {
    const std::string write_id = new_write_id();
    S3Call call{.method = "PUT", .key = key_, .tried = "write " + name_};
    call.headers = client_->write_headers();
    call.headers.push_back({"if-none-match", "*"});
    call.headers.push_back({"x-amz-checksum-crc32", crc32_base64(buffer_)});
    call.headers.push_back(write_id_header(write_id));
    call.body = buffer_;
    call.changes_something = true;
    settle_write(*client_, client_->send(call), call, write_id);
  }

  void send_part() {
    if (!upload_)
      upload_ = std::make_unique<S3Upload>(*client_, key_, name_, S3Upload::Checksums::kCrc32);
    TransferShare share = wait_for_turn();
    const int number = static_cast<int>(++begun_);
    auto part = std::async(std::launch::async, [this, number, body = std::move(buffer_)] {
      return sent_part(number, body);
    });
    sending_.push_back({std::move(share), std::move(part)});
    buffer_ = {};
  }

  /// What the next part has of the budget: the only one that is on its way needs nothing.
  TransferShare wait_for_turn() {
    const auto& options = client_->options();
    while (sending_.size() >= std::max(1u, options.parallel_parts)) collect();
    while (!sending_.empty()) {
      if (TransferShare share(options.transfers, buffer_.size()); share) return share;
      collect();
    }
    return {};
  }

  S3Part sent_part(int number, const std::vector<std::byte>& body) {
    S3Part part{.number = number, .crc32 = crc32_base64(body)};
    S3Call call{.method = "PUT", .key = key_, .tried = "write " + name_, .stop = stop_.get_token()};
    call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload_->upload_id()}};
    call.headers = {{"x-amz-checksum-crc32", part.crc32}};
    call.body = body;
    const HttpResponse response = client_->send_well(call);
    const std::string* etag = find_header(response.headers, "etag");
    if (etag == nullptr) {
      throw Error(ErrorKind::kInvalidData, call.tried + ": a part was stored without an ETag");
    }
    part.etag = unquoted_etag(*etag);
    return part;
  }

  void collect() {
    Sending first = std::move(sending_.front());
    sending_.pop_front();
    parts_.push_back(first.part.get());
  }

  const std::shared_ptr<S3Client> client_;
  const std::string key_, name_;
  std::vector<std::byte> buffer_;
  std::unique_ptr<S3Upload> upload_;
  std::size_t begun_ = 0;
  std::vector<S3Part> parts_;
  std::stop_source stop_;
  std::deque<Sending> sending_;
};

}  // namespace

std::string new_write_id() {
  static std::mutex mutex;
  static std::mt19937_64 random{std::random_device{}()};
  const std::lock_guard lock(mutex);
  return std::to_string(random()) + "-" + std::to_string(random());
}

HttpHeader write_id_header(const std::string& write_id) {
  return {"x-amz-meta-finops-write", write_id};
}

bool is_written_by(S3Client& client, const std::string& full_key, const std::string& write_id) {
  const S3Call call{.method = "HEAD", .key = full_key, .tried = "look at " + full_key};
  const RetriedResponse result = client.send(call);
  if (result.response.status == 404) return false;
  if (!result.response.is_success()) client.fail(result, call);
  const std::string* id = find_header(result.response.headers, "x-amz-meta-finops-write");
  return id != nullptr && *id == write_id;
}

void settle_write(S3Client& client, const RetriedResponse& result, const S3Call& call,
                  const std::string& write_id) {
  const HttpResponse& response = result.response;
  if (response.is_success() && !is_error_body(response.body)) return;
  const bool is_taken =
      response.status == 412 ||
      (response.status == 409 && aws_error_of(response).code == "ConditionalRequestConflict");
  // The first of two attempts may have made the object that stops the second one: libcurl too
  // repeats a request when a kept connection turns out to be closed.
  const bool may_be_ours =
      is_taken || response.status == 404 || (response.failure && result.may_have_acted_before) ||
      (response.failure && response.failure->kind == HttpFailure::Kind::kNoAnswer);
  if (may_be_ours) {
    try {
      if (is_written_by(client, *call.key, write_id)) return;
    } catch (const Error& error) {
      throw Error(ErrorKind::kUnknownOutcome,
                  call.tried + ": the answer was lost, and so was that of a look at the object: " +
                      error.what());
    }
  }
  if (is_taken) {
    throw Error(ErrorKind::kAlreadyExists, call.tried + ": it exists already");
  }
  if (!response.is_success()) client.fail(result, call);
  const AwsError error = aws_error_of(response);
  throw Error(
      error.code == "PreconditionFailed" ? ErrorKind::kAlreadyExists : ErrorKind::kUnknownOutcome,
      call.tried + ": " + error.describe());
}

S3Upload::S3Upload(S3Client& client, std::string full_key, std::string name, Checksums checksums)
    : client_(client),
      key_(std::move(full_key)),
      name_(std::move(name)),
      write_id_(new_write_id()) {
  S3Call call{.method = "POST", .key = key_, .query = {{"uploads", ""}}, .tried = "write " + name_};
  call.headers = client_.write_headers();
  if (checksums == Checksums::kCrc32) {
    call.headers.push_back({"x-amz-checksum-algorithm", "CRC32"});
  }
  call.headers.push_back(write_id_header(write_id_));
  upload_id_ = xml_text(client_.send_well(call).body, "UploadId");
  if (upload_id_.empty()) {
    throw Error(ErrorKind::kInvalidData, call.tried + ": the server began no multipart upload");
  }
}

S3Upload::~S3Upload() {
  if (is_settled_) return;
  try {
    client_.send({.method = "DELETE",
                  .key = key_,
                  .query = {{"uploadId", upload_id_}},
                  .tried = "abort the upload of " + name_,
                  .even_when_stopped = true});
  } catch (const Error&) {
    // What is left of it is invisible; the bucket's lifecycle rule removes it.
    return;
  }
}

void S3Upload::complete(const std::string& parts_body) {
  S3Call call{.method = "POST",
              .key = key_,
              .query = {{"uploadId", upload_id_}},
              .tried = "write " + name_};
  call.headers = {{"content-type", "application/xml"}, {"if-none-match", "*"}};
  call.body = std::as_bytes(std::span(parts_body));
  call.changes_something = true;
  try {
    settle_write(client_, client_.send(call), call, write_id_);
  } catch (const Error& error) {
    // It may be complete: nothing that may be there is removed.
    is_settled_ = error.kind() == ErrorKind::kUnknownOutcome;
    throw;
  }
  is_settled_ = true;
}

std::unique_ptr<ByteWriter> create_s3_object(std::shared_ptr<S3Client> client,
                                             std::string_view key) {
  return std::make_unique<S3Writer>(std::move(client), key);
}

std::string crc32_base64(std::span<const std::byte> bytes) {
  const auto crc = static_cast<std::uint32_t>(
      crc32_z(crc32_z(0, nullptr, 0), reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  const std::array<unsigned char, 4> big_endian = {
      static_cast<unsigned char>(crc >> 24), static_cast<unsigned char>(crc >> 16),
      static_cast<unsigned char>(crc >> 8), static_cast<unsigned char>(crc)};
  std::array<unsigned char, 9> text{};
  EVP_EncodeBlock(text.data(), big_endian.data(), static_cast<int>(big_endian.size()));
  return reinterpret_cast<const char*>(text.data());
}

}  // namespace finops
