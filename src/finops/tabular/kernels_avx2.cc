// Entered only when the processor has the instructions. They are switched on for this file's own
// functions, after the headers, and not for the whole file: an inline function of a header compiled
// with them might be the copy that the linker keeps for everybody.
#include "finops/tabular/kernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>
#include <cstring>
#include <string>

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul,aes"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt,pclmul,aes")
#endif

namespace finops::bill::avx2 {
namespace {

using Head = __m256i;

/// 32 bytes of ones and 32 of zeros: loading at 32 - n masks the first n bytes.
alignas(64) constexpr auto kMask = [] {
  std::array<std::uint8_t, 64> mask{};
  for (std::size_t i = 0; i < 32; ++i) mask[i] = 0xFF;
  return mask;
}();

inline Head load_full(const char* data) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data));
}
inline Head load_head(const char* data, std::uint32_t length) {
  const std::uint32_t n = length < 32 ? length : 32;
  const auto* mask = reinterpret_cast<const __m256i*>(kMask.data() + 32 - n);
  return _mm256_and_si256(load_full(data), _mm256_loadu_si256(mask));
}
inline bool equal_head(const Head& a, const char* b) {
  return _mm256_movemask_epi8(_mm256_cmpeq_epi8(a, load_full(b))) == -1;
}
/// Three AES rounds mix 32 bytes into 8 in about a dozen cycles. Not a keyed hash: a bill's owner
/// can only slow down his own load.
inline std::uint64_t fold(const Head& h, std::uint32_t length) {
  const __m128i key = _mm_set_epi64x(static_cast<std::int64_t>(0xA0761D6478BD642F),
                                     static_cast<std::int64_t>(0xE7037ED1A0B428DB));
  const __m128i low = _mm256_castsi256_si128(h), high = _mm256_extracti128_si256(h, 1);
  const __m128i salted = _mm_xor_si128(low, _mm_set1_epi32(static_cast<int>(length)));
  __m128i mixed = _mm_aesenc_si128(salted, high);
  mixed = _mm_aesenc_si128(mixed, key);
  mixed = _mm_aesenc_si128(mixed, key);
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(mixed));
}

#include "finops/tabular/kernels_body.h"

/// 64 bytes of text, and which of them lie before its end.
struct Chunk {
  __m256i low, high;
  std::uint64_t valid;

  Chunk(const char* text, std::size_t at, std::size_t size)
      : low(load_full(text + at)),
        high(load_full(text + at + 32)),
        valid(size - at >= 64 ? ~0ull : _bzhi_u64(~0ull, static_cast<unsigned>(size - at))) {}

  std::uint64_t equal(char c) const {
    const __m256i wanted = _mm256_set1_epi8(c);
    const auto a = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)));
    const auto b =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)));
    return (a | (static_cast<std::uint64_t>(b) << 32)) & valid;
  }
  /// Bytes of 128 and more.
  std::uint64_t not_ascii() const {
    const auto a = static_cast<std::uint32_t>(_mm256_movemask_epi8(low));
    const auto b = static_cast<std::uint32_t>(_mm256_movemask_epi8(high));
    return (a | (static_cast<std::uint64_t>(b) << 32)) & valid;
  }
};

/// A carry-less multiplication by all ones is a running XOR: bit i becomes the parity of the quotes
/// at or before i, which is "inside a quoted cell" (doubled quotes toggle twice).
inline std::uint64_t prefix_xor(std::uint64_t bits) {
  const __m128i factor = _mm_set_epi64x(0, static_cast<std::int64_t>(bits));
  return static_cast<std::uint64_t>(
      _mm_cvtsi128_si64(_mm_clmulepi64_si128(factor, _mm_set1_epi8(-1), 0)));
}

inline std::uint64_t spread_top(std::uint64_t bits) {
  return static_cast<std::uint64_t>(static_cast<std::int64_t>(bits) >> 63);
}

/// What of the quotes before a chunk matters within it; each 0 or 1 but for `inside`.
struct QuoteState {
  std::uint64_t inside = 0;         // all ones: the chunk begins in a quoted cell
  std::uint64_t after_border = 1;   // the byte before it is a separator or a quote
  std::uint64_t after_closing = 0;  // ... is a closing quote
  std::uint64_t after_return = 0;   // ... is a carriage return after a closing quote
};

/// Updates `inside` to the bytes of the chunk that are in quotes; returns the bytes that show that
/// the text is not regular.
inline std::uint64_t find_irregular(const Chunk& chunk, std::uint64_t quotes,
                                    std::uint64_t line_feeds, QuoteState& state,
                                    std::uint64_t& inside) {
  const std::uint64_t commas = chunk.equal(','), returns = chunk.equal('\r');
  inside = prefix_xor(quotes) ^ state.inside;
  const std::uint64_t opening = quotes & inside, closing = quotes & ~inside;
  const std::uint64_t border = commas | line_feeds | quotes;
  const std::uint64_t after_border = border << 1 | state.after_border;
  const std::uint64_t after_closing = closing << 1 | state.after_closing;
  const std::uint64_t line_ends = after_closing & returns;
  const std::uint64_t after_return = line_ends << 1 | state.after_return;
  state = {spread_top(inside), border >> 63, closing >> 63, line_ends >> 63};
  return ((opening & ~after_border) | (after_closing & ~border & ~returns) |
          (after_return & ~line_feeds)) &
         chunk.valid;
}

