#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "finops/stores/object_store.h"

namespace finops {

/// An ObjectStore for tests and for trying things out, which remembers what it was asked. It passes
/// the contract of the real ones.
class MemoryStore : public ObjectStore {
 public:
  explicit MemoryStore(Clock& clock = system_clock()) : clock_(clock) {}

  std::vector<ObjectInfo> list(std::string_view prefix) override;
  Listing list_level(std::string_view prefix) override;
  std::optional<ObjectInfo> stat(std::string_view key) override;
  std::unique_ptr<ByteReader> open(std::string_view key, const ReadOptions& options) override;
  void put(std::string_view key, std::span<const std::byte> content) override;
  std::unique_ptr<ByteWriter> create(std::string_view key) override;
  void copy(std::string_view from, std::string_view to) override;
  void remove(std::string_view key) override;

  /// "list p", "list_level p", "stat k", "open k", "put k", "create k" (at finish()), "copy a b",
  /// "remove k", in the order in which they came.
  std::vector<std::string> calls() const;

 private:
  friend class MemoryWriter;
  using Bytes = std::vector<std::byte>;
  struct Object {
    ObjectInfo info;
    std::shared_ptr<const Bytes> content;
  };

  void remember(std::string_view call, std::string_view key);
  void add_new(std::string_view key, std::shared_ptr<const Bytes> content);
  void replace(std::string_view key, std::shared_ptr<const Bytes> content);
  const Object& existing(std::string_view key) const;

  Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::string, Object, std::less<>> objects_;
  std::vector<std::string> calls_;
  std::uint64_t writes_ = 0;  // the last one's number is its ETag
};

}  // namespace finops
