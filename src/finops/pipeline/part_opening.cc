#include "finops/pipeline/part_opening.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "finops/core/error.h"
#include "finops/pipeline/spool_file.h"

namespace finops {
namespace {

/// A remote object that was read from beginning to end, as a file of this machine; none before.
using Spool = std::shared_ptr<const SpoolFile>;

class SpoolingReader : public ByteReader {
 public:
  SpoolingReader(std::unique_ptr<ByteReader> from, const std::string& folder,
                 std::shared_ptr<Spool> spool)
      : from_(std::move(from)),
        file_(std::make_shared<SpoolFile>(folder)),
        spool_(std::move(spool)) {}

  std::size_t read(std::span<std::byte> out) override {
    const std::size_t n = from_->read(out);
    if (n > 0) {
      file_->append(out.first(n));
    } else if (!out.empty()) {
      *spool_ = file_;
    }
    return n;
  }

 private:
  std::unique_ptr<ByteReader> from_;
  std::shared_ptr<SpoolFile> file_;
  std::shared_ptr<Spool> spool_;
};

constexpr std::uint64_t kLongestHead = 256 << 10;

/// The first bytes of an object that was read once.
struct KeptHead {
  const std::uint64_t limit;
  std::string bytes;
  bool is_complete = false;  // as far as the limit allows, or somebody reads on without keeping
  bool was_opened = false;
};

/// The first one to read an object: what it reads stays.
class HeadKeepingReader : public ByteReader {
 public:
  HeadKeepingReader(std::unique_ptr<ByteReader> from, std::shared_ptr<KeptHead> head)
      : from_(std::move(from)), head_(std::move(head)) {}

  std::size_t read(std::span<std::byte> out) override {
    const std::size_t n = from_->read(out);
    head_->is_complete = head_->is_complete || head_->bytes.size() + n > head_->limit;
    if (!head_->is_complete) head_->bytes.append(reinterpret_cast<const char*>(out.data()), n);
    return n;
  }

 private:
  std::unique_ptr<ByteReader> from_;
  std::shared_ptr<KeptHead> head_;
};

/// The second one: takes what was kept, and opens the object for the rest, if there is one.
class HeadTakingReader : public ByteReader {
 public:
  HeadTakingReader(PartPlace place, ObjectInfo object, std::string head)
      : place_(std::move(place)), object_(std::move(object)), head_(std::move(head)) {}

  std::size_t read(std::span<std::byte> out) override {
    const std::size_t n = std::min(out.size(), head_.size() - at_);
    if (n > 0) {
      std::memcpy(out.data(), head_.data() + at_, n);
      at_ += n;
      return n;
    }
    if (!rest_) {
      if (at_ == object_.size) return 0;
      rest_ = place_.bucket->open(object_.key, {.offset = at_, .expected_etag = object_.etag});
      head_ = std::string();
      at_ = 0;
    }
    return rest_->read(out);
  }

 private:
  const PartPlace place_;
  const ObjectInfo object_;
  std::string head_;
  std::size_t at_ = 0;
  std::unique_ptr<ByteReader> rest_;
};

std::unique_ptr<ByteReader> open_with_head(const PartPlace& place, const ObjectInfo& object,
                                           const std::shared_ptr<KeptHead>& head) {
  if (!std::exchange(head->was_opened, true)) {
    return std::make_unique<HeadKeepingReader>(open_object(place, object), head);
  }
  std::string bytes = std::exchange(head->bytes, {});
  if (bytes.empty()) return open_object(place, object);
  return std::make_unique<HeadTakingReader>(place, object, std::move(bytes));
}

}  // namespace

std::unique_ptr<ByteReader> open_object(const PartPlace& place, const ObjectInfo& object) {
  if (place.staged != nullptr) return place.staged->open(object);
  return place.bucket->open(object.key, {.expected_etag = object.etag});
}

BillPart part_of_delivery(const PartPlace& place, const ObjectInfo& object) {
  const BillFormat format = format_of_name(object.key).value_or(BillFormat::kCsvGzip);
  const auto open = [place, object] { return open_object(place, object); };
  if (format != BillFormat::kParquet) return {object.key, open, format, nullptr};
  const auto spool = std::make_shared<Spool>();
  const bool spools = place.is_remote && place.staged == nullptr;
  return {object.key,
          [=]() -> std::unique_ptr<ByteReader> {
            if (!spools) return open();
            return std::make_unique<SpoolingReader>(open(), place.spool_folder, spool);
          },
          format,
          [=]() -> std::shared_ptr<const RandomAccessBytes> {
            if (*spool) return *spool;
            if (place.staged != nullptr) {
              if (auto file = place.staged->open_random(object)) return file;
            }
            return open_random(*place.bucket, object);
          }};
}

std::vector<BillPart> parts_of_delivery(const PartPlace& place,
                                        const std::vector<ObjectInfo>& objects,
                                        std::uint64_t memory_bytes) {
  std::vector<BillPart> parts;
  for (const ObjectInfo& object : objects) {
    parts.push_back(part_of_delivery(place, object));
    const bool stays_anyway = !place.is_remote || place.staged != nullptr;
    const std::uint64_t length = std::min(object.size, kLongestHead);
    if (stays_anyway || parts.back().format == BillFormat::kParquet || length > memory_bytes) {
      continue;
    }
    memory_bytes -= length;
    const auto head = std::make_shared<KeptHead>(length);
    parts.back().open = [place, object, head] { return open_with_head(place, object, head); };
  }
  return parts;
}

}  // namespace finops
