#include "finops/tabular/bill_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/utf8.h"
#include "finops/tabular/kernels.h"

namespace finops::bill {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kFirstRead = 64 << 10;
// Of a block: each may be a row that does not fit, which takes hundreds of bytes.
constexpr std::int64_t kMostLines = 16'384;

/// The text to the end of its line `kMostLines`, which it has.
std::string_view first_lines(std::string_view text) {
  std::size_t end = 0;
  for (std::int64_t line = 0; line < kMostLines; ++line) end = text.find('\n', end) + 1;
  return text.substr(0, end);
}

/// Line feeds outside of quotes, in text whose quotes are all sound.
std::int64_t count_records(std::string_view records) {
  std::int64_t count = 0;
  bool is_quoted = false;
  for (const char c : records) {
    is_quoted ^= c == '"';
    count += c == '\n' && !is_quoted ? 1 : 0;
  }
  return count;
}

}  // namespace

PartText::PartText(const BillPart& part)
    : key_(part.key), format_(part.format), stream_(open_text(part)) {
  if (const auto* columns = stream_->columns()) {
    header_ = *columns;
  } else {
    take_header();
  }
  check_header();
}

void PartText::fail(const std::string& why) const {
  throw Error(ErrorKind::kInvalidData, "cannot read '" + key_ + "': its header " + why);
}

void PartText::take_header() {
  const ScanLimits limits{kHeaderLimit, kHeaderLimit};
  bool has_ended = false;
  for (std::size_t piece = kFirstRead;; piece = ahead_.size()) {
    const std::size_t before = ahead_.size();
    ahead_.resize(before + piece);
    const std::size_t got = stream_->read(ahead_.data() + before, piece);
    ahead_.resize(before + got);
    if (before == 0 && ahead_.starts_with(kByteOrderMark)) ahead_.erase(0, kByteOrderMark.size());
    has_ended = got < piece;
    if (has_ended && ahead_.empty()) return;
    if (has_ended && !ahead_.ends_with('\n')) ahead_ += '\n';
    const ScannedRecord record = scan_record(ahead_, has_ended, limits);
    if (record.state == ScannedRecord::State::kUndecided) continue;
    if (record.state == ScannedRecord::State::kTooLong) {
      fail("does not end within " + std::to_string(kHeaderLimit) + " bytes");
    }
    if (record.state != ScannedRecord::State::kSound) fail("has broken quotes");
    const std::string_view line = std::string_view(ahead_).substr(0, record.end);
    if (!is_utf8(line)) fail("is not UTF-8");
    for (std::string& name : split_record(line)) header_.push_back({std::move(name), {}});
    header_lines_ = std::count(line.begin(), line.end(), '\n');
    ahead_at_ = record.end;
    return;
  }
}

void PartText::check_header() const {
  std::vector<std::string> sorted;
  for (const HeaderColumn& column : header_) sorted.push_back(column.name);
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) fail("has the column '" + *twice + "' twice");
}

std::size_t PartText::read(char* out, std::size_t capacity) {
  const std::size_t from_ahead = std::min(capacity, ahead_.size() - ahead_at_);
  std::memcpy(out, ahead_.data() + ahead_at_, from_ahead);
  ahead_at_ += from_ahead;
  const std::size_t got = from_ahead + stream_->read(out + from_ahead, capacity - from_ahead);
  if (format_ != BillFormat::kParquet) refuse_bomb(key_, *stream_);
  return got;
}

BillReader::BillReader(const std::vector<BillPart>& parts, PartChoice choice,
                       const BillShape& shape, std::size_t block_bytes, std::size_t cell_limit)
    : parts_(parts),
      shape_(shape),
      block_bytes_(block_bytes),
      cell_limit_(cell_limit),
      next_part_(choice.first),
      step_(choice.step) {}

bool BillReader::open_next_part() {
  if (next_part_ >= parts_.size()) return false;
  const BillPart& part = parts_[next_part_];
  text_ = std::make_unique<PartText>(part);
  plan_ = plan_part(shape_, next_part_, part, text_->header(), cell_limit_);
  next_part_ += step_;
  told_bytes_ = 0;
  is_by_column_ = part.format == BillFormat::kParquet;
  text_ended_ = text_->header().empty() && !plan_->is_json_lines;
  line_ = part.origin ? part.origin->line : 1 + text_->header_lines();
  carried_.clear();
  return true;
}

void BillReader::close_part() {
  PartReport report;
  report.key = plan_->key;
  report.compressed_bytes = text_->stream().compressed_bytes();
  report.text_bytes = text_->stream().text_bytes();
  report.sha256 = text_->stream().sha256();
  reports_.push_back(std::move(report));
  text_.reset();
}

bool BillReader::read(RowBlock& block) {
  for (;;) {
    if (text_ == nullptr && !open_next_part()) return false;
    if (!text_ended_ || !carried_.empty()) {
      if (is_by_column_ ? fill_by_column(block) : fill(block)) return true;
    }
    if (text_ended_ && carried_.empty()) close_part();
  }
}

