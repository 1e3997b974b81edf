#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "finops/tabular/buffer.h"
#include "finops/tabular/delivered_lines.h"
#include "finops/tabular/delivered_text.h"

namespace finops::bill {

/// A text as physical lines, byte order mark taken off, in chunks of whole lines. Throws what the
/// text throws, and kInvalidData when a line does not end within kRecordLimit or a packed text is
/// longer than any bill's. One thread at a time.
class LineSource {
 public:
  LineSource(std::string name, std::unique_ptr<DeliveredText> text, std::int64_t first_line);

  /// Nothing at the end.
  std::shared_ptr<const LineChunk> next();
  DeliveredText& text() { return *text_; }
  const DeliveredText& text() const { return *text_; }

 private:
  std::size_t read(Buffer<char>& buffer, std::size_t size, std::size_t capacity);
  [[noreturn]] void fail_at(std::int64_t line) const;

  std::string name_;
  std::shared_ptr<ChunkMemory> memory_ = std::make_shared<ChunkMemory>();
  std::unique_ptr<DeliveredText> text_;
  std::int64_t next_line_;
  std::string carried_;  // the beginning of a line whose end is still to come
  bool has_begun_ = false, has_ended_ = false;
};

}  // namespace finops::bill
