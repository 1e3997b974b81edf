#include "finops/tabular/json_object.h"

#include <algorithm>
#include <cstdint>

#include "finops/tabular/bill_layout.h"
#include "finops/tabular/cell_range.h"

namespace finops::bill {
namespace {

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

constexpr const char* kBadString = "bad JSON string";
constexpr const char* kNotJson = "not a JSON object";

}  // namespace

/// Recursive descent over one text. Every function that reads returns false with `error` set.
class JsonObject::Parser {
 public:
  Parser(std::string_view text, std::string& bytes, std::vector<Parsed>& parsed)
      : at_(text.data()), end_(at_ + text.size()), bytes_(bytes), parsed_(parsed) {}

  const char* run() {
    skip_blanks();
    if (!take('{')) return kNotJson;
    if (!object([this] { return member(); })) return error_;
    skip_blanks();
    return at_ == end_ ? nullptr : kNotJson;
  }

 private:
  bool fail(const char* error) {
    error_ = error;
    return false;
  }
  void skip_blanks() {
    while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r')) ++at_;
  }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool take_word(std::string_view word) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) {
      return fail(kNotJson);
    }
    at_ += word.size();
    return true;
  }

  /// What stands between braces, the opening one taken; `read_member` reads a key, colon and value.
  template <class ReadMember>
  bool object(ReadMember read_member) {
    skip_blanks();
    if (take('}')) return true;
    for (;;) {
      skip_blanks();
      if (!read_member()) return false;
      skip_blanks();
      if (take('}')) return true;
      if (!take(',')) return fail(kNotJson);
    }
  }

  bool key_and_colon() {
    if (!take('"')) return fail(kNotJson);
    if (!string()) return false;
    skip_blanks();
    if (!take(':')) return fail(kNotJson);
    skip_blanks();
    return true;
  }

  /// A member of the outermost object, which is kept.
  bool member() {
    Parsed parsed{};
    parsed.key.offset = bytes_.size();
    if (!key_and_colon()) return false;
    parsed.key.length = bytes_.size() - parsed.key.offset;
    parsed.value.offset = bytes_.size();
    if (at_ < end_ && *at_ == '"') {
      parsed.kind = Kind::kString;
      ++at_;
      if (!string()) return false;
    } else {
      const char* const begin = at_;
      if (!value(1)) return false;
      const char first = *begin;
      parsed.kind = first == 'n'                      ? Kind::kNull
                    : first == '-' || is_digit(first) ? Kind::kNumber
                                                      : Kind::kOther;
      bytes_.resize(parsed.value.offset);  // strings within are not wanted unescaped
      bytes_.append(begin, at_);
    }
    parsed.value.length = bytes_.size() - parsed.value.offset;
    parsed_.push_back(parsed);
    return true;
  }

  bool value(int depth) {
    if (depth > kJsonDepth) return fail("nested too deeply");
    if (at_ == end_) return fail(kNotJson);
    switch (*at_) {
      case '"': ++at_; return string();
      case '{': ++at_; return object([&] { return key_and_colon() && value(depth + 1); });
      case '[': ++at_; return array(depth);
      case 't': return take_word("true");
      case 'f': return take_word("false");
      case 'n': return take_word("null");
      default: return number();
    }
  }

  bool array(int depth) {
    skip_blanks();
    if (take(']')) return true;
    for (;;) {
      skip_blanks();
      if (!value(depth + 1)) return false;
      skip_blanks();
      if (take(']')) return true;
      if (!take(',')) return fail(kNotJson);
    }
  }

  bool digits() {
    const char* const begin = at_;
    while (at_ < end_ && is_digit(*at_)) ++at_;
    return at_ > begin || fail(kNotJson);
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }

  /// To behind the closing quote; its content goes to bytes_.
  bool string() {
    for (;;) {
      const char* const begin = at_;
      while (at_ < end_ && *at_ != '"' && *at_ != '\\' &&
             static_cast<unsigned char>(*at_) >= 0x20) {
        ++at_;
      }
      bytes_.append(begin, at_);
      if (at_ == end_) return fail(kNotJson);
      if (take('"')) return true;
      if (!take('\\') || !escape()) return fail(kBadString);
    }
  }

  bool escape() {
    if (at_ == end_) return false;
    static constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
    const char name = *at_++;
    if (const auto i = kNames.find(name); i != std::string_view::npos) {
      bytes_ += kValues[i];
      return true;
    }
    std::uint32_t code = 0, low = 0;
    if (name != 'u' || !code_unit(code)) return false;
    if (code >= 0xD800 && code <= 0xDFFF) {  // a pair of surrogates
      if (code >= 0xDC00 || !take('\\') || !take('u') || !code_unit(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(bytes_, code);
    return true;
  }

  bool code_unit(std::uint32_t& unit) {
    if (end_ - at_ < 4) return false;
    for (int i = 0; i < 4; ++i) {
      const int digit = hex_value(*at_++);
      if (digit < 0) return false;
      unit = unit << 4 | static_cast<std::uint32_t>(digit);
    }
    return true;
  }

  const char* at_;
  const char* end_;
  std::string& bytes_;
  std::vector<Parsed>& parsed_;
  const char* error_ = kNotJson;
};

std::string JsonObject::read(std::string_view text) {
  members_.clear();
  parsed_.clear();
  bytes_.clear();
  if (const char* error = Parser(text, bytes_, parsed_).run()) return error;
  bytes_.append(kTextPadding, '\0');
  const std::string_view all = bytes_;
  keys_.clear();
  for (const Parsed& p : parsed_) {
    members_.push_back({all.substr(p.key.offset, p.key.length),
                        all.substr(p.value.offset, p.value.length), p.kind});
    keys_.push_back(members_.back().key);
  }
  std::sort(keys_.begin(), keys_.end());
  const auto twice = std::adjacent_find(keys_.begin(), keys_.end());
  if (twice == keys_.end()) return {};
  return "has the key '" + std::string(twice->substr(0, 64)) + "' twice";
}

}  // namespace finops::bill
