#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "finops/tabular/buffer.h"

namespace finops::bill {

/// The memory of chunks that are gone, for those to come: fresh pages cost as much as what is done
/// with the lines in them. Any thread may use it.
class ChunkMemory {
 public:
  Buffer<char> take();
  void give_back(Buffer<char> buffer);

 private:
  std::mutex mutex_;
  std::vector<Buffer<char>> spare_;
};

/// Consecutive physical lines of a delivered file, with their line feeds. Does not change once it
/// is made: any thread may read it. A line is readable kTextPadding bytes past its end.
class LineChunk {
 public:
  /// `ends`: after each line's line feed.
  LineChunk(std::int64_t first_line, Buffer<char> text, std::vector<std::uint32_t> ends,
            std::shared_ptr<ChunkMemory> memory)
      : first_line_(first_line),
        text_(std::move(text)),
        ends_(std::move(ends)),
        memory_(std::move(memory)) {}
  ~LineChunk() { memory_->give_back(std::move(text_)); }
  LineChunk(const LineChunk&) = delete;
  LineChunk& operator=(const LineChunk&) = delete;

  std::int64_t first_line() const { return first_line_; }
  std::int64_t end_line() const { return first_line_ + std::ssize(ends_); }
  std::size_t lines() const { return ends_.size(); }
  std::size_t memory() const { return text_.capacity() + ends_.capacity() * sizeof(std::uint32_t); }
  /// Without its line end; the first is 0.
  std::string_view line(std::size_t index) const;

 private:
  std::int64_t first_line_;
  Buffer<char> text_;
  std::vector<std::uint32_t> ends_;
  std::shared_ptr<ChunkMemory> memory_;
};

/// The lines that some records of a text were made of, where these are not the text itself.
class DeliveredLines {
 public:
  using Chunks = std::vector<std::shared_ptr<const LineChunk>>;

  DeliveredLines() = default;
  explicit DeliveredLines(Chunks chunks) : chunks_(std::move(chunks)) {}

  /// Without its line end. Throws kInternal for a line that is not in here.
  std::string_view line(std::int64_t number) const;
  std::size_t memory() const;

 private:
  Chunks chunks_;  // in the order of their lines
};

}  // namespace finops::bill
