#include "finops/tabular/json_scanner.h"

#include <bit>
#include <cstring>

#include "finops/tabular/bill_layout.h"

namespace finops::bill {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;

/// The high bit of each byte of `word` that is `c`; above the lowest of these bits there may be
/// wrong ones.
std::uint64_t bytes_that_are(std::uint64_t word, char c) {
  const std::uint64_t x = word ^ (kOnes * static_cast<unsigned char>(c));
  return (x - kOnes) & ~x & kHighs;
}

/// As above, of each byte below `limit`, which is at most 128.
std::uint64_t bytes_below(std::uint64_t word, std::uint64_t limit) {
  return (word - kOnes * limit) & ~word & kHighs;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

std::uint32_t hex_number(std::string_view digits) {
  std::uint32_t number = 0;
  for (const char c : digits) number = number << 4 | static_cast<std::uint32_t>(hex_value(c));
  return number;
}

/// What ends a run of plain bytes within a string.
bool ends_run(char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; }

struct StringWord {
  int length;  // plain bytes before the one that ends the run; 8 when none of them does
  bool has_commas;
};

/// Eight bytes of a string at once.
StringWord string_word(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, 8);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  const std::uint64_t ends =
      bytes_that_are(word, '"') | bytes_that_are(word, '\\') | bytes_below(word, 0x20);
  const std::uint64_t commas = bytes_that_are(word, ',');
  if (ends == 0) return {8, commas != 0};
  const std::uint64_t lowest = ends & (~ends + 1);
  return {std::countr_zero(ends) / 8, (commas & (lowest - 1)) != 0};
}

constexpr std::string_view kEscapes = "\"\\/bfnrt", kEscaped = "\"\\/\b\f\n\r\t";

}  // namespace

const char* JsonScanner::fail(const char* at, Fault fault) {
  fault_ = fault;
  fault_at_ = static_cast<std::size_t>(at - begin_);
  return nullptr;
}

