#include "finops/stores/s3/s3_store.h"

#include <algorithm>
#include <atomic>
#include <charconv>

#include "finops/core/error.h"
#include "finops/net/aws/aws_error.h"
#include "finops/net/http_date.h"
#include "finops/net/url.h"
#include "finops/stores/s3/s3_client.h"
#include "finops/stores/s3/s3_reader.h"
#include "finops/stores/s3/s3_writer.h"
#include "finops/stores/s3/s3_xml.h"

namespace finops {
namespace {

/// Pieces of a copy that is too long for one request.
constexpr std::uint64_t kCopyPiece = 1ull << 30;

std::uint64_t content_length(const HttpResponse& response) {
  std::uint64_t size = 0;
  if (const auto* text = find_header(response.headers, "content-length")) {
    std::from_chars(text->data(), text->data() + text->size(), size);
  }
  return size;
}

class S3Store : public ObjectStore {
 public:
  explicit S3Store(std::shared_ptr<S3Client> client) : client_(std::move(client)) {}

  std::vector<ObjectInfo> list(std::string_view prefix) override {
    return all_pages(prefix, "").objects;
  }

  Listing list_level(std::string_view prefix) override { return all_pages(prefix, "/"); }

  std::optional<ObjectInfo> stat(std::string_view key) override {
    const S3Call call{.method = "HEAD",
                      .key = client_->full_key(key),
                      .tried = "look at " + client_->name_of(key)};
    const RetriedResponse result = client_->send(call);
    const HttpResponse& response = result.response;
    if (response.status == 404) {
      require_bucket();
      return std::nullopt;
    }
    if (!response.is_success()) client_->fail(result, call);
    ObjectInfo info{.key = std::string(key), .size = content_length(response)};
    if (const auto* etag = find_header(response.headers, "etag")) info.etag = unquoted_etag(*etag);
    if (const auto* time = find_header(response.headers, "last-modified")) {
      info.last_modified = parse_http_date(*time).value_or(TimePoint());
    }
    return info;
  }

  std::unique_ptr<ByteReader> open(std::string_view key, const ReadOptions& options) override {
    return open_s3_object(client_, key, options);
  }

  void put(std::string_view key, std::span<const std::byte> content) override {
    S3Call call{.method = "PUT",
                .key = client_->full_key(key),
                .headers = client_->write_headers(),
                .body = content,
                .tried = "write " + client_->name_of(key),
                .changes_something = true};
    call.headers.push_back({"x-amz-checksum-crc32", crc32_base64(content)});
    client_->send_well(call);
  }

  std::unique_ptr<ByteWriter> create(std::string_view key) override {
    return create_s3_object(client_, key);
  }

  void copy(std::string_view from, std::string_view to) override {
    const std::string tried = "copy " + client_->name_of(from) + " to " + client_->name_of(to);
    const auto source = stat(from);
    if (!source) throw Error(ErrorKind::kNotFound, tried + ": there is no such object");
    // Not every server knows If-None-Match for copies; names in the lake are unique anyway.
    if (stat(to)) throw Error(ErrorKind::kAlreadyExists, tried + ": it exists already");
    const HttpHeaders headers = {
        {"x-amz-copy-source",
         "/" + client_->options().bucket + "/" + percent_encode(client_->full_key(from), true)},
        {"x-amz-copy-source-if-match", "\"" + source->etag + "\""}};
    if (source->size <= client_->options().longest_single_copy) {
      copy_at_once(to, headers, tried);
    } else {
      copy_in_pieces(to, headers, source->size, tried);
    }
  }

  void remove(std::string_view key) override {
    const S3Call call{.method = "DELETE",
                      .key = client_->full_key(key),
                      .tried = "remove " + client_->name_of(key),
                      .changes_something = true};
    const RetriedResponse result = client_->send(call);
    if (!result.response.is_success() && result.response.status != 404) client_->fail(result, call);
  }

