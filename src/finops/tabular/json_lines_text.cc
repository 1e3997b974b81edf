#include "finops/tabular/json_lines_text.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/utf8.h"
#include "finops/tabular/cell_range.h"
#include "finops/tabular/json_line.h"
#include "finops/tabular/line_source.h"

namespace finops::bill {
namespace {

constexpr std::size_t kTextBytes = 256 << 10;  // made at once, and then what one line adds
/// Of lines that nobody has asked for: a record may be far shorter than its line.
constexpr std::size_t kMostUnasked = 4 << 20;

char* append(char* out, std::string_view text) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

char* append_quoted(char* out, std::string_view text) {
  *out++ = '"';
  for (const char c : text) {
    out[0] = c;
    out[1] = '"';
    out += c == '"' ? 2 : 1;
  }
  *out++ = '"';
  return out;
}

/// A piece of a chunk's line, most often a few bytes: then so many are copied that their number
/// need not be looked at. Room: kCopied at least.
constexpr std::size_t kCopied = 32;
static_assert(kCopied <= kTextPadding);
char* append_piece(char* out, std::string_view piece) {
  std::memcpy(out, piece.data(), kCopied);
  if (piece.size() > kCopied) std::memcpy(out, piece.data(), piece.size());
  return out + piece.size();
}

/// Any text as a cell. Room: twice its length and two.
char* append_cell(char* out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return append(out, text);
  return append_quoted(out, text);
}

class JsonLinesText final : public DeliveredText {
 public:
  explicit JsonLinesText(const BillPart& part)
      : part_(part), first_line_(part.origin ? part.origin->line : 1) {
    find_columns();
    for (const std::string& name : columns_.names()) header_.push_back({name, {}});
    fields_ = std::max<std::size_t>(header_.size(), 1);
  }

  std::size_t read(char* out, std::size_t capacity) override {
    std::size_t done = 0;
    while (done < capacity) {
      if (text_at_ == text_end_ && !make_text()) break;
      const std::size_t taken = std::min(capacity - done, text_end_ - text_at_);
      std::memcpy(out + done, text_.data() + text_at_, taken);
      text_at_ += taken;
      done += taken;
    }
    return done;
  }

  std::uint64_t compressed_bytes() const override {
    return source_ ? source_->text().compressed_bytes() : 0;
  }
  std::uint64_t text_bytes() const override { return source_ ? source_->text().text_bytes() : 0; }
  std::string sha256() override { return source().text().sha256(); }
  const std::vector<HeaderColumn>* columns() const override { return &header_; }

  DeliveredLines lines(std::int64_t first, std::int64_t end) override {
    unasked_bytes_ = 0;
    while (!kept_.empty() && kept_.front()->end_line() <= first) kept_.pop_front();
    DeliveredLines::Chunks chunks;
    for (const auto& chunk : kept_) {
      if (chunk->first_line() < end) chunks.push_back(chunk);
    }
    return DeliveredLines(std::move(chunks));
  }
  bool waits_for_lines() const override {
    return unasked_bytes_ >= kMostUnasked && text_at_ == text_end_ && is_chunk_done();
  }

 private:
  std::unique_ptr<DeliveredText> open_lines() const {
    BillPart plain = part_;
    plain.format =
        part_.format == BillFormat::kJsonLinesGzip ? BillFormat::kCsvGzip : BillFormat::kCsv;
    return open_text(plain);
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw Error(ErrorKind::kInvalidData, "cannot read '" + part_.key + "' as JSON lines: " + why);
  }

  /// If so, scanner_ has its members.
  bool is_object(std::string_view line) {
    return is_utf8(line) && scanner_.scan(line) == JsonScanner::Fault::kNone;
  }

  void find_columns() {
    auto text = open_lines();
    text->leave_out_hash();
    LineSource source(part_.key, std::move(text), first_line_);
    while (const auto chunk = source.next()) {
      for (std::size_t i = 0; i < chunk->lines(); ++i) {
        if (!is_object(chunk->line(i))) continue;
        columns_.learn(scanner_.members());
        check_columns();
      }
    }
  }

