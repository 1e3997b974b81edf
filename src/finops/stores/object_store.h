#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/core/clock.h"

namespace finops {

struct ObjectInfo {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;  // changes whenever the content changes
  TimePoint last_modified;
};

/// What lies directly below a prefix when '/' ends a level.
struct Listing {
  std::vector<ObjectInfo> objects;   // in key order
  std::vector<std::string> folders;  // each ends in '/', in key order
};

struct ReadOptions {
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;  // default: to the end
  std::string expected_etag;            // empty: any
};

/// One bucket, container or folder of objects.
///
/// Keys are UTF-8 and use '/'; there are no folders, only common beginnings of keys. An object is
/// seen whole or not at all, and what put, create and copy wrote is durable when they return.
/// All methods may be called from several threads at once. They throw Error: kNotFound for a
/// missing key (except where a method says otherwise), kPermissionDenied, kNoSpace, kUnavailable,
/// kConflict where an expected ETag or absence does not hold, kUnknownOutcome when a write may or
/// may not have happened. tests/contract/object_store_contract.h states the rest, and every
/// implementation passes it.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// Every object whose key starts with `prefix`, in key order (bytes).
  virtual std::vector<ObjectInfo> list(std::string_view prefix) = 0;

  /// One level below `prefix`, which is empty or ends in '/'.
  virtual Listing list_level(std::string_view prefix) = 0;

  /// Nothing when the key does not exist.
  virtual std::optional<ObjectInfo> stat(std::string_view key) = 0;

  /// kConflict when the object is another than `expected_etag`, or, also without one, when it is
  /// replaced while it is read and the rest of the old one cannot be had: never a mix of both.
  virtual std::unique_ptr<ByteReader> open(std::string_view key, const ReadOptions& options) = 0;

  /// Replaces the whole object.
  virtual void put(std::string_view key, std::span<const std::byte> content) = 0;

  /// For objects that are written once: kAlreadyExists at finish() when the key is taken by then.
  virtual std::unique_ptr<ByteWriter> create(std::string_view key) = 0;

  /// A second object with the same bytes; kAlreadyExists when `to` is taken.
  virtual void copy(std::string_view from, std::string_view to) = 0;

  /// Does nothing when the key does not exist.
  virtual void remove(std::string_view key) = 0;
};

// Written with the methods above; the same for every store.

/// The whole object; kInvalidData when it is longer than `limit`.
std::string read_all(ObjectStore& store, std::string_view key, std::uint64_t limit,
                     const ReadOptions& options = {});
/// Of the whole object, in pieces: 64 hex digits.
std::string sha256_of_object(ObjectStore& store, std::string_view key);
/// create, write, finish: kAlreadyExists when the key is taken.
void put_if_absent(ObjectStore& store, std::string_view key, std::string_view content);
void put_text(ObjectStore& store, std::string_view key, std::string_view content);
/// The object as it is now (its ETag is pinned), for readers that jump.
std::unique_ptr<RandomAccessBytes> open_random(ObjectStore& store, std::string_view key);
/// The object as it was when it was looked at: kConflict from the first read on when it changed.
std::unique_ptr<RandomAccessBytes> open_random(ObjectStore& store, const ObjectInfo& object);

}  // namespace finops
