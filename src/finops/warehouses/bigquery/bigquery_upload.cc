#include "finops/warehouses/bigquery/bigquery_upload.h"

#include <algorithm>
#include <charconv>

#include "finops/core/error.h"
#include "finops/net/url.h"

namespace finops::bigquery {
namespace {

constexpr int kGoOn = 308;
constexpr const char* kUnknownTotal = "*";

/// "bytes=0-524287" → 524288; without the header nothing has arrived.
std::uint64_t end_of_range(const HttpResponse& response) {
  const std::string* range = find_header(response.headers, "range");
  if (range == nullptr) return 0;
  const std::size_t dash = range->rfind('-');
  std::uint64_t last = 0;
  if (dash == std::string::npos) return 0;
  std::from_chars(range->data() + dash + 1, range->data() + range->size(), last);
  return last + 1;
}

/// The session has expired or is unknown: what was sent is lost, nothing was done.
bool is_gone(const HttpResponse& response) {
  return response.status == 404 || response.status == 410;
}

}  // namespace

ResumableUpload::ResumableUpload(Jobs& jobs, const Json& configuration, std::string job_id,
                                 std::string tried)
    : jobs_(jobs), job_id_(std::move(job_id)), tried_(std::move(tried)) {
  begin(configuration);
}

void ResumableUpload::begin(const Json& configuration) {
  Client& client = jobs_.client();
  const Json job = {{"jobReference", jobs_.reference(job_id_)}, {"configuration", configuration}};
  const std::string body = job.dump();
  Call call{.method = "POST",
            .url = "/upload" + api_path(client.options().project_id, {"jobs"}),
            .query = {{"uploadType", "resumable"}},
            .tried = tried_};
  call.headers = {{"content-type", "application/json; charset=UTF-8"},
                  {"x-upload-content-type", "application/octet-stream"}};
  call.body = std::as_bytes(std::span(body));
  const RetriedResponse result = client.send(call);
  if (!result.response.is_success()) client.fail(result, call);
  const std::string* location = find_header(result.response.headers, "location");
  const auto session = location == nullptr ? std::nullopt : Url::parse(*location);
  const auto endpoint = Url::parse(client.options().endpoint_url);
  // The token goes along with every piece: to nobody but who was asked.
  if (!session || !endpoint || session->authority != endpoint->authority ||
      session->scheme != endpoint->scheme) {
    throw Error(ErrorKind::kInvalidData,
                tried_ + ": the answer names no session of this server to upload to");
  }
  session_ = *location;
}

void ResumableUpload::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    // One byte more than a piece means that there are several.
    if (piece_.size() == kPieceBytes) send_piece(false);
    const std::size_t n = std::min(bytes.size(), kPieceBytes - piece_.size());
    piece_.insert(piece_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
  }
}

void ResumableUpload::finish() { send_piece(true); }

RetriedResponse ResumableUpload::put(std::span<const std::byte> piece, const std::string& range) {
  Call call{.method = "PUT", .url = session_, .tried = tried_, .changes_something = true};
  call.headers = {{"content-range", range}};
  call.body = piece;
  return jobs_.client().send(call);
}

std::optional<std::uint64_t> ResumableUpload::received(const std::string& total) {
  const RetriedResponse result = put({}, "bytes */" + total);
  if (result.response.status == kGoOn) return end_of_range(result.response);
  if (result.response.is_success()) return std::nullopt;
  if (is_gone(result.response)) {
    throw Error(ErrorKind::kUnavailable, tried_ + ": the upload's session has expired");
  }
  const Call call{.tried = tried_, .changes_something = true};
  jobs_.client().fail(result, call);
}

std::optional<std::uint64_t> ResumableUpload::send_rest(std::span<const std::byte> rest,
                                                        const std::string& total) {
  const std::string range =
      rest.empty() ? "*" : std::to_string(sent_) + "-" + std::to_string(sent_ + rest.size() - 1);
  const RetriedResponse result = put(rest, "bytes " + range + "/" + total);
  if (result.response.status == kGoOn) return end_of_range(result.response);
  if (result.response.is_success()) {
    const Json job = Json::parse(result.response.body, nullptr, false);
    const std::string id =
        job.is_object() ? text_of(job.value("jobReference", Json()), "jobId") : "";
    if (!id.empty()) job_id_ = id;
    return std::nullopt;
  }
  // The answer was lost, or says that there is such a job already.
  if (total != kUnknownTotal && jobs_.find(job_id_, tried_)) return std::nullopt;
  return received(total);
}

void ResumableUpload::send_piece(bool is_last) {
  constexpr int kMostResumptions = 20;
  const std::uint64_t begin = sent_, end = sent_ + piece_.size();
  const std::string total = is_last ? std::to_string(end) : kUnknownTotal;
  for (int resumptions = 0;; ++resumptions) {
    const auto has = send_rest(std::span(piece_).subspan(sent_ - begin), total);
    if (!has) break;
    if (*has < sent_ || *has > end) {
      throw Error(ErrorKind::kInvalidData, tried_ + ": the server has " + std::to_string(*has) +
                                               " bytes of the upload and not between " +
                                               std::to_string(sent_) + " and " +
                                               std::to_string(end));
    }
    sent_ = *has;
    if (sent_ == end && !is_last) break;
    if (resumptions == kMostResumptions) {
      throw Error(ErrorKind::kUnavailable, tried_ + ": the upload comes to no end");
    }
  }
  sent_ = end;
  piece_.clear();
}

}  // namespace finops::bigquery
