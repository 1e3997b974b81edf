#include "finops/stores/s3/s3_reader.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <deque>
#include <future>
#include <utility>

#include "finops/core/error.h"

namespace finops {
namespace {

constexpr std::uint64_t kLongestErrorBody = 64 << 10;
constexpr std::uint64_t kShortRange = 1 << 20;
constexpr unsigned kFirstRangesAtOnce = 2;

/// The size behind the slash of "bytes 0-9/443", or of "bytes */443".
std::optional<std::uint64_t> whole_size(const HttpResponse& response) {
  const std::string* range = find_header(response.headers, "content-range");
  if (range == nullptr) return std::nullopt;
  const std::size_t slash = range->find('/');
  std::uint64_t size = 0;
  if (slash == std::string::npos) return std::nullopt;
  const char* end = range->data() + range->size();
  const auto parsed = std::from_chars(range->data() + slash + 1, end, size);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(size) : std::nullopt;
}

class S3Reader : public ByteReader {
 public:
  S3Reader(std::shared_ptr<S3Client> client, std::string_view key, const ReadOptions& options)
      : client_(std::move(client)),
        key_(client_->full_key(key)),
        tried_("read " + client_->name_of(key)),
        etag_(options.expected_etag),
        first_(options.offset),
        next_(options.offset),
        at_once_(std::min(kFirstRangesAtOnce, most_at_once())) {
    open(options);
  }

  ~S3Reader() override {
    stop_.request_stop();
    for (const Range& range : ahead_) range.body.wait();
  }
  S3Reader(const S3Reader&) = delete;
  S3Reader& operator=(const S3Reader&) = delete;

  std::size_t read(std::span<std::byte> out) override {
    if (at_ == current_.size() && !advance()) return 0;
    const std::size_t n = std::min(out.size(), current_.size() - at_);
    std::memcpy(out.data(), current_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  /// On its way.
  struct Range {
    TransferShare share;
    std::shared_future<std::shared_ptr<std::string>> body;
  };

  /// The first range also tells whether the object is there, which version it is and how long. Who
  /// begins at the first byte and says no length may want a header only.
  void open(const ReadOptions& options) {
    const std::uint64_t wanted = options.length.value_or(UINT64_MAX);
    const std::uint64_t range = client_->options().range_bytes;
    const bool may_want_little = options.offset == 0 && !options.length;
    const std::uint64_t first = std::min(
        wanted, may_want_little ? std::min(client_->options().first_range_bytes, range) : range);
    if (first == 0) {
      S3Call call{.method = "HEAD", .key = key_, .tried = tried_};
      add_condition(call);
      check(client_->send(call), call);
      return;
    }
    const S3Call call = call_for(options.offset, first);
    RetriedResponse result = client_->send(call);
    if (result.response.status == 416) return;  // it is there, and ends before
    check(result, call);
    std::uint64_t size = options.offset + result.response.body.size();
    if (result.response.status == 206) {
      const auto told = whole_size(result.response);
      if (!told) throw Error(ErrorKind::kInvalidData, tried_ + ": an answer without Content-Range");
      size = *told;
    } else if (options.offset != 0) {
      throw Error(ErrorKind::kUnsupported, tried_ + ": the server does not know ranges");
    }
    if (const auto* etag = find_header(result.response.headers, "etag")) {
      etag_ = unquoted_etag(*etag);
    }
    end_ = wanted < size - std::min(size, options.offset) ? options.offset + wanted : size;
    expect_length(result.response.body, std::min(first, end_ - options.offset));
    current_ = std::move(result.response.body);
    next_ = options.offset + current_.size();
  }

  /// The next range becomes the current one, and the ones behind it are asked for: few by who only
  /// begins to read.
  bool advance() {
    while (next_ < end_ && ahead_.size() < at_once_ && ask_for_next()) {
    }
    if (ahead_.empty()) return false;
    at_once_ = std::min(at_once_ + 1, most_at_once());
    current_ = std::string();
    at_ = 0;
    current_share_ = {};
    // A range that failed stays the next one: nobody reads on behind a gap.
    current_ = std::move(*ahead_.front().body.get());
    current_share_ = std::move(ahead_.front().share);
    ahead_.pop_front();
    return true;
  }

  /// False when others have asked for so much that this one has to do with what is on its way.
  bool ask_for_next() {
    const auto& options = client_->options();
    // Longer the more was read: who only begins shall not hold much.
    const std::uint64_t suitable = std::max(next_ - first_, kShortRange);
    std::uint64_t length = std::min({options.range_bytes, suitable, end_ - next_});
    TransferShare share(options.transfers, length);
    if (!share && !ahead_.empty()) return false;
    if (!share) length = std::min(length, kShortRange);
    auto body = std::async(std::launch::async, [this, from = next_, length] {
      const S3Call call = call_for(from, length);
      RetriedResponse result = client_->send(call);
      check(result, call);
      expect_length(result.response.body, length);
      return std::make_shared<std::string>(std::move(result.response.body));
    });
    ahead_.push_back({std::move(share), body.share()});
    next_ += length;
    return true;
  }

  unsigned most_at_once() const { return std::max(1u, client_->options().parallel_ranges); }

  S3Call call_for(std::uint64_t from, std::uint64_t length) const {
    S3Call call{.key = key_, .tried = tried_, .stop = stop_.get_token()};
    call.max_response_bytes = length + kLongestErrorBody;
    call.headers = {
        {"range", "bytes=" + std::to_string(from) + "-" + std::to_string(from + length - 1)}};
    add_condition(call);
    return call;
  }

  void add_condition(S3Call& call) const {
    if (!etag_.empty()) call.headers.push_back({"if-match", "\"" + etag_ + "\""});
  }

  void check(const RetriedResponse& result, const S3Call& call) const {
    if (result.response.status == 412) {
      throw Error(ErrorKind::kConflict,
                  tried_ + ": it is not the version that was expected, it has been replaced");
    }
    if (!result.response.is_success()) client_->fail(result, call);
  }

  void expect_length(const std::string& body, std::uint64_t length) const {
    if (body.size() == length) return;
    throw Error(ErrorKind::kInvalidData, tried_ + ": " + std::to_string(body.size()) +
                                             " bytes came instead of " + std::to_string(length));
  }

  const std::shared_ptr<S3Client> client_;
  const std::string key_, tried_;
  std::string etag_;
  const std::uint64_t first_;
  std::uint64_t next_;     // where the next range to ask for begins
  std::uint64_t end_ = 0;  // of what is wanted
  std::string current_;
  std::size_t at_ = 0;  // in current_
  TransferShare current_share_;
  std::stop_source stop_;
  unsigned at_once_;
  std::deque<Range> ahead_;
};

}  // namespace

std::unique_ptr<ByteReader> open_s3_object(std::shared_ptr<S3Client> client, std::string_view key,
                                           const ReadOptions& options) {
  return std::make_unique<S3Reader>(std::move(client), key, options);
}

}  // namespace finops
