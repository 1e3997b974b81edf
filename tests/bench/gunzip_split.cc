// What no loader can be faster than: gunzip (isa-l, streaming) and a quote-aware split into cells
// by quote parity, without looking at any cell. It is a limit, not a reader: a stray quote misleads
// it.
//
// Usage: gunzip_split THREADS FILE.csv.gz...
#include <fmt/format.h>
#include <immintrin.h>
#include <isa-l/igzip_lib.h>

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t kInput = std::size_t{256} << 10, kBlock = std::size_t{512} << 10;

/// Positions of separators and record ends in a block; `in_quotes` goes over from block to block.
struct Splitter {
  bool in_quotes = false;
  std::uint64_t cells = 0, rows = 0, checksum = 0;
  std::vector<std::uint32_t> positions = std::vector<std::uint32_t>(kBlock + 64);

  __attribute__((target("avx2,pclmul,bmi,popcnt"))) void split(const char* text, std::size_t size) {
    std::size_t found = 0;
    std::uint64_t quoted = in_quotes ? ~std::uint64_t{0} : 0;
    for (std::size_t at = 0; at < size; at += 64) {
      const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at));
      const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + at + 32));
      const std::size_t left = size - at;
      const std::uint64_t valid = left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
      const std::uint64_t quotes = equal(a, b, '"') & valid, ends = equal(a, b, '\n') & valid;
      quoted ^= prefix_parity(quotes);
      const std::uint64_t separators = (equal(a, b, ',') | ends) & ~quoted & valid;
      rows += static_cast<std::uint64_t>(std::popcount(ends & ~quoted));
      for (std::uint64_t rest = separators; rest != 0; rest &= rest - 1) {
        positions[found++] =
            static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(std::countr_zero(rest));
      }
      quoted = static_cast<std::uint64_t>(static_cast<std::int64_t>(quoted) >> 63);
    }
    in_quotes = quoted != 0;
    cells += found;
    if (found != 0) checksum += positions[found / 2];  // so that no compiler drops the positions
  }

  __attribute__((target("avx2"))) static std::uint64_t equal(__m256i a, __m256i b, char c) {
    const __m256i wanted = _mm256_set1_epi8(c);
    const auto low = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, wanted)));
    const auto high =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, wanted)));
    return low | std::uint64_t{high} << 32;
  }

  __attribute__((target("pclmul"))) static std::uint64_t prefix_parity(std::uint64_t bits) {
    const __m128i value = _mm_set_epi64x(0, static_cast<long long>(bits));
    return static_cast<std::uint64_t>(
        _mm_cvtsi128_si64(_mm_clmulepi64_si128(value, _mm_set1_epi8(-1), 0)));
  }
};

[[noreturn]] void fail(const char* path, const char* why) {
  fmt::print(stderr, "{}: {}\n", path, why);
  std::exit(1);
}

/// Inflates all members of one file, block by block, into the splitter; returns the bytes of text.
std::uint64_t read_file(const char* path, Splitter& splitter) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) fail(path, std::strerror(errno));
  std::vector<std::uint8_t> input(kInput), block(kBlock + 64);
  inflate_state state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_GZIP;
  std::uint64_t bytes = 0;
  bool at_end = false;
  for (;;) {
    if (state.avail_in == 0 && !at_end) {
      state.next_in = input.data();
      state.avail_in = static_cast<std::uint32_t>(std::fread(input.data(), 1, input.size(), file));
      at_end = state.avail_in == 0;
    }
    if (state.block_state == ISAL_BLOCK_FINISH) {
      if (at_end) break;
      isal_inflate_reset(&state);
      state.crc_flag = ISAL_GZIP;
    } else if (at_end) {
      fail(path, "truncated");
    }
    state.next_out = block.data();
    state.avail_out = kBlock;
    if (isal_inflate(&state) != ISAL_DECOMP_OK) fail(path, "not gzip");
    const std::size_t size = kBlock - state.avail_out;
    splitter.split(reinterpret_cast<const char*>(block.data()), size);
    bytes += size;
  }
  std::fclose(file);
  return bytes;
}

}  // namespace

int main(int count, char** arguments) {
  const int threads = count > 2 ? std::atoi(arguments[1]) : 0;
  if (threads < 1) {
    fmt::print(stderr, "usage: gunzip_split THREADS FILE.csv.gz...\n");
    return 2;
  }
  std::atomic<int> next = 2;
  std::atomic<std::uint64_t> bytes = 0, rows = 0, cells = 0;
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        for (int file = next++; file < count; file = next++) {
          Splitter splitter;
          bytes += read_file(arguments[file], splitter);
          rows += splitter.rows;
          cells += splitter.cells;
        }
      });
    }
  }
  fmt::print("{} bytes, {} records, {} cells\n", bytes.load(), rows.load(), cells.load());
}
