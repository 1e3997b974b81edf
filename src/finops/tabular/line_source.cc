#include "finops/tabular/line_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "finops/core/error.h"
#include "finops/tabular/cell_range.h"

namespace finops::bill {
namespace {

constexpr std::size_t kChunkBytes = 256 << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// After the last line feed; 0 when there is none.
std::size_t end_of_lines(const char* text, std::size_t size) {
  const std::size_t at = std::string_view(text, size).rfind('\n');
  return at == std::string_view::npos ? 0 : at + 1;
}

}  // namespace

LineSource::LineSource(std::string name, std::unique_ptr<DeliveredText> text,
                       std::int64_t first_line)
    : name_(std::move(name)), text_(std::move(text)), next_line_(first_line) {}

void LineSource::fail_at(std::int64_t line) const {
  throw Error(ErrorKind::kInvalidData, "cannot read '" + name_ + "': line " + std::to_string(line) +
                                           " does not end within " + std::to_string(kRecordLimit) +
                                           " bytes");
}

/// Fills the buffer, which has `size` bytes, to `capacity`; how many it has then. The text's last
/// line gets its line feed.
std::size_t LineSource::read(Buffer<char>& buffer, std::size_t size, std::size_t capacity) {
  if (has_ended_) return size;
  buffer.reserve(capacity + 1 + kTextPadding, size);
  char* const text = buffer.data();
  const std::size_t got = text_->read(text + size, capacity - size);
  has_ended_ = got < capacity - size;
  size += got;
  refuse_bomb(name_, *text_);
  if (!has_begun_ && std::string_view(text, size).starts_with(kByteOrderMark)) {
    size -= kByteOrderMark.size();
    std::memmove(text, text + kByteOrderMark.size(), size);
  }
  has_begun_ = true;
  if (has_ended_ && size > 0 && text[size - 1] != '\n') text[size++] = '\n';
  return size;
}

std::shared_ptr<const LineChunk> LineSource::next() {
  Buffer<char> buffer = memory_->take();
  std::size_t size = carried_.size(), end = 0;
  std::size_t capacity = std::max(kChunkBytes, 2 * size);
  buffer.reserve(capacity + 1 + kTextPadding);
  std::copy(carried_.begin(), carried_.end(), buffer.data());
  for (;; capacity *= 2) {
    const std::size_t before = size;
    size = read(buffer, size, capacity);
    end = end_of_lines(buffer.data(), size);
    if (end > 0) break;
    if (size == before) return nullptr;
    if (size >= kRecordLimit) fail_at(next_line_);
  }
  carried_.assign(buffer.data() + end, size - end);
  std::vector<std::uint32_t> ends;
  const char* const text = buffer.data();
  for (std::size_t begin = 0; begin < end;) {
    const auto* const feed = static_cast<const char*>(std::memchr(text + begin, '\n', end - begin));
    const auto after = static_cast<std::size_t>(feed - text) + 1;
    if (after - begin > kRecordLimit) fail_at(next_line_ + std::ssize(ends));
    ends.push_back(static_cast<std::uint32_t>(after));
    begin = after;
  }
  const std::int64_t first = std::exchange(next_line_, next_line_ + std::ssize(ends));
  return std::make_shared<const LineChunk>(first, std::move(buffer), std::move(ends), memory_);
}

}  // namespace finops::bill
