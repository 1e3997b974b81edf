#include "finops/pipeline/part_opening.h"

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

}  // namespace finops
