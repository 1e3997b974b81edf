#include "finops/tabular/simple_text.h"

#include <algorithm>
#include <span>
#include <utility>

#include "finops/core/error.h"

namespace finops::simple {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
constexpr int kGzipOnly = 16 + MAX_WBITS, kRawDeflate = -MAX_WBITS;
constexpr std::size_t kLongestArchiveTail = 256 << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

Text::Text(std::string name, BillFormat format, std::unique_ptr<ByteReader> reader)
    : name_(std::move(name)),
      reader_(std::move(reader)),
      input_(kBufferBytes),
      output_(kBufferBytes),
      format_(format) {
  const int kind = format == BillFormat::kCsvZip ? kRawDeflate : kGzipOnly;
  if (inflateInit2(&stream_, kind) != Z_OK) {
    throw Error(ErrorKind::kUnavailable, "cannot decompress '" + name_ + "': not enough memory");
  }
  try {
    std::string begin;
    while (begin.size() < kByteOrderMark.size()) {
      const int byte = next_inflated();
      if (byte == kEnd) break;
      begin += static_cast<char>(byte);
    }
    if (begin != kByteOrderMark) {
      give_back(begin);
      if (!begin.empty()) last_ = static_cast<unsigned char>(begin.back());
    }
  } catch (...) {
    inflateEnd(&stream_);
    throw;
  }
}

Text::~Text() { inflateEnd(&stream_); }

void Text::fail(const std::string& why) const {
  throw Error(ErrorKind::kInvalidData, "cannot decompress '" + name_ + "': " + why);
}

int Text::next() {
  if (again_.empty()) return next_delivered();
  const int byte = static_cast<unsigned char>(again_.back());
  again_.pop_back();
  return byte;
}

bool Text::is_at_end() {
  const int byte = next();
  if (byte == kEnd) return true;
  again_ += static_cast<char>(byte);
  return false;
}

int Text::next_delivered() {
  const int byte = next_inflated();
  if (byte != kEnd) return last_ = byte;
  if (last_ == '\n') return kEnd;
  return last_ = '\n';
}

int Text::next_inflated() {
  while (output_at_ == output_end_) {
    output_at_ = output_end_ = 0;
    const bool has_more = format_ == BillFormat::kCsv ? copy_more() : inflate_more();
    if (!has_more) return kEnd;
    text_bytes_ += output_end_;
    if (text_bytes_ > kExpandedFreely && text_bytes_ / kMostExpansion > compressed_bytes_) {
      fail("it unpacks to more than any bill");
    }
  }
  return output_[output_at_++];
}

bool Text::copy_more() {
  if (stream_.avail_in == 0 && !refill_input()) return false;
  output_.assign(stream_.next_in, stream_.next_in + stream_.avail_in);
  output_end_ = stream_.avail_in;
  stream_.avail_in = 0;
  return true;
}

/// One step; it may give nothing yet.
bool Text::inflate_more() {
  const bool is_archive = format_ == BillFormat::kCsvZip;
  if (!is_in_member_ && !(is_archive ? begin_archive() : begin_member())) return false;
  if (is_stored_) {
    while (output_end_ < output_.size() && stored_left_ > 0) {
      output_[output_end_++] = static_cast<unsigned char>(next_packed());
      --stored_left_;
    }
    is_in_member_ = stored_left_ > 0;
  } else {
    if (stream_.avail_in == 0 && !refill_input()) fail("truncated");
    stream_.next_out = output_.data();
    stream_.avail_out = static_cast<uInt>(output_.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) {
      fail(stream_.msg == nullptr ? "damaged" : stream_.msg);
    }
    is_in_member_ = result != Z_STREAM_END;
    output_end_ = output_.size() - stream_.avail_out;
  }
  if (is_archive) {
    crc_ = crc32(crc_, output_.data(), static_cast<uInt>(output_end_));
    if (!is_in_member_) {
      text_bytes_ += output_end_;
      end_archive();
      text_bytes_ -= output_end_;
    }
  }
  return true;
}

int Text::next_packed() {
  if (stream_.avail_in == 0 && !refill_input()) fail("truncated");
  --stream_.avail_in;
  return *stream_.next_in++;
}

std::string Text::take_packed(std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) bytes += static_cast<char>(next_packed());
  return bytes;
}

namespace {

std::uint64_t little(const std::string& bytes, std::size_t at, std::size_t length) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < length; ++i) {
    value += static_cast<std::uint64_t>(static_cast<unsigned char>(bytes.at(at + i))) << (8 * i);
  }
  return value;
}

bool has_mark(const std::string& bytes, std::size_t at, std::string_view mark) {
  return bytes.size() >= at + mark.size() && bytes.compare(at, mark.size(), mark) == 0;
}

