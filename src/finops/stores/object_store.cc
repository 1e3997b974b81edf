#include "finops/stores/object_store.h"

#include <algorithm>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/sha256.h"

namespace finops {
namespace {

constexpr std::uint64_t kFirstBlock = 64 << 10;
constexpr std::uint64_t kLargestBlock = 4 << 20;

/// Each read is a ranged request of its own that asks for the pinned ETag: nothing is held open
/// between reads, and a replaced object is kConflict, never a mix.
class PinnedObject : public RandomAccessBytes {
 public:
  PinnedObject(ObjectStore& store, ObjectInfo info) : store_(store), info_(std::move(info)) {}

  std::uint64_t size() const override { return info_.size; }

  void read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > info_.size || out.size() > info_.size - offset) throw ends_before(offset, out);
    if (out.empty()) return;
    const auto reader = store_.open(info_.key, {offset, out.size(), info_.etag});
    for (auto rest = out; !rest.empty();) {
      const std::size_t n = reader->read(rest);
      if (n == 0) throw ends_before(offset, out);
      rest = rest.subspan(n);
    }
  }

 private:
  Error ends_before(std::uint64_t offset, std::span<std::byte> out) const {
    return {ErrorKind::kInvalidData, "cannot read bytes " + std::to_string(offset) + " to " +
                                         std::to_string(offset + out.size()) + " of '" + info_.key +
                                         "': it has " + std::to_string(info_.size) + " bytes"};
  }

  ObjectStore& store_;
  const ObjectInfo info_;
};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

std::string read_all(ObjectStore& store, std::string_view key, std::uint64_t limit,
                     const ReadOptions& options) {
  const auto reader = store.open(key, options);
  std::string content;
  std::uint64_t block = kFirstBlock;
  while (true) {
    const std::size_t before = content.size();
    content.resize(before + static_cast<std::size_t>(std::min(block, limit - before) + 1));
    const std::size_t n = reader->read(std::as_writable_bytes(std::span(content)).subspan(before));
    content.resize(before + n);
    if (n == 0) return content;
    if (content.size() > limit) {
      throw Error(ErrorKind::kInvalidData, "'" + std::string(key) + "' is longer than the " +
                                               std::to_string(limit) + " bytes that it may have");
    }
    block = std::min(block * 2, kLargestBlock);
  }
}

std::string sha256_of_object(ObjectStore& store, std::string_view key) {
  Sha256 hash;
  const auto reader = store.open(key, {});
  std::vector<std::byte> buffer(1 << 20);
  while (const std::size_t n = reader->read(buffer)) hash.update(std::span(buffer).first(n));
  return hash.finish();
}

void put_if_absent(ObjectStore& store, std::string_view key, std::string_view content) {
  const auto writer = store.create(key);
  writer->write(bytes_of(content));
  writer->finish();
}

void put_text(ObjectStore& store, std::string_view key, std::string_view content) {
  store.put(key, bytes_of(content));
}

std::unique_ptr<RandomAccessBytes> open_random(ObjectStore& store, std::string_view key) {
  auto info = store.stat(key);
  if (!info) {
    throw Error(ErrorKind::kNotFound, "cannot open '" + std::string(key) + "': no such object");
  }
  return open_random(store, *info);
}

std::unique_ptr<RandomAccessBytes> open_random(ObjectStore& store, const ObjectInfo& object) {
  return std::make_unique<PinnedObject>(store, object);
}

}  // namespace finops
