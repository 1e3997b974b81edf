#include "finops/tabular/chunk_pages.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/tabular/kernels.h"
#include "finops/tabular/thrift_writer.h"

namespace finops::bill {
namespace {

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

/// Columns move between threads from block to block; what is only scratch belongs to the thread.
struct Scratch {
  std::unique_ptr<ZSTD_CCtx, FreeContext> zstd{ZSTD_createCCtx()};
  std::vector<std::uint8_t> body;
  std::vector<std::uint32_t> values;
  std::vector<std::uint8_t> validity;
  std::vector<char> compressed;
};
thread_local Scratch t_scratch;

/// Scratch never shrinks: growing again would clear it each time.
template <class T>
void grow(std::vector<T>& buffer, std::size_t size) {
  if (buffer.size() < size) buffer.resize(size + size / 2);
}

std::string_view text_between(const std::vector<std::uint8_t>& buffer, const std::uint8_t* end) {
  return {reinterpret_cast<const char*>(buffer.data()),
          static_cast<std::size_t>(end - buffer.data())};
}

std::uint8_t* write(std::uint8_t* out, std::string_view bytes) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

/// Definition levels of an optional column: one run when they are all alike, else the validity
/// bitmap as it is, which is what bit packing with width 1 means. Room: n / 8 + 32.
std::uint8_t* write_validity(std::uint8_t* out, std::size_t n, std::size_t values,
                             const std::uint8_t* validity) {
  std::string run;
  const std::size_t groups = (n + 7) / 8;
  const bool are_alike = values == 0 || values == n;
  append_varint(run, are_alike ? n << 1 : (groups << 1) | 1);
  if (are_alike) run += values == 0 ? '\0' : '\1';
  const auto length = static_cast<std::uint32_t>(run.size() + (are_alike ? 0 : groups));
  std::memcpy(out, &length, 4);
  out = write(out + 4, run);
  if (are_alike) return out;
  return write(out, {reinterpret_cast<const char*>(validity), groups});
}

}  // namespace

std::uint8_t* write_indices(const std::uint32_t* indices, std::size_t n, std::size_t distinct,
                            bool is_constant, std::uint8_t* out) {
  const int width = std::max(1, static_cast<int>(std::bit_width(distinct - 1)));
  *out++ = static_cast<std::uint8_t>(width);
  std::string run;
  if (is_constant) {
    append_varint(run, n << 1);
    run.append(reinterpret_cast<const char*>(indices), static_cast<std::size_t>(width + 7) / 8);
    return write(out, run);
  }
  append_varint(run, (n + 7) / 8 << 1 | 1);
  out = write(out, run);
  return out + bit_pack(indices, n, width, out);
}

std::string_view ChunkPages::compress(std::string_view body) const {
  std::vector<char>& out = t_scratch.compressed;
  grow(out, ZSTD_compressBound(body.size()));
  const std::size_t n = ZSTD_compressCCtx(t_scratch.zstd.get(), out.data(), out.size(), body.data(),
                                          body.size(), options_->zstd_level);
  if (ZSTD_isError(n) != 0) {
    throw Error(ErrorKind::kInternal, std::string("zstd: ") + ZSTD_getErrorName(n));
  }
  return {out.data(), n};
}

void ChunkPages::add_page(Encoding encoding, std::size_t levels, std::size_t nulls,
                          std::string_view body) {
  const std::string_view compressed = compress(body);
  const std::string header =
      data_page_header(static_cast<std::int64_t>(levels), encoding, body.size(), compressed.size());
  chunk_.pages.append(header).append(compressed);
  chunk_.uncompressed_size += static_cast<std::int64_t>(header.size() + body.size());
  chunk_.values += static_cast<std::int64_t>(levels);
  chunk_.nulls += static_cast<std::int64_t>(nulls);
  ++(encoding == Encoding::kPlain ? chunk_.plain_pages : chunk_.coded_pages);
}

/// Among pages of codes it is one of them, without codes: readers that work on the dictionary want
/// a chunk that has nothing else.
void ChunkPages::add_nulls(std::size_t n) {
  std::uint8_t body[32];
  std::uint8_t* end = write_validity(body, n, 0, nullptr);
  const bool is_coded = chunk_.coded_pages > 0 && chunk_.plain_pages == 0;
  if (is_coded) *end++ = 1;  // the codes' width
  add_page(is_coded ? Encoding::kRleDictionary : Encoding::kPlain, n, n,
           {reinterpret_cast<const char*>(body), static_cast<std::size_t>(end - body)});
}

void ChunkPages::add_codes(const std::uint32_t* codes, std::size_t n, std::size_t distinct) {
  Scratch& s = t_scratch;
  grow(s.values, n + 64);
  grow(s.validity, n / 8 + 64);
  grow(s.body, n * 4 + n / 8 + 512);
  const PackedCodes packed = kernels().compact(codes, n, s.validity.data(), s.values.data());
  if (packed.values == 0) return add_nulls(n);
  std::uint8_t* out = s.body.data();
  if (!is_required_) out = write_validity(out, n, packed.values, s.validity.data());
  out = write_indices(s.values.data(), packed.values, distinct, packed.is_constant, out);
  add_page(Encoding::kRleDictionary, n, n - packed.values, text_between(s.body, out));
}

void ChunkPages::add_plain(const std::uint32_t* codes, std::size_t n, std::string_view values) {
  if (is_required_) return add_page(Encoding::kPlain, n, 0, values);
  Scratch& s = t_scratch;
  grow(s.body, n / 8 + 512 + values.size());
  std::size_t count = n;
  if (codes != nullptr) {
    grow(s.values, n + 64);
    grow(s.validity, n / 8 + 64);
    count = kernels().compact(codes, n, s.validity.data(), s.values.data()).values;
  }
  std::uint8_t* out = write_validity(s.body.data(), n, count, s.validity.data());
  out = write(out, values);
  add_page(Encoding::kPlain, n, n - count, text_between(s.body, out));
}

void ChunkPages::set_dictionary(std::string_view values, std::size_t distinct) {
  if (distinct == 0) return;
  const std::string_view compressed = compress(values);
  chunk_.dictionary_page =
      dictionary_page_header(static_cast<std::int64_t>(distinct), values.size(), compressed.size());
  chunk_.uncompressed_size +=
      static_cast<std::int64_t>(chunk_.dictionary_page.size() + values.size());
  chunk_.dictionary_page.append(compressed);
}

ColumnChunk ChunkPages::finish() {
  ColumnChunk done = std::exchange(chunk_, {});
  chunk_.pages.reserve(done.pages.size() + done.pages.size() / 8);
  return done;
}

void append_plain_text(std::string& out, std::string_view value) {
  const auto length = static_cast<std::uint32_t>(value.size());
  out.append(reinterpret_cast<const char*>(&length), 4).append(value);
}

}  // namespace finops::bill
