#include "finops/tabular/delivered_lines.h"

#include <algorithm>

#include "finops/core/error.h"
#include "finops/tabular/record_scanner.h"

namespace finops::bill {
namespace {

constexpr std::size_t kMostSpare = 16, kMostBytes = 1 << 20;

}  // namespace

Buffer<char> ChunkMemory::take() {
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) return {};
  Buffer<char> buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

void ChunkMemory::give_back(Buffer<char> buffer) {
  if (buffer.capacity() > kMostBytes) return;  // it was grown for a giant line
  const std::lock_guard lock(mutex_);
  if (spare_.size() < kMostSpare) spare_.push_back(std::move(buffer));
}

std::string_view LineChunk::line(std::size_t index) const {
  const std::size_t begin = index == 0 ? 0 : ends_[index - 1];
  const std::size_t end = content_end(text_.data(), begin, ends_[index]);
  return {text_.data() + begin, end - begin};
}

std::string_view DeliveredLines::line(std::int64_t number) const {
  const auto after = std::ranges::upper_bound(
      chunks_, number, {}, [](const auto& chunk) { return chunk->first_line(); });
  if (after == chunks_.begin() || (*std::prev(after))->end_line() <= number) {
    throw Error(ErrorKind::kInternal, "line " + std::to_string(number) + " was not kept");
  }
  const LineChunk& chunk = **std::prev(after);
  return chunk.line(static_cast<std::size_t>(number - chunk.first_line()));
}

std::size_t DeliveredLines::memory() const {
  std::size_t bytes = 0;
  for (const auto& chunk : chunks_) bytes += chunk->memory();
  return bytes;
}

}  // namespace finops::bill
