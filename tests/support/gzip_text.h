#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <memory>
#include <string>

#include "finops/tabular/bill_layout.h"
#include "tests/support/memory_bytes.h"

namespace finops {

/// One gzip member.
inline std::string gzip(const std::string& text, int level = Z_BEST_SPEED) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A delivered file with these bytes, read in pieces of at most `piece`.
inline BillPart part_of(std::string key, std::string bytes, std::size_t piece = SIZE_MAX) {
  return {std::move(key), [bytes = std::move(bytes), piece] {
            return std::make_unique<MemoryReader>(bytes, piece);
          }};
}

}  // namespace finops
