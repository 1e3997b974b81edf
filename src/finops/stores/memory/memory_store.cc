#include "finops/stores/memory/memory_store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "finops/core/error.h"

namespace finops {

namespace {

class MemoryReader : public ByteReader {
 public:
  MemoryReader(std::shared_ptr<const std::vector<std::byte>> content, std::uint64_t offset,
               std::uint64_t length)
      : content_(std::move(content)),
        rest_(std::span(*content_).subspan(static_cast<std::size_t>(offset),
                                           static_cast<std::size_t>(length))) {}

  std::size_t read(std::span<std::byte> out) override {
    const std::size_t n = std::min(out.size(), rest_.size());
    std::copy_n(rest_.begin(), n, out.begin());
    rest_ = rest_.subspan(n);
    return n;
  }

 private:
  const std::shared_ptr<const std::vector<std::byte>> content_;
  std::span<const std::byte> rest_;
};

}  // namespace

class MemoryWriter : public ByteWriter {
 public:
  MemoryWriter(MemoryStore& store, std::string key) : store_(store), key_(std::move(key)) {}

  void write(std::span<const std::byte> bytes) override {
    content_.insert(content_.end(), bytes.begin(), bytes.end());
  }

  void finish() override {
    const std::lock_guard lock(store_.mutex_);
    store_.remember("create", key_);
    store_.add_new(key_, std::make_shared<const std::vector<std::byte>>(std::move(content_)));
  }

 private:
  MemoryStore& store_;
  const std::string key_;
  std::vector<std::byte> content_;
};

std::vector<ObjectInfo> MemoryStore::list(std::string_view prefix) {
  const std::lock_guard lock(mutex_);
  remember("list", prefix);
  std::vector<ObjectInfo> found;
  for (auto it = objects_.lower_bound(prefix);
       it != objects_.end() && it->first.starts_with(prefix); ++it) {
    found.push_back(it->second.info);
  }
  return found;
}

Listing MemoryStore::list_level(std::string_view prefix) {
  const std::lock_guard lock(mutex_);
  remember("list_level", prefix);
  if (!prefix.empty() && !prefix.ends_with('/')) {
    throw Error(ErrorKind::kInternal, "a level was asked for by '" + std::string(prefix) +
                                          "', which does not end in '/'");
  }
  Listing listing;
  for (auto it = objects_.lower_bound(prefix);
       it != objects_.end() && it->first.starts_with(prefix);) {
    const auto slash = it->first.find('/', prefix.size());
    if (slash == std::string::npos) {
      listing.objects.push_back((it++)->second.info);
      continue;
    }
    std::string folder = it->first.substr(0, slash + 1);
    std::string after = folder;
    after.back() = '/' + 1;
    it = objects_.lower_bound(after);
    listing.folders.push_back(std::move(folder));
  }
  return listing;
}

std::optional<ObjectInfo> MemoryStore::stat(std::string_view key) {
  const std::lock_guard lock(mutex_);
  remember("stat", key);
  const auto it = objects_.find(key);
  if (it == objects_.end()) return std::nullopt;
  return it->second.info;
}

std::unique_ptr<ByteReader> MemoryStore::open(std::string_view key, const ReadOptions& options) {
  const std::lock_guard lock(mutex_);
  remember("open", key);
  const Object& object = existing(key);
  if (!options.expected_etag.empty() && options.expected_etag != object.info.etag) {
    throw Error(ErrorKind::kConflict,
                "'" + std::string(key) + "' was changed by somebody: its ETag is " +
                    object.info.etag + " instead of " + options.expected_etag);
  }
  const std::uint64_t size = object.info.size;
  const std::uint64_t offset = std::min(options.offset, size);
  const std::uint64_t length = std::min(options.length.value_or(size), size - offset);
  return std::make_unique<MemoryReader>(object.content, offset, length);
}

void MemoryStore::put(std::string_view key, std::span<const std::byte> content) {
  const std::lock_guard lock(mutex_);
  remember("put", key);
  replace(key, std::make_shared<const Bytes>(content.begin(), content.end()));
}

std::unique_ptr<ByteWriter> MemoryStore::create(std::string_view key) {
  return std::make_unique<MemoryWriter>(*this, std::string(key));
}

void MemoryStore::copy(std::string_view from, std::string_view to) {
  const std::lock_guard lock(mutex_);
  remember("copy " + std::string(from), to);
  add_new(to, existing(from).content);
}

void MemoryStore::remove(std::string_view key) {
  const std::lock_guard lock(mutex_);
  remember("remove", key);
  if (const auto it = objects_.find(key); it != objects_.end()) objects_.erase(it);
}

std::vector<std::string> MemoryStore::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

void MemoryStore::remember(std::string_view call, std::string_view key) {
  calls_.push_back(std::string(call) + " " + std::string(key));
}

void MemoryStore::add_new(std::string_view key, std::shared_ptr<const Bytes> content) {
  if (objects_.contains(key)) {
    throw Error(ErrorKind::kAlreadyExists, "cannot create '" + std::string(key) + "': it exists");
  }
  replace(key, std::move(content));
}

void MemoryStore::replace(std::string_view key, std::shared_ptr<const Bytes> content) {
  ObjectInfo info{std::string(key), content->size(), std::to_string(++writes_), clock_.now()};
  objects_.insert_or_assign(std::string(key), Object{std::move(info), std::move(content)});
}

const MemoryStore::Object& MemoryStore::existing(std::string_view key) const {
  const auto it = objects_.find(key);
  if (it != objects_.end()) return it->second;
  throw Error(ErrorKind::kNotFound, "cannot open '" + std::string(key) + "': no such object");
}

}  // namespace finops
