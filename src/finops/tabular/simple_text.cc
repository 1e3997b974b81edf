#include "finops/tabular/simple_text.h"

#include <span>
#include <utility>

#include "finops/core/error.h"

namespace finops::simple {
namespace {

constexpr std::size_t kBufferBytes = 64 << 10;
constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

Text::Text(std::string name, std::unique_ptr<ByteReader> reader)
    : name_(std::move(name)),
      reader_(std::move(reader)),
      input_(kBufferBytes),
      output_(kBufferBytes) {
  if (inflateInit2(&stream_, kGzipOnly) != Z_OK) {
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
    if (!is_in_member_ && !begin_member()) return kEnd;
    if (stream_.avail_in == 0 && !refill_input()) fail("truncated");
    stream_.next_out = output_.data();
    stream_.avail_out = static_cast<uInt>(output_.size());
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) {
      fail(stream_.msg == nullptr ? "damaged" : stream_.msg);
    }
    is_in_member_ = result != Z_STREAM_END;
    output_at_ = 0;
    output_end_ = output_.size() - stream_.avail_out;
  }
  return output_[output_at_++];
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
