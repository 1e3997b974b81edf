#include "finops/tabular/zip_stream.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "finops/core/error.h"

namespace finops::bill {
namespace {

// Signatures and sizes of APPNOTE 4.3.7, 4.3.12, 4.3.14 to 4.3.16.
constexpr std::string_view kLocalHeader{"PK\3\4", 4}, kDirectoryEntry{"PK\1\2", 4},
    kDirectoryEnd{"PK\5\6", 4}, kDirectoryEnd64{"PK\6\6", 4};
constexpr std::size_t kLocalHeaderBytes = 30, kDirectoryEntryBytes = 46, kDirectoryEndBytes = 22,
                      kDirectoryEnd64Bytes = 56;
// The real number is in a field or a record of ZIP64.
constexpr std::uint64_t kFilesIn64 = 0xFFFF, kIn64 = 0xFFFF'FFFF;
constexpr std::uint64_t kEncrypted = 1, kDescriptor = 8;
constexpr std::uint64_t kStored = 0, kDeflated = 8;
// Behind the data: a descriptor and one directory entry, whose name, extra field and comment have
// at most 64 KiB each.
constexpr std::size_t kTailLimit = 256 << 10;

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t length) {
  std::uint64_t value = 0;
  for (std::size_t i = length; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

}  // namespace

struct ZipStream::Found {
  std::uint64_t crc, packed, text, local_header;
};

ZipStream::ZipStream(std::string name, std::unique_ptr<ByteReader> reader, std::size_t input_bytes)
    : PackedStream(std::move(name), std::move(reader), input_bytes) {
  state_.crc_flag = ISAL_DEFLATE;  // the CRC-32 is counted here
}

/// The next bytes of the archive itself.
std::string ZipStream::take(std::size_t count) {
  std::string bytes;
  while (bytes.size() < count) {
    if (state_.avail_in == 0 && !refill()) fail("truncated");
    const std::size_t taken = std::min<std::size_t>(count - bytes.size(), state_.avail_in);
    bytes.append(reinterpret_cast<const char*>(state_.next_in), taken);
    state_.next_in += taken;
    state_.avail_in -= static_cast<std::uint32_t>(taken);
  }
  return bytes;
}

void ZipStream::begin() {
  has_begun_ = true;
  if (state_.avail_in == 0 && !refill()) {
    at_end_ = true;
    return;
  }
  std::string header = take(kLocalHeader.size());
  if (header == kDirectoryEnd) fail("an archive without a file");
  if (header != kLocalHeader) fail("not a ZIP archive");
  header += take(kLocalHeaderBytes - header.size());
  const std::uint64_t flags = number(header, 6, 2), method = number(header, 8, 2);
  if ((flags & kEncrypted) != 0) fail("encrypted");
  if (method != kStored && method != kDeflated) {
    fail("packed by method " + std::to_string(method) + ", only 0 and 8 are known");
  }
  has_descriptor_ = (flags & kDescriptor) != 0;
  is_stored_ = method == kStored;
  take(number(header, 26, 2));
  const std::string extra = take(number(header, 28, 2));
  stored_left_ = number(header, 18, 4);
  if (is_stored_ && has_descriptor_) fail("stored without its size");
  if (is_stored_ && stored_left_ == kIn64) {
    if (extra.size() < 20 || number(extra, 0, 2) != 1) fail("stored without its size");
    stored_left_ = number(extra, 12, 8);
  }
  packed_begin_ = input_.bytes() - state_.avail_in;
}

std::size_t ZipStream::inflate(char* out, std::size_t capacity) {
  const auto room = static_cast<std::uint32_t>(
      std::min<std::size_t>(capacity, std::numeric_limits<std::int32_t>::max()));
  state_.next_out = reinterpret_cast<std::uint8_t*>(out);
  state_.avail_out = room;
  const bool has_input = state_.avail_in > 0 || refill();
  const int result = isal_inflate(&state_);
  if (result != ISAL_DECOMP_OK) fail("damaged (inflate error " + std::to_string(result) + ")");
  at_end_ = state_.block_state == ISAL_BLOCK_FINISH;
  if (!at_end_ && !has_input && state_.avail_out == room) fail("truncated");
  return room - state_.avail_out;
}

std::size_t ZipStream::copy_stored(char* out, std::size_t capacity) {
  if (stored_left_ > 0 && state_.avail_in == 0 && !refill()) fail("truncated");
  const std::size_t taken =
      std::min({capacity, std::size_t{state_.avail_in}, std::size_t{stored_left_}});
  std::memcpy(out, state_.next_in, taken);
  state_.next_in += taken;
  state_.avail_in -= static_cast<std::uint32_t>(taken);
  stored_left_ -= taken;
  at_end_ = stored_left_ == 0;
  return taken;
}

std::size_t ZipStream::read(char* out, std::size_t capacity) {
  if (!has_begun_) begin();
  std::size_t done = 0;
  while (done < capacity && !at_end_) {
    const std::size_t got = is_stored_ ? copy_stored(out + done, capacity - done)
                                       : inflate(out + done, capacity - done);
    crc_ = crc32_gzip_refl(crc_, reinterpret_cast<const unsigned char*>(out) + done, got);
    text_bytes_ += got;
    done += got;
    if (at_end_) finish();
  }
  return done;
}

/// Exactly one entry, then the end of the directory, then nothing but a comment.
ZipStream::Found ZipStream::directory_entry(std::string_view tail) const {
  if (!tail.starts_with(kDirectoryEntry) || tail.size() < kDirectoryEntryBytes) {
    fail(tail.starts_with(kLocalHeader) ? "it holds more than one file"
                                        : "its directory is damaged");
  }
  Found found{number(tail, 16, 4), number(tail, 20, 4), number(tail, 24, 4), number(tail, 42, 4)};
  const std::size_t name = number(tail, 28, 2), extra = number(tail, 30, 2),
                    comment = number(tail, 32, 2);
  const std::size_t end = kDirectoryEntryBytes + name + extra + comment;
  if (tail.size() < end + kDirectoryEndBytes) fail("its directory is truncated");
  std::string_view fields = tail.substr(kDirectoryEntryBytes + name, extra);
  while (fields.size() >= 4) {
    const std::size_t length = std::min<std::size_t>(number(fields, 2, 2), fields.size() - 4);
    if (number(fields, 0, 2) == 1) {
      std::string_view values = fields.substr(4, length);
      for (std::uint64_t* value : {&found.text, &found.packed, &found.local_header}) {
        if (*value != kIn64 || values.size() < 8) continue;
        *value = number(values, 0, 8);
        values.remove_prefix(8);
      }
    }
    fields.remove_prefix(4 + length);
  }
  tail.remove_prefix(end);
  if (tail.starts_with(kDirectoryEntry)) fail("it holds more than one file");
  const bool is_64 = tail.starts_with(kDirectoryEnd64);
  if (is_64 && tail.size() >= kDirectoryEnd64Bytes + 20) {
    tail.remove_prefix(kDirectoryEnd64Bytes + 20);  // with its locator
  }
  if (!tail.starts_with(kDirectoryEnd) || tail.size() < kDirectoryEndBytes ||
      tail.size() != kDirectoryEndBytes + number(tail, 20, 2)) {
    fail("its directory is damaged");
  }
  const std::uint64_t files = number(tail, 10, 2);
  if (files != 1 && !(is_64 && files == kFilesIn64)) fail("its directory tells of other files");
  return found;
}

/// isa-l takes whole words ahead and keeps what it did not need, behind the bits that were left of
/// the data's last byte.
std::string ZipStream::taken_ahead() const {
  const int bits = std::max(state_.read_in_length, 0);
  const std::uint64_t bytes = state_.read_in >> (bits % 8);
  return {reinterpret_cast<const char*>(&bytes), static_cast<std::size_t>(bits / 8)};
}

void ZipStream::finish() {
  std::string tail;
  if (!is_stored_) tail = taken_ahead();
  const std::uint64_t packed = input_.bytes() - state_.avail_in - tail.size() - packed_begin_;
  do {
    tail.append(reinterpret_cast<const char*>(state_.next_in), state_.avail_in);
    if (tail.size() > kTailLimit) fail("it holds more than one file");
  } while (refill());
  std::string_view rest = tail;
  if (rest.starts_with(kLocalHeader)) fail("it holds more than one file");
  // A descriptor, with or without its signature, of 32 or 64 bit sizes.
  std::size_t descriptor = 0;
  for (const std::size_t length : {12u, 16u, 20u, 24u}) {
    if (has_descriptor_ && rest.substr(0, 4) != kDirectoryEntry && rest.size() > length + 4 &&
        rest.substr(length, 4) == kDirectoryEntry) {
      descriptor = length;
      break;
    }
  }
  if (has_descriptor_ && descriptor == 0 && rest.find(kLocalHeader) < 32) {
    fail("it holds more than one file");
  }
  const Found found = directory_entry(rest.substr(descriptor));
  if (found.local_header != 0 || found.packed != packed) {
    fail("its directory tells of other bytes than there are");
  }
  if (found.text != text_bytes_ || found.crc != crc_) {
    fail("damaged: a wrong CRC-32 or length");
  }
}

}  // namespace finops::bill