 private:
  Listing all_pages(std::string_view prefix, const std::string& delimiter) {
    Listing all;
    S3Call call{.tried = "list " + client_->name_of(prefix)};
    const std::string full_prefix = client_->full_key(prefix);
    const std::size_t own = client_->options().key_prefix.size();
    std::string token;
    do {
      call.query = {{"list-type", "2"}, {"encoding-type", "url"}, {"prefix", full_prefix}};
      if (!delimiter.empty()) call.query.emplace_back("delimiter", delimiter);
      if (!token.empty()) call.query.emplace_back("continuation-token", token);
      S3Page page = parse_listing(client_->send_well(call).body, call.tried);
      for (ObjectInfo& object : page.listing.objects) {
        object.key.erase(0, own);
        all.objects.push_back(std::move(object));
      }
      for (const std::string& folder : page.listing.folders)
        all.folders.push_back(folder.substr(own));
      if (page.next_token == token && !token.empty()) {
        throw Error(ErrorKind::kInvalidData, call.tried + ": the server gives the same page again");
      }
      token = std::move(page.next_token);
    } while (!token.empty());
    std::ranges::sort(all.objects, {}, &ObjectInfo::key);
    std::ranges::sort(all.folders);
    return all;
  }

  /// A HEAD in a bucket that does not exist is a 404 too, and its answer has no body to tell.
  void require_bucket() {
    if (bucket_was_seen_) return;
    const S3Call call{.method = "HEAD", .tried = "look at the bucket " + client_->options().bucket};
    const RetriedResponse result = client_->send(call);
    if (result.response.status == 404) {
      throw Error(ErrorKind::kNotFound,
                  call.tried + ": there is none; check its name and the endpoint");
    }
    bucket_was_seen_ = true;
  }

  void copy_at_once(std::string_view to, const HttpHeaders& headers, const std::string& tried) {
    const std::string write_id = new_write_id();
    S3Call call{.method = "PUT", .key = client_->full_key(to), .headers = headers, .tried = tried};
    for (auto& header : client_->write_headers()) call.headers.push_back(std::move(header));
    call.headers.push_back({"x-amz-metadata-directive", "REPLACE"});
    call.headers.push_back({"if-none-match", "*"});
    call.headers.push_back(write_id_header(write_id));
    call.changes_something = true;
    settle_write(*client_, client_->send(call), call, write_id);
  }

  void copy_in_pieces(std::string_view to, const HttpHeaders& headers, std::uint64_t size,
                      const std::string& tried) {
    S3Upload upload(*client_, client_->full_key(to), client_->name_of(to),
                    S3Upload::Checksums::kNone);
    const std::uint64_t piece = std::min(kCopyPiece, client_->options().longest_single_copy);
    std::vector<S3Part> parts;
    for (std::uint64_t from = 0; from < size; from += piece) {
      const int number = static_cast<int>(parts.size()) + 1;
      S3Call call{.method = "PUT", .key = upload.key(), .headers = headers, .tried = tried};
      call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload.upload_id()}};
      call.headers.push_back(
          {"x-amz-copy-source-range", "bytes=" + std::to_string(from) + "-" +
                                          std::to_string(std::min(from + piece, size) - 1)});
      const HttpResponse response = client_->send_well(call);
      if (is_error_body(response.body)) {
        throw Error(ErrorKind::kUnavailable, tried + ": " + aws_error_of(response).describe());
      }
      parts.push_back({.number = number, .etag = unquoted_etag(xml_text(response.body, "ETag"))});
    }
    upload.complete(complete_upload_body(parts));
  }

  const std::shared_ptr<S3Client> client_;
  std::atomic<bool> bucket_was_seen_ = false;
};

}  // namespace

std::shared_ptr<ObjectStore> make_s3_store(S3Options options, std::shared_ptr<HttpClient> http,
                                           std::shared_ptr<AwsCredentialProvider> credentials,
                                           Clock& clock) {
  return std::make_shared<S3Store>(std::make_shared<S3Client>(std::move(options), std::move(http),
                                                              std::move(credentials), clock));
}

}  // namespace finops