inline std::size_t line_count(std::uint64_t line_feeds) {
  return static_cast<std::size_t>(__builtin_popcountll(line_feeds));
}

QuoteScan scan(const char* text, std::size_t size) {
  QuoteScan result;
  QuoteState state;
  std::size_t lines = 0;  // before the chunk
  for (std::size_t at = 0; at < size; at += 64) {
    const Chunk chunk(text, at, size);
    const std::uint64_t quotes = chunk.equal('"');
    const std::uint64_t line_feeds = chunk.equal('\n');
    std::uint64_t inside = 0, irregular = 0;
    if ((quotes | state.inside | state.after_closing | state.after_return) != 0) {
      result.has_quotes = true;
      if (at > 0) state.after_border |= text[at - 1] == ',' || text[at - 1] == '\n' ? 1 : 0;
      irregular = find_irregular(chunk, quotes, line_feeds, state, inside);
    } else {
      state.after_border = 0;  // looked up when it matters
    }
    std::uint64_t ends = line_feeds & ~inside;
    if (irregular != 0) ends &= _blsmsk_u64(irregular) >> 1;
    if (ends != 0) {
      const auto last = 63 - static_cast<unsigned>(_lzcnt_u64(ends));
      result.record_end = at + last + 1;
      result.lines = lines + line_count(_bzhi_u64(line_feeds, last + 1));
    }
    if (irregular != 0) {
      result.is_regular = false;
      return result;
    }
    lines += line_count(line_feeds);
  }
  return result;
}

/// Eight positions at a time without a test: the surplus is overwritten by the next 64 bytes.
inline std::uint32_t* write_positions(std::uint64_t bits, std::uint32_t base, std::uint32_t* out) {
  const int n = __builtin_popcountll(bits);
  std::uint32_t* write = out;
  for (int done = 0; done < n; done += 8, write += 8) {
    for (int k = 0; k < 8; ++k) {
      write[k] = base + static_cast<std::uint32_t>(_tzcnt_u64(bits));
      bits = _blsr_u64(bits);
    }
  }
  return out + n;
}

SeparatorIndex index(const char* text, std::size_t size, std::uint32_t* positions) {
  SeparatorIndex result;
  std::uint64_t inside = 0, last_return = 0;
  std::uint64_t crlf = 0, not_ascii = 0;
  std::uint32_t* out = positions;
  for (std::size_t at = 0; at < size; at += 64) {
    const Chunk chunk(text, at, size);
    not_ascii |= chunk.not_ascii();
    std::uint64_t quoted = chunk.equal('"');
    if ((quoted | inside) != 0) {
      quoted = prefix_xor(quoted) ^ inside;
      inside = spread_top(quoted);
    }
    const std::uint64_t returns = chunk.equal('\r');
    const std::uint64_t lines = chunk.equal('\n'), line_feeds = lines & ~quoted;
    crlf |= line_feeds & (returns << 1 | last_return);
    last_return = returns >> 63;
    result.lines += line_count(lines);
    result.records += line_count(line_feeds);
    const std::uint64_t commas = chunk.equal(',') & ~quoted;
    out = write_positions(commas | line_feeds, static_cast<std::uint32_t>(at), out);
  }
  result.separators = static_cast<std::size_t>(out - positions);
  result.is_ascii = not_ascii == 0;
  result.has_crlf = crlf != 0;
  return result;
}

/// kLeftPack[m] moves the 32-bit lanes whose bit is set in m to the front.
alignas(32) constexpr auto kLeftPack = [] {
  std::array<std::array<std::uint32_t, 8>, 256> table{};
  for (std::uint32_t m = 0; m < 256; ++m) {
    for (std::uint32_t lane = 0, out = 0; lane < 8; ++lane) {
      if ((m >> lane & 1) != 0) table[m][out++] = lane;
    }
  }
  return table;
}();

PackedCodes compact(const std::uint32_t* codes, std::size_t n, std::uint8_t* validity,
                    std::uint32_t* values) {
  PackedCodes packed;
  const __m256i one = _mm256_set1_epi32(1);
  for (std::size_t i = 0; i < n; i += 8) {
    const __m256i eight = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + i));
    const __m256i is_null = _mm256_cmpeq_epi32(eight, _mm256_setzero_si256());
    auto mask =
        ~static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(is_null))) & 0xFF;
    if (n - i < 8) mask &= (1u << (n - i)) - 1;
    validity[i / 8] = static_cast<std::uint8_t>(mask);
    const __m256i order =
        _mm256_load_si256(reinterpret_cast<const __m256i*>(kLeftPack[mask].data()));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + packed.values),
                        _mm256_permutevar8x32_epi32(_mm256_sub_epi32(eight, one), order));
    packed.values += static_cast<std::size_t>(__builtin_popcount(mask));
  }
  std::uint32_t difference = 0;
  for (std::size_t i = 1; i < packed.values; ++i) difference |= values[i] ^ values[0];
  packed.is_constant = packed.values > 0 && difference == 0;
  return packed;
}

}  // namespace
}  // namespace finops::bill::avx2

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

namespace finops::bill {

const Kernels* avx2_kernels() {
  static const Kernels table{"avx2",       avx2::scan,   avx2::index,
                             avx2::encode, avx2::lookup, avx2::compact};
  const bool runs_here = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
                         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
                         __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("aes");
  return runs_here ? &table : nullptr;
}

}  // namespace finops::bill

#else

namespace finops::bill {
const Kernels* avx2_kernels() { return nullptr; }
}  // namespace finops::bill

#endif
