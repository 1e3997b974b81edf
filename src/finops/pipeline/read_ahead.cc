#include "finops/pipeline/read_ahead.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <mutex>
#include <stop_token>
#include <string>
#include <system_error>
#include <utility>

namespace finops {
namespace {

constexpr std::size_t kPiece = 256 << 10;

using Open = std::function<std::unique_ptr<ByteReader>()>;

/// A part's first bytes, and where the others come from.
struct Beginning {
  std::string bytes;
  std::unique_ptr<ByteReader> rest;
};

Beginning begin_part(const Open& open, std::uint64_t limit, const std::stop_token& stop) {
  Beginning beginning{{}, open()};
  std::string& bytes = beginning.bytes;
  while (bytes.size() < limit && !stop.stop_requested()) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kPiece);
    const std::size_t n =
        beginning.rest->read(std::as_writable_bytes(std::span(bytes)).subspan(before));
    bytes.resize(before + n);
    if (n == 0) break;
  }
  return beginning;
}

class ReadAhead : public std::enable_shared_from_this<ReadAhead> {
 public:
  ReadAhead(const std::vector<BillPart>& parts, const std::vector<std::uint64_t>& sizes,
            const ReadAheadLimits& limits)
      : limits_(limits) {
    for (std::size_t i = 0; i < parts.size(); ++i) parts_.push_back({parts[i].open, sizes[i], {}});
  }

  // The destructors of what was begun wait for it.
  ~ReadAhead() { stop_.request_stop(); }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  std::unique_ptr<ByteReader> open(std::size_t number);

  /// The reader of part `number` has taken so many bytes of it.
  void go_on(std::size_t number, std::uint64_t taken) {
    const std::lock_guard lock(mutex_);
    if (number != current_) return;
    const std::uint64_t size = parts_[number].size;
    std::uint64_t to_come = std::min(size - std::min(size, taken), limits_.bytes_to_come) + begun_;
    for (; next_ < parts_.size() && next_ <= number + limits_.parts_at_once; ++next_) {
      to_come += weight_of(next_);
      if (to_come > limits_.bytes_to_come || !begin(next_)) return;
    }
  }

 private:
  struct Part {
    Open open;
    std::uint64_t size = 0;
    std::future<Beginning> beginning;
  };

  std::uint64_t weight_of(std::size_t number) const {
    return std::min(parts_[number].size, limits_.bytes_to_come / 2);
  }

  /// False when there is no thread for it.
  bool begin(std::size_t number) {
    Part& part = parts_[number];
    try {
      part.beginning = std::async(std::launch::async, begin_part, part.open, limits_.bytes_of_one,
                                  stop_.get_token());
    } catch (const std::system_error&) {
      return false;
    }
    begun_ += weight_of(number);
    return true;
  }

  const ReadAheadLimits limits_;
  std::mutex mutex_;
  std::size_t current_ = 0, next_ = 0;
  std::uint64_t begun_ = 0;  // weight of what was begun and not yet opened
  std::stop_source stop_;
  std::vector<Part> parts_;
};

class AheadReader : public ByteReader {
 public:
  AheadReader(std::shared_ptr<ReadAhead> ahead, std::size_t number,
              std::future<Beginning> beginning)
      : ahead_(std::move(ahead)), number_(number), beginning_(std::move(beginning)) {}

  std::size_t read(std::span<std::byte> out) override {
    if (beginning_.valid()) {
      Beginning beginning = beginning_.get();
      bytes_ = std::move(beginning.bytes);
      rest_ = std::move(beginning.rest);
    }
    const std::size_t n = at_ < bytes_.size() ? take(out) : rest_->read(out);
    taken_ += n;
    ahead_->go_on(number_, taken_);
    return n;
  }

 private:
  std::size_t take(std::span<std::byte> out) {
    const std::size_t n = std::min(out.size(), bytes_.size() - at_);
    std::memcpy(out.data(), bytes_.data() + at_, n);
    at_ += n;
    if (at_ == bytes_.size()) at_ = 0, bytes_ = std::string();
    return n;
  }

  const std::shared_ptr<ReadAhead> ahead_;
  const std::size_t number_;
  std::future<Beginning> beginning_;
  std::string bytes_;
  std::size_t at_ = 0;
  std::uint64_t taken_ = 0;
  std::unique_ptr<ByteReader> rest_;
};

std::unique_ptr<ByteReader> ReadAhead::open(std::size_t number) {
  std::future<Beginning> beginning;
  {
    const std::lock_guard lock(mutex_);
    current_ = number;
    next_ = std::max(next_, number + 1);
    beginning = std::move(parts_[number].beginning);
    if (beginning.valid()) begun_ -= weight_of(number);
  }
  if (!beginning.valid()) {
    std::promise<Beginning> opened;
    opened.set_value({{}, parts_[number].open()});
    beginning = opened.get_future();
  }
  go_on(number, 0);
  return std::make_unique<AheadReader>(shared_from_this(), number, std::move(beginning));
}

}  // namespace

ReadAheadLimits ReadAheadLimits::within(std::uint64_t memory_bytes) {
  const ReadAheadLimits most;
  const std::uint64_t bytes = std::clamp<std::uint64_t>(memory_bytes / 24, 1, most.bytes_to_come);
  return {most.parts_at_once, std::min(bytes / 4 + 1, most.bytes_of_one), bytes};
}

std::vector<BillPart> with_read_ahead(std::vector<BillPart> parts,
                                      const std::vector<std::uint64_t>& sizes,
                                      const ReadAheadLimits& limits) {
  const auto ahead = std::make_shared<ReadAhead>(parts, sizes, limits);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].open = [ahead, i] { return ahead->open(i); };
  }
  return parts;
}

}  // namespace finops
