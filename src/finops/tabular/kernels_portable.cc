#include <cstring>
#include <string>

#include "finops/core/decimal.h"
#include "finops/tabular/kernels.h"

namespace finops::bill {
namespace portable {
namespace {

struct Head {
  std::uint64_t word[4];
};

inline Head load_full(const char* data) {
  Head head;
  std::memcpy(&head, data, 32);
  return head;
}
inline Head load_head(const char* data, std::uint32_t length) {
  Head head{};
  std::memcpy(&head, data, length < 32 ? length : 32);
  return head;
}
inline bool equal_head(const Head& a, const char* b) { return std::memcmp(&a, b, 32) == 0; }
inline std::uint64_t multiply_fold(std::uint64_t a, std::uint64_t b) {
  const UInt128 product = static_cast<UInt128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
inline std::uint64_t fold(const Head& h, std::uint32_t length) {
  return multiply_fold(h.word[0] ^ 0xA0761D6478BD642Full ^ length,
                       h.word[1] ^ 0xE7037ED1A0B428DBull) ^
         multiply_fold(h.word[2] ^ 0x8EBC6AF09C88C6E3ull, h.word[3] ^ 0x589965CC75374CC3ull);
}

#include "finops/tabular/kernels_body.h"

enum class At { kCellBegin, kUnquoted, kQuoted, kAfterQuote, kLineEnd, kIrregular };

/// Where a reader stands after `c`; kIrregular where the parity of quotes proves nothing.
inline At after(At at, char c) {
  const bool is_separator = c == ',' || c == '\n';
  switch (at) {
    case At::kCellBegin: return c == '"' ? At::kQuoted : is_separator ? at : At::kUnquoted;
    case At::kUnquoted: return c == '"' ? At::kIrregular : is_separator ? At::kCellBegin : at;
    case At::kQuoted: return c == '"' ? At::kAfterQuote : at;
    case At::kAfterQuote:
      if (is_separator) return At::kCellBegin;
      return c == '"' ? At::kQuoted : c == '\r' ? At::kLineEnd : At::kIrregular;
    case At::kLineEnd: return c == '\n' ? At::kCellBegin : At::kIrregular;
    case At::kIrregular: break;
  }
  return At::kIrregular;
}

QuoteScan scan(const char* text, std::size_t size) {
  At at = At::kCellBegin;
  QuoteScan result;
  std::size_t lines = 0;
  for (std::size_t i = 0; i < size; ++i) {
    result.has_quotes |= text[i] == '"';
    lines += text[i] == '\n' ? 1 : 0;
    at = after(at, text[i]);
    if (at == At::kIrregular) {
      result.is_regular = false;
      return result;
    }
    if (text[i] != '\n' || at != At::kCellBegin) continue;
    result.record_end = i + 1;
    result.lines = lines;
  }
  return result;
}

SeparatorIndex index(const char* text, std::size_t size, std::uint32_t* positions) {
  SeparatorIndex result;
  bool in_quotes = false;
  unsigned seen = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = text[i];
    seen |= static_cast<unsigned char>(c);
    in_quotes ^= c == '"';
    result.lines += c == '\n' ? 1 : 0;
    if (in_quotes || (c != ',' && c != '\n')) continue;
    positions[result.separators++] = static_cast<std::uint32_t>(i);
    if (c != '\n') continue;
    ++result.records;
    result.has_crlf |= i > 0 && text[i - 1] == '\r';
  }
  result.is_ascii = seen < 0x80;
  return result;
}

PackedCodes compact(const std::uint32_t* codes, std::size_t n, std::uint8_t* validity,
                    std::uint32_t* values) {
  PackedCodes packed;
  std::memset(validity, 0, (n + 7) / 8);
  for (std::size_t i = 0; i < n; ++i) {
    const unsigned is_valid = codes[i] != 0 ? 1 : 0;
    validity[i / 8] = static_cast<std::uint8_t>(validity[i / 8] | (is_valid << (i % 8)));
    values[packed.values] = codes[i] - 1;
    packed.values += is_valid;
  }
  std::uint32_t difference = 0;
  for (std::size_t i = 1; i < packed.values; ++i) difference |= values[i] ^ values[0];
  packed.is_constant = packed.values > 0 && difference == 0;
  return packed;
}

}  // namespace
}  // namespace portable

const Kernels& portable_kernels() {
  static const Kernels table{"portable",       portable::scan,   portable::index,
                             portable::encode, portable::lookup, portable::compact};
  return table;
}

}  // namespace finops::bill