/// Where the directory begins in what follows the data: behind a descriptor, which may have a mark
/// of its own and lengths of four or eight bytes.
std::size_t directory_in(const std::string& tail, bool has_descriptor) {
  if (!has_descriptor || has_mark(tail, 0, "PK\1\2")) return 0;
  std::size_t at = 12;
  while (at < 24 && !has_mark(tail, at, "PK\1\2")) at += 4;
  return at;
}

/// What an entry of the directory says.
struct ArchiveEntry {
  std::uint64_t packed, text, place, crc;
};

/// The entry whose fields of variable length end at `fields_end`; numbers that do not fit into four
/// bytes stand in one of them.
ArchiveEntry entry_at(const std::string& tail, std::size_t entry, std::size_t field,
                      std::size_t fields_end) {
  ArchiveEntry found{little(tail, entry + 20, 4), little(tail, entry + 24, 4),
                     little(tail, entry + 42, 4), little(tail, entry + 16, 4)};
  while (field + 4 <= fields_end) {
    std::size_t at = field + 4;
    const std::size_t next = std::min(at + little(tail, field + 2, 2), fields_end);
    if (little(tail, field, 2) == 1) {
      for (std::uint64_t* value : {&found.text, &found.packed, &found.place}) {
        if (*value == UINT32_MAX && at + 8 <= next) *value = little(tail, at, 8), at += 8;
      }
    }
    field = next;
  }
  return found;
}

}  // namespace

/// The local header of an archive's one file; false when nothing (more) is there.
bool Text::begin_archive() {
  if (has_member_ || (stream_.avail_in == 0 && !refill_input())) return false;
  has_member_ = is_in_member_ = true;
  const std::string header = take_packed(30);
  if (little(header, 0, 4) != 0x04034b50) fail("no ZIP archive with a file");
  const std::uint64_t method = little(header, 8, 2);
  const bool is_encrypted = little(header, 6, 2) % 2 == 1;
  hides_size_ = (little(header, 6, 2) & 8) != 0;
  is_stored_ = method == 0;
  if (is_encrypted || (!is_stored_ && method != 8) || (is_stored_ && hides_size_)) {
    fail("a ZIP archive of a kind that bills are not packed in");
  }
  take_packed(little(header, 26, 2));
  const std::string extra = take_packed(little(header, 28, 2));
  stored_left_ = little(header, 18, 4);
  if (is_stored_ && stored_left_ == UINT32_MAX) {
    if (extra.size() < 20 || little(extra, 0, 2) != 1) fail("a ZIP archive without a size");
    stored_left_ = little(extra, 12, 8);
  }
  data_begin_ = compressed_bytes_ - stream_.avail_in;
  return true;
}

/// Behind the data: a descriptor where the local header announces one, one entry of the directory,
/// the directory's end (which large archives have twice), a comment, and nothing else.
void Text::end_archive() {
  const std::uint64_t data_bytes = compressed_bytes_ - stream_.avail_in - data_begin_;
  std::string tail;
  while (stream_.avail_in > 0 || refill_input()) {
    tail += static_cast<char>(next_packed());
    if (tail.size() > kLongestArchiveTail) fail("an archive of several files");
  }
  const std::size_t entry = directory_in(tail, hides_size_);
  if (!has_mark(tail, entry, "PK\1\2") || tail.size() < entry + 46) {
    fail("an archive of several files, or damaged");
  }
  const std::size_t fields = entry + 46 + little(tail, entry + 28, 2);
  const std::size_t fields_end = fields + little(tail, entry + 30, 2);
  std::size_t end = fields_end + little(tail, entry + 32, 2);
  const bool is_64 = has_mark(tail, end, "PK\6\6");
  if (is_64) end += 56 + 20;
  if (!has_mark(tail, end, "PK\5\6") || tail.size() < end + 22 ||
      tail.size() != end + 22 + little(tail, end + 20, 2)) {
    fail("an archive of several files, or damaged at its end");
  }
  const std::uint64_t files = little(tail, end + 10, 2);
  if (files != 1 && !(is_64 && files == UINT16_MAX)) fail("an archive of several files");
  const ArchiveEntry said = entry_at(tail, entry, fields, fields_end);
  if (said.place != 0 || said.packed != data_bytes || said.text != text_bytes_ ||
      said.crc != crc_) {
    fail("a wrong CRC-32 or length");
  }
}

bool Text::refill_input() {
  const std::size_t count = reader_->read(std::as_writable_bytes(std::span(input_)));
  hash_.update(std::as_bytes(std::span(input_)).first(count));
  compressed_bytes_ += count;
  stream_.next_in = input_.data();
  stream_.avail_in = static_cast<uInt>(count);
  return count > 0;
}

/// False at the end of the object. Zeros are padding, but not before the first member.
bool Text::begin_member() {
  for (;;) {
    if (stream_.avail_in == 0 && !refill_input()) return false;
    if (*stream_.next_in != 0 || !has_member_) break;
    ++stream_.next_in;
    --stream_.avail_in;
  }
  inflateReset(&stream_);
  is_in_member_ = has_member_ = true;
  return true;
}

}  // namespace finops::simple
