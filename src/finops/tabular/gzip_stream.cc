#include "finops/tabular/gzip_stream.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "finops/core/error.h"

namespace finops::bill {
namespace {

// Of a member's header (RFC 1952, 2.3).
constexpr unsigned kHeaderCrc = 2, kExtra = 4, kName = 8, kComment = 16, kReserved = 0xE0;

std::string describe(int isal_error) {
  if (isal_error == ISAL_INCORRECT_CHECKSUM) return "damaged: a wrong CRC-32 or length";
  return "damaged (inflate error " + std::to_string(isal_error) + ")";
}

}  // namespace

GzipStream::GzipStream(std::string name, std::unique_ptr<ByteReader> reader,
                       std::size_t input_bytes)
    : PackedStream(std::move(name), std::move(reader), input_bytes) {}

/// A byte of a member's header.
unsigned GzipStream::header_byte() {
  if (state_.avail_in == 0 && !refill()) fail("truncated");
  const std::uint8_t byte = *state_.next_in++;
  --state_.avail_in;
  header_crc_ = crc32_gzip_refl(header_crc_, &byte, 1);
  return byte;
}

/// Reads it here, as isa-l does it wrongly when it comes in pieces.
void GzipStream::read_member_header() {
  header_crc_ = 0;
  if (header_byte() != 0x1F || header_byte() != 0x8B) fail("not a gzip file");
  const unsigned method = header_byte(), flags = header_byte();
  if (method != 8 || (flags & kReserved) != 0) fail("not a gzip file of a known kind");
  for (int i = 0; i < 6; ++i) header_byte();  // time, extra flags, operating system
  if ((flags & kExtra) != 0) {
    unsigned length = header_byte();
    for (length |= header_byte() << 8; length > 0; --length) header_byte();
  }
  for (const unsigned text : {kName, kComment}) {
    while ((flags & text) != 0 && header_byte() != 0) {
    }
  }
  if ((flags & kHeaderCrc) == 0) return;
  const unsigned wanted = header_crc_ & 0xFFFF;
  const unsigned low = header_byte();
  if ((low | header_byte() << 8) != wanted) fail("damaged: a wrong CRC-16 of a header");
}

/// False at the end of the object. Zeros are padding after a member only.
bool GzipStream::begin_next_member() {
  for (;;) {
    if (state_.avail_in == 0 && !refill()) return false;
    if (*state_.next_in != 0 || !has_member_) break;
    ++state_.next_in;
    --state_.avail_in;
  }
  read_member_header();
  std::uint8_t* const next_in = state_.next_in;
  const std::uint32_t avail_in = state_.avail_in;
  isal_inflate_reset(&state_);
  state_.crc_flag = ISAL_GZIP_NO_HDR_VER;  // its trailer is checked
  state_.next_in = next_in;
  state_.avail_in = avail_in;
  is_in_member_ = has_member_ = true;
  return true;
}

/// One step: takes input, gives output, or finds the member's end.
void GzipStream::inflate() {
  const bool has_input = state_.avail_in > 0 || refill();
  const std::uint32_t room = state_.avail_out;
  const int result = isal_inflate(&state_);
  if (result != ISAL_DECOMP_OK) fail(describe(result));
  if (state_.block_state == ISAL_BLOCK_FINISH) {
    is_in_member_ = false;
  } else if (!has_input && state_.avail_out == room) {
    fail("truncated");
  }
}

std::size_t GzipStream::read(char* out, std::size_t capacity) {
  std::size_t done = 0;
  while (done < capacity && !at_end_) {
    if (!is_in_member_) {
      at_end_ = !begin_next_member();
      continue;
    }
    const auto room = static_cast<std::uint32_t>(
        std::min<std::size_t>(capacity - done, std::numeric_limits<std::int32_t>::max()));
    state_.next_out = reinterpret_cast<std::uint8_t*>(out + done);
    state_.avail_out = room;
    inflate();
    done += room - state_.avail_out;
  }
  text_bytes_ += done;
  return done;
}

}  // namespace finops::bill