inline const char* JsonScanner::skip_blanks(const char* at) const {
  while (at != end_ && static_cast<unsigned char>(*at) <= ' ' &&
         (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
    ++at;
  }
  return at;
}

JsonScanner::Fault JsonScanner::scan(std::string_view text) {
  begin_ = text.data();
  end_ = begin_ + text.size();
  fault_ = Fault::kNone;
  members_.clear();
  const char* at = outermost(skip_blanks(begin_));
  if (at == nullptr) return fault_;
  at = skip_blanks(at);
  if (at != end_) fail(at, Fault::kTextBehind);
  return fault_;
}

const char* JsonScanner::outermost(const char* at) {
  if (!is_at(at, '{')) return fail(at, Fault::kNoObject);
  at = skip_blanks(at + 1);
  if (is_at(at, '}')) return at + 1;
  for (;;) {
    at = member(at);
    if (at == nullptr) return at;
    at = skip_blanks(at);
    if (is_at(at, '}')) return at + 1;
    if (!is_at(at, ',')) return fail(at, Fault::kSyntax);
    at = skip_blanks(at + 1);
  }
}

const char* JsonScanner::member(const char* at) {
  Member found{};
  const char* const begin = key_and_colon(at, found.key, found.key_has_escapes);
  if (begin == nullptr) return begin;
  if (is_at(begin, '"')) {
    Flags flags;
    at = string(begin + 1, flags);
    if (at == nullptr) return at;
    found.kind = Kind::kString;
    found.has_escapes = flags.escapes;
    found.has_commas = flags.commas;
    found.value = {begin + 1, static_cast<std::size_t>(at - begin) - 2};
  } else {
    at = value(begin, 1);
    if (at == nullptr) return at;
    const char first = *begin;
    found.kind = first == 'n'                      ? Kind::kNull
                 : first == '-' || is_digit(first) ? Kind::kNumber
                                                   : Kind::kOther;
    found.value = {begin, static_cast<std::size_t>(at - begin)};
  }
  members_.push_back(found);
  return at;
}

inline const char* JsonScanner::key_and_colon(const char* at, std::string_view& key,
                                              bool& has_escapes) {
  if (!is_at(at, '"')) return fail(at, Fault::kSyntax);
  const char* const begin = at + 1;
  Flags flags;
  at = string(begin, flags);
  if (at == nullptr) return at;
  key = {begin, static_cast<std::size_t>(at - begin) - 1};
  has_escapes = flags.escapes;
  at = skip_blanks(at);
  return is_at(at, ':') ? skip_blanks(at + 1) : fail(at, Fault::kSyntax);
}

/// A value within `depth` objects and arrays.
const char* JsonScanner::value(const char* at, int depth) {
  if (depth > kJsonDepth) return fail(at, Fault::kDepth);
  if (at == end_) return fail(at, Fault::kSyntax);
  Flags flags;
  switch (*at) {
    case '"': return string(at + 1, flags);
    case '{': return object(at + 1, depth);
    case '[': return array(at + 1, depth);
    case 't': return word(at, "true");
    case 'f': return word(at, "false");
    case 'n': return word(at, "null");
    default: return number(at);
  }
}

const char* JsonScanner::object(const char* at, int depth) {
  at = skip_blanks(at);
  if (is_at(at, '}')) return at + 1;
  std::string_view key;
  bool has_escapes = false;
  for (;;) {
    at = key_and_colon(at, key, has_escapes);
    if (at != nullptr) at = value(at, depth + 1);
    if (at == nullptr) return at;
    at = skip_blanks(at);
    if (is_at(at, '}')) return at + 1;
    if (!is_at(at, ',')) return fail(at, Fault::kSyntax);
    at = skip_blanks(at + 1);
  }
}

const char* JsonScanner::array(const char* at, int depth) {
  at = skip_blanks(at);
  if (is_at(at, ']')) return at + 1;
  for (;;) {
    at = value(at, depth + 1);
    if (at == nullptr) return at;
    at = skip_blanks(at);
    if (is_at(at, ']')) return at + 1;
    if (!is_at(at, ',')) return fail(at, Fault::kSyntax);
    at = skip_blanks(at + 1);
  }
}

const char* JsonScanner::word(const char* at, std::string_view word) {
  const std::string_view rest(at, static_cast<std::size_t>(end_ - at));
  return rest.starts_with(word) ? at + word.size() : fail(at, Fault::kSyntax);
}

const char* JsonScanner::digits(const char* at) {
  const char* const begin = at;
  while (at != end_ && is_digit(*at)) ++at;
  return at != begin ? at : fail(at, Fault::kSyntax);
}

const char* JsonScanner::number(const char* at) {
  if (is_at(at, '-')) ++at;
  at = is_at(at, '0') ? at + 1 : digits(at);
  if (at != nullptr && is_at(at, '.')) at = digits(at + 1);
  if (at == nullptr || !(is_at(at, 'e') || is_at(at, 'E'))) return at;
  ++at;
  return digits(is_at(at, '+') || is_at(at, '-') ? at + 1 : at);
}

/// To behind the closing quote; `at` is behind the opening one.
const char* JsonScanner::string(const char* at, Flags& flags) {
  for (;;) {
    bool is_found = false;
    while (!is_found && end_ - at >= 8) {
      const StringWord word = string_word(at);
      flags.commas |= word.has_commas;
      is_found = word.length < 8;
      at += word.length;
    }
    while (!is_found && at != end_ && !ends_run(*at)) flags.commas |= *at++ == ',';
    if (at == end_) return fail(at, Fault::kSyntax);
    if (*at == '"') return at + 1;
    const char* const after = *at == '\\' ? escape(at + 1) : nullptr;
    if (after == nullptr) return fail(at, Fault::kString);
    flags.escapes = true;
    at = after;
  }
}

/// What follows a backslash; null when it is no escape.
const char* JsonScanner::escape(const char* at) {
  if (at == end_) return nullptr;
  if (*at != 'u') return kEscapes.find(*at) != std::string_view::npos ? at + 1 : nullptr;
  std::uint32_t code = 0, low = 0;
  at = code_unit(at + 1, code);
  if (at == nullptr || code < 0xD800 || code > 0xDFFF) return at;
  // A pair of surrogates.
  if (code >= 0xDC00 || !is_at(at, '\\') || !is_at(at + 1, 'u')) return nullptr;
  at = code_unit(at + 2, low);
  return low >= 0xDC00 && low <= 0xDFFF ? at : nullptr;
}

const char* JsonScanner::code_unit(const char* at, std::uint32_t& unit) {
  if (end_ - at < 4) return nullptr;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(*at++);
    if (digit < 0) return nullptr;
    unit = unit << 4 | static_cast<std::uint32_t>(digit);
  }
  return at;
}

void append_unescaped(std::string& out, std::string_view escaped) {
  while (!escaped.empty()) {
    const std::size_t backslash = escaped.find('\\');
    out.append(escaped.substr(0, backslash));
    if (backslash == std::string_view::npos) return;
    const char name = escaped[backslash + 1];
    escaped.remove_prefix(backslash + 2);
    if (name != 'u') {
      out += kEscaped[kEscapes.find(name)];
      continue;
    }
    std::uint32_t code = hex_number(escaped.substr(0, 4));
    escaped.remove_prefix(4);
    if (code >= 0xD800 && code <= 0xDFFF) {
      code = 0x10000 + ((code - 0xD800) << 10) + (hex_number(escaped.substr(2, 4)) - 0xDC00);
      escaped.remove_prefix(6);
    }
    append_utf8(out, code);
  }
}

}  // namespace finops::bill