/// False at the end.
bool BillReader::fill_by_column(RowBlock& block) {
  block.rows = text_->stream().read_columns(block.by_column);
  text_ended_ = block.rows == 0;
  if (text_ended_) return false;
  block.plan = plan_;
  block.first_line = line_;
  line_ += static_cast<std::int64_t>(block.rows);
  block.size = 0;
  for (const CellColumn& column : block.by_column) block.size += column.text_bytes();
  block.is_regular = false;
  block.ends_part = false;
  count_compressed(block);
  return true;
}

void BillReader::count_compressed(RowBlock& block) {
  const std::uint64_t bytes = text_->stream().compressed_bytes();
  block.compressed_bytes = bytes - told_bytes_;
  told_bytes_ = bytes;
}

/// At least one record; false when the text ends before.
bool BillReader::fill(RowBlock& block) {
  block.by_column.clear();
  std::size_t size = carried_.size();
  block.text.reserve(std::max(size, block_bytes_) + block_bytes_ + 1 + kTextPadding);
  std::copy(carried_.begin(), carried_.end(), block.text.data());
  Cut cut;
  std::size_t piece = size < block_bytes_ ? block_bytes_ : 0;  // what was carried may do
  for (;; piece = std::max(block_bytes_, size)) {
    block.text.reserve(size + piece + 1 + kTextPadding, size);
    char* const text = block.text.data();
    if (!text_ended_ && piece > 0) {
      const std::size_t got = text_->read(text + size, piece);
      size += got;
      text_ended_ = got < piece && !text_->stream().waits_for_lines();
    }
    if (text_ended_ && size > 0 && text[size - 1] != '\n') text[size++] = '\n';
    cut = find_cut({text, size});
    if (cut.end > 0 || (text_ended_ && size == 0)) break;
  }
  block.plan = plan_;
  block.first_line = line_;
  block.size = cut.end;
  block.is_regular = cut.is_regular;
  keep_rest(block, size, cut.lines);
  block.ends_part = text_ended_ && carried_.empty();
  count_compressed(block);
  return block.size > 0;
}

/// Keeps what lies behind the cut, and knows whether anything follows it at all.
void BillReader::keep_rest(RowBlock& block, std::size_t size, std::int64_t lines) {
  char* const text = block.text.data();
  carried_.assign(text + block.size, size - block.size);
  line_ += plan_->numbers_rows ? count_records({text, block.size}) : lines;
  block.delivered = text_->stream().lines(block.first_line, line_);
  if (!carried_.empty() || text_ended_) return;
  carried_.resize(1);
  carried_.resize(text_->read(carried_.data(), 1));
  text_ended_ = carried_.empty();
}

BillReader::Cut BillReader::find_cut(std::string_view text) const {
  const Cut cut = find_cut(text, text_ended_);
  if (cut.lines <= kMostLines) return cut;
  const Cut shorter = find_cut(first_lines(text), false);
  return shorter.end > 0 ? shorter : cut;
}

BillReader::Cut BillReader::find_cut(std::string_view text, bool is_last) const {
  const ScanLimits& limits = plan_->limits;
  if (text.size() <= limits.record) {
    const QuoteScan scan = kernels().scan(text.data(), text.size());
    const bool holds = !scan.has_quotes || text.size() <= limits.cell;
    if (scan.record_end > 0 && holds) {
      return {scan.record_end, true, static_cast<std::int64_t>(scan.lines)};
    }
  }
  Cut cut;
  for (;;) {
    const ScannedRecord record = scan_record(text.substr(cut.end), is_last, limits);
    if (record.is_decided()) {
      cut.end += record.end;
    } else if (record.state == ScannedRecord::State::kTooLong && cut.end == 0) {
      throw record_too_long(*plan_, line_);
    } else {
      cut.lines = std::ranges::count(text.substr(0, cut.end), '\n');
      return cut;
    }
  }
}

}  // namespace finops::bill

namespace finops {

std::vector<HeaderColumn> read_header(const BillPart& part) {
  return bill::PartText(part).header();
}

std::string_view to_string(BillFormat format) {
  switch (format) {
    case BillFormat::kCsv: return "csv";
    case BillFormat::kCsvGzip: return "csv.gz";
    case BillFormat::kCsvZip: return "csv.zip";
    case BillFormat::kParquet: return "parquet";
    case BillFormat::kJsonLines: return "jsonl";
    case BillFormat::kJsonLinesGzip: return "jsonl.gz";
  }
  return "csv";
}

std::optional<BillFormat> format_of_name(std::string_view key) {
  const std::string name = ascii_lower(key);
  if (name.ends_with(".jsonl") || name.ends_with(".ndjson")) return BillFormat::kJsonLines;
  if (name.ends_with(".jsonl.gz") || name.ends_with(".ndjson.gz")) {
    return BillFormat::kJsonLinesGzip;
  }
  if (name.ends_with(".gz")) return BillFormat::kCsvGzip;
  if (name.ends_with(".zip")) return BillFormat::kCsvZip;
  if (name.ends_with(".csv")) return BillFormat::kCsv;
  if (name.ends_with(".parquet")) return BillFormat::kParquet;
  return std::nullopt;
}

}  // namespace finops
