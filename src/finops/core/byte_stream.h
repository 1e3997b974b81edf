#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace finops {

/// Forward-only bytes of one object. One thread at a time.
class ByteReader {
 public:
  virtual ~ByteReader() = default;

  /// Fills a prefix of `out` and returns its length; 0 means the end. Throws Error.
  virtual std::size_t read(std::span<std::byte> out) = 0;
};

/// Bytes of one immutable object at any place. Safe to call from any thread.
class RandomAccessBytes {
 public:
  virtual ~RandomAccessBytes() = default;

  virtual std::uint64_t size() const = 0;
  /// Fills all of `out` from `offset` on; throws kInvalidData when the object ends before.
  virtual void read_at(std::uint64_t offset, std::span<std::byte> out) const = 0;
};

/// An object being written. Nothing is visible under its name before finish() returns; then it is
/// complete and durable. Destroyed before that, it leaves nothing behind. One thread at a time.
class ByteWriter {
 public:
  virtual ~ByteWriter() = default;

  virtual void write(std::span<const std::byte> bytes) = 0;
  virtual void finish() = 0;
};

}  // namespace finops
