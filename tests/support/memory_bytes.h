#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "finops/core/byte_stream.h"
#include "finops/core/error.h"

namespace finops {

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// A text as an object that is read from its beginning, in pieces of at most `piece` bytes.
class MemoryReader final : public ByteReader {
 public:
  explicit MemoryReader(std::string text, std::size_t piece = SIZE_MAX)
      : text_(std::move(text)), piece_(piece) {}

  std::size_t read(std::span<std::byte> out) override {
    const std::size_t count = std::min({out.size(), piece_, text_.size() - position_});
    std::memcpy(out.data(), text_.data() + position_, count);
    position_ += count;
    return count;
  }

 private:
  std::string text_;
  std::size_t piece_, position_ = 0;
};

/// A text as an object that is read anywhere. Reads fail with `failure` once it is set.
class MemoryBytes final : public RandomAccessBytes {
 public:
  explicit MemoryBytes(std::string text) : text_(std::move(text)) {}

  std::uint64_t size() const override { return text_.size(); }
  void read_at(std::uint64_t offset, std::span<std::byte> out) const override {
    if (failure) throw Error(*failure);
    if (offset > text_.size() || out.size() > text_.size() - offset) {
      throw Error(ErrorKind::kInvalidData, "read behind the end");
    }
    std::memcpy(out.data(), text_.data() + offset, out.size());
  }

  std::optional<Error> failure;

 private:
  std::string text_;
};

/// Puts what was written into `target` when it is finished, not before. Fails with `failure` once
/// it is set.
class MemoryWriter final : public ByteWriter {
 public:
  explicit MemoryWriter(std::shared_ptr<std::string> target) : target_(std::move(target)) {}

  void write(std::span<const std::byte> bytes) override {
    if (failure) throw Error(*failure);
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void finish() override { *target_ = text_; }

  std::optional<Error> failure;

 private:
  std::shared_ptr<std::string> target_;
  std::string text_;
};

}  // namespace finops