  void check_columns() const {
    if (columns_.names().size() > kMostJsonColumns) {
      fail("its objects have more than " + std::to_string(kMostJsonColumns) + " different keys");
    }
    if (columns_.name_bytes() > kMostJsonNames) {
      fail("the keys of its objects have more than " + std::to_string(kMostJsonNames) + " bytes");
    }
  }

  LineSource& source() {
    if (!source_) source_.emplace(part_.key, open_lines(), first_line_);
    return *source_;
  }

  bool is_chunk_done() const { return !chunk_ || next_in_chunk_ == chunk_->lines(); }

  /// The records of some more lines; false when there are none now.
  bool make_text() {
    if (waits_for_lines()) return false;
    text_at_ = text_end_ = 0;
    if (is_chunk_done()) {
      chunk_ = source().next();
      next_in_chunk_ = 0;
      if (!chunk_) return false;
      kept_.push_back(chunk_);
      unasked_bytes_ += chunk_->memory();
    }
    for (; next_in_chunk_ < chunk_->lines() && text_end_ < kTextBytes; ++next_in_chunk_) {
      append_record(chunk_->line(next_in_chunk_));
    }
    return true;
  }

  void append_record(std::string_view line) {
    // Every byte may be a quote, which is doubled; each cell has two quotes and a separator.
    const std::size_t needed = text_end_ + 2 * line.size() + 3 * fields_ + kCopied;
    if (needed > text_.capacity()) text_.reserve(needed + kTextBytes, text_end_);
    char* const begin = text_.data() + text_end_;
    char* const end = is_row(line) ? append_row(begin) : append_no_row(begin);
    text_end_ = static_cast<std::size_t>(end - text_.data());
  }

  bool is_row(std::string_view line) {
    if (!is_object(line)) return false;
    switch (columns_.place(scanner_.members())) {
      case JsonColumns::Placed::kAll: return true;
      case JsonColumns::Placed::kKeyTwice: return false;
      case JsonColumns::Placed::kUnknownKey: break;
    }
    // Of an object that has a key twice no column was learned.
    if (fault_of_json_line(line).empty()) fail("it changed while it was read");
    return false;
  }

  char* append_no_row(char* out) const {
    std::fill_n(out, fields_, ',');
    out[fields_] = '\n';
    return out + fields_ + 1;
  }

  char* append_row(char* const begin) {
    char* out = begin;
    for (std::size_t column = 0; column < header_.size(); ++column) {
      const std::uint32_t member = columns_.member(column);
      if (member != JsonColumns::kNone) out = append_value(out, scanner_.members()[member]);
      *out++ = ',';
    }
    if (header_.size() <= 1 && out - begin == std::ssize(header_)) {
      out = append(begin, "\"\",");  // an empty line could be no row
    }
    out[-1] = '\n';
    return out;
  }

  char* append_value(char* out, const JsonScanner::Member& member) {
    const std::string_view value = member.value;
    switch (member.kind) {
      case JsonScanner::Kind::kNull: return out;
      case JsonScanner::Kind::kNumber: return append_piece(out, value);
      case JsonScanner::Kind::kOther: return append_cell(out, value);
      case JsonScanner::Kind::kString: break;
    }
    if (member.has_escapes) {
      unescaped_.clear();
      append_unescaped(unescaped_, value);
      return append_cell(out, unescaped_);
    }
    // No quote and no control character is in it: its JSON text is a quoted cell.
    return append_piece(
        out, member.has_commas ? std::string_view{value.data() - 1, value.size() + 2} : value);
  }

  const BillPart part_;
  const std::int64_t first_line_;
  JsonScanner scanner_;
  JsonColumns columns_;
  std::vector<HeaderColumn> header_;
  std::size_t fields_ = 1;

  std::optional<LineSource> source_;
  std::shared_ptr<const LineChunk> chunk_;
  std::size_t next_in_chunk_ = 0;
  std::deque<std::shared_ptr<const LineChunk>> kept_;  // whose lines may still be asked for
  std::size_t unasked_bytes_ = 0;                      // of chunks since lines()
  Buffer<char> text_;
  std::size_t text_at_ = 0, text_end_ = 0;
  std::string unescaped_;
};

}  // namespace

std::unique_ptr<DeliveredText> open_json_lines_text(const BillPart& part) {
  return std::make_unique<JsonLinesText>(part);
}

}  // namespace finops::bill
