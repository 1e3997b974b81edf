#include "finops/tabular/parquet_format.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "finops/tabular/thrift_writer.h"

namespace finops::bill {
namespace {

template <int kWidth>
void pack_32(const std::uint32_t* values, std::uint32_t* out) {
  std::uint64_t pending = 0;
  int bits = 0;
#pragma GCC unroll 32
  for (int i = 0; i < 32; ++i) {
    pending |= static_cast<std::uint64_t>(values[i]) << bits;
    bits += kWidth;
    if (bits >= 32) {
      *out++ = static_cast<std::uint32_t>(pending);
      pending >>= 32;
      bits -= 32;
    }
  }
}

using Pack = void (*)(const std::uint32_t*, std::uint32_t*);
constexpr auto kPack = []<int... kWidths>(std::integer_sequence<int, kWidths...>) {
  return std::array<Pack, sizeof...(kWidths)>{pack_32<kWidths>...};
}(std::make_integer_sequence<int, 33>());

}  // namespace

std::size_t bit_pack(const std::uint32_t* values, std::size_t count, int width, std::uint8_t* out) {
  if (width == 0) return 0;
  const auto bytes_of_32 = std::size_t{4} * static_cast<std::size_t>(width);
  const Pack pack = kPack[static_cast<std::size_t>(width)];
  std::uint32_t words[32];
  std::size_t i = 0;
  for (; i + 32 <= count; i += 32, out += bytes_of_32) {
    pack(values + i, words);
    std::memcpy(out, words, bytes_of_32);
  }
  if (i < count) {
    std::uint32_t rest[32] = {};
    std::memcpy(rest, values + i, (count - i) * sizeof(std::uint32_t));
    pack(rest, words);
    std::memcpy(out, words, bytes_of_32);
  }
  return (count + 7) / 8 * static_cast<std::size_t>(width);
}

void append_levels(std::string& out, const std::uint32_t* levels, std::size_t count, int width) {
  const bool are_alike =
      std::all_of(levels, levels + count, [&](auto v) { return v == levels[0]; });
  std::string run;
  if (are_alike) {
    append_varint(run, count << 1);
    run += static_cast<char>(count == 0 ? 0 : levels[0]);
  } else {
    append_varint(run, (count + 7) / 8 << 1 | 1);
    std::string packed((count / 8 + 32) * static_cast<std::size_t>(width), '\0');
    auto* const bytes = reinterpret_cast<std::uint8_t*>(packed.data());
    packed.resize(bit_pack(levels, count, width, bytes));
    run += packed;
  }
  const auto length = static_cast<std::uint32_t>(run.size());
  out.append(reinterpret_cast<const char*>(&length), 4).append(run);
}

std::string data_page_header(std::int64_t values, Encoding encoding, std::size_t uncompressed,
                             std::size_t compressed) {
  std::string out;
  ThriftWriter page(out);
  page.i32(1, 0);  // DATA_PAGE
  page.i32(2, static_cast<std::int64_t>(uncompressed));
  page.i32(3, static_cast<std::int64_t>(compressed));
  page.begin(5);
  ThriftWriter data(out);
  data.i32(1, values);
  data.i32(2, static_cast<int>(encoding));
  data.i32(3, static_cast<int>(Encoding::kRle));
  data.i32(4, static_cast<int>(Encoding::kRle));
  data.end();
  page.end();
  return out;
}

std::string dictionary_page_header(std::int64_t values, std::size_t uncompressed,
                                   std::size_t compressed) {
  std::string out;
  ThriftWriter page(out);
  page.i32(1, 2);  // DICTIONARY_PAGE
  page.i32(2, static_cast<std::int64_t>(uncompressed));
  page.i32(3, static_cast<std::int64_t>(compressed));
  page.begin(7);
  ThriftWriter dictionary(out);
  dictionary.i32(1, values);
  dictionary.i32(2, static_cast<int>(Encoding::kPlain));
  dictionary.end();
  page.end();
  return out;
}

}  // namespace finops::bill
