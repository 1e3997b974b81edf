#include "finops/tabular/simple_values.h"

#include <chrono>
#include <cstdlib>
#include <set>

#include "finops/tabular/bill_layout.h"

namespace finops::simple {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A text that is taken from its front, in steps that happen or do not.
class Front {
 public:
  explicit Front(std::string_view text) : rest_(text) {}

  std::string_view rest() const { return rest_; }
  bool is_empty() const { return rest_.empty(); }
  bool starts_with(char c) const { return rest_.starts_with(c); }
  bool take(std::string_view prefix) {
    if (!rest_.starts_with(prefix)) return false;
    rest_.remove_prefix(prefix.size());
    return true;
  }
  std::string_view take_digits() {
    std::size_t count = 0;
    while (count < rest_.size() && is_digit(rest_[count])) ++count;
    const std::string_view digits = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return digits;
  }
  /// A number of exactly `count` digits, at most `most`.
  std::optional<int> take_number(std::size_t count, int most) {
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (i >= rest_.size() || !is_digit(rest_[i])) return std::nullopt;
      number = number * 10 + (rest_[i] - '0');
    }
    if (number > most) return std::nullopt;
    rest_.remove_prefix(count);
    return number;
  }
  void take_blanks() {
    while (!rest_.empty() && std::string_view(" \t\n\r").find(rest_[0]) != std::string_view::npos) {
      rest_.remove_prefix(1);
    }
  }

 private:
  std::string_view rest_;
};

using std::chrono::microseconds;

/// [.digits], whole microseconds only.
std::optional<microseconds> take_fraction(Front& in) {
  if (!in.take(".")) return microseconds(0);
  std::string digits(in.take_digits());
  if (digits.empty() || digits.find_first_not_of('0', 6) != std::string::npos) return std::nullopt;
  digits.resize(6, '0');
  return microseconds(std::atoi(digits.c_str()));
}

/// HH:MM[:SS[.digits]], or HHMM[SS[.digits]] where `may_be_compact`.
std::optional<microseconds> take_time_of_day(Front& in, bool may_be_compact) {
  const auto hour = in.take_number(2, 23);
  if (!hour) return std::nullopt;
  const bool is_compact = may_be_compact && !in.starts_with(':');
  if (!is_compact && !in.take(":")) return std::nullopt;
  const auto minute = in.take_number(2, 59);
  if (!minute) return std::nullopt;
  microseconds time = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  const bool has_seconds = is_compact ? !in.is_empty() && is_digit(in.rest()[0]) : in.take(":");
  if (!has_seconds) return time;
  const auto second = in.take_number(2, 59);
  if (!second) return std::nullopt;
  const auto fraction = take_fraction(in);
  if (!fraction) return std::nullopt;
  return time + std::chrono::seconds(*second) + *fraction;
}

/// What is to be subtracted: nothing, Z, +HH, +HHMM, +HH:MM, or these with '-'.
std::optional<microseconds> take_offset(Front& in) {
  if (in.is_empty() || in.take("Z")) return microseconds(0);
  const bool is_west = in.take("-");
  if (!is_west && !in.take("+")) return std::nullopt;
  const auto hours = in.take_number(2, 23);
  if (!hours) return std::nullopt;
  std::optional<int> minutes = 0;
  if (!in.is_empty()) {
    in.take(":");
    minutes = in.take_number(2, 59);
    if (!minutes) return std::nullopt;
  }
  const microseconds offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return is_west ? -offset : offset;
}

std::string utf8_of(std::uint32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | code >> 6), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | code >> 12), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | code >> 18), tail(12), tail(6), tail(0)};
}

/// A JSON value: its text as it stands and, of a string, what it says.
struct JsonValue {
  std::string_view text;
  std::optional<std::string> content;
};

/// JSON by RFC 8259. Each function takes one construct, blanks before it included, or throws.
class Json {
 public:
  struct Malformed {};

  explicit Json(std::string_view text) : in_(text) {}

  std::vector<std::pair<std::string, JsonValue>> take_document() {
    auto members = take_object(1);
    in_.take_blanks();
    if (!in_.is_empty()) throw Malformed();
    return members;
  }

 private:
  void expect(std::string_view token) {
    in_.take_blanks();
    if (!in_.take(token)) throw Malformed();
  }
  bool takes(std::string_view token) {
    in_.take_blanks();
    return in_.take(token);
  }

  /// `depth`: in how many objects and arrays its values are.
  std::vector<std::pair<std::string, JsonValue>> take_object(int depth) {
    std::vector<std::pair<std::string, JsonValue>> members;
    expect("{");
    if (takes("}")) return members;
    do {
      in_.take_blanks();
      std::string key = take_string();
      expect(":");
      members.emplace_back(std::move(key), take_value(depth));
    } while (takes(","));
    expect("}");
    return members;
  }

  void take_array(int depth) {
    expect("[");
    if (takes("]")) return;
    do take_value(depth);
    while (takes(","));
    expect("]");
  }

  JsonValue take_value(int depth) {
    if (depth > kJsonDepth) throw Malformed();
    in_.take_blanks();
    const std::string_view before = in_.rest();
    JsonValue value;
    if (in_.starts_with('"')) {
      value.content = take_string();
    } else if (in_.starts_with('{')) {
      take_object(depth + 1);
    } else if (in_.starts_with('[')) {
      take_array(depth + 1);
    } else if (!in_.take("true") && !in_.take("false") && !in_.take("null")) {
      take_number();
    }
    value.text = before.substr(0, before.size() - in_.rest().size());
    return value;
  }

  void take_number() {
    in_.take("-");
    if (!in_.take("0")) expect_digits();
    if (in_.take(".")) expect_digits();
    if (in_.take("e") || in_.take("E")) {
      if (!in_.take("+")) in_.take("-");
      expect_digits();
    }
  }
  void expect_digits() {
    if (in_.take_digits().empty()) throw Malformed();
  }

  std::string take_string() {
    if (!in_.take("\"")) throw Malformed();
    std::string content;
    while (!in_.take("\"")) {
      if (in_.take("\\")) {
        content += take_escape();
        continue;
      }
      if (in_.is_empty() || static_cast<unsigned char>(in_.rest()[0]) < 0x20) throw Malformed();
      content += in_.rest()[0];
      in_.take(in_.rest().substr(0, 1));
    }
    return content;
  }

  std::string take_escape() {
    static const std::pair<std::string_view, std::string_view> escapes[] = {
        {"\"", "\""}, {"\\", "\\"}, {"/", "/"},  {"b", "\b"},
        {"f", "\f"},  {"n", "\n"},  {"r", "\r"}, {"t", "\t"}};
    for (const auto& [name, meaning] : escapes) {
      if (in_.take(name)) return std::string(meaning);
    }
    const std::uint32_t unit = take_code_unit();
    if (unit < 0xD800 || unit > 0xDFFF) return utf8_of(unit);
    if (unit > 0xDBFF || !in_.take("\\")) throw Malformed();  // a surrogate without its partner
    const std::uint32_t low = take_code_unit();
    if (low < 0xDC00 || low > 0xDFFF) throw Malformed();
    return utf8_of(0x10000 + (unit - 0xD800) * 0x400 + (low - 0xDC00));
  }

  std::uint32_t take_code_unit() {
    if (!in_.take("u") || in_.rest().size() < 4) throw Malformed();
    const std::string digits(in_.rest().substr(0, 4));
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) throw Malformed();
    in_.take(digits);
    return static_cast<std::uint32_t>(std::strtoul(digits.c_str(), nullptr, 16));
  }

  Front in_;
};

std::optional<std::string> to_text(const JsonValue& value) {
  if (value.content) return value.content;
  if (value.text == "null") return std::nullopt;
  return std::string(value.text);
}

std::optional<std::string> to_decimal_bytes(const JsonValue& value) {
  const std::string text = value.content.value_or(std::string(value.text));
  if (text.empty() || value.text == "null") return std::nullopt;
  const bool is_number = value.content || text[0] == '-' || is_digit(text[0]);
  const auto parsed = is_number ? Decimal::parse(text) : std::nullopt;
  if (!parsed) throw Json::Malformed();
  return little_endian(static_cast<UInt128>(parsed->value.unscaled()), 16);
}

}  // namespace

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(text[i]);
  };
  while (at < text.size()) {
    const std::uint32_t first = byte(at++);
    if (first < 0x80) continue;
    const std::size_t tail = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC0 || first > 0xF7 || text.size() - at < tail) return false;
    std::uint32_t code = first & (0x3Fu >> tail);
    for (std::size_t i = 0; i < tail; ++i, ++at) {
      if (byte(at) >> 6 != 2) return false;
      code = code << 6 | (byte(at) & 0x3F);
    }
    constexpr std::uint32_t kLeast[] = {0x80, 0x800, 0x10000};
    if (code < kLeast[tail - 1] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) {
      return false;
    }
  }
  return true;
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  Front in(text);
  const auto year = in.take_number(4, 9999);
  const bool is_compact = !in.take("-");
  const auto month = in.take_number(2, 12);
  if (!is_compact && !in.take("-")) return std::nullopt;
  const auto day = in.take_number(2, 31);
  if (!year || !month || !day || *year == 0) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  microseconds time = std::chrono::sys_days(date).time_since_epoch();
  if (in.is_empty()) return time.count();
  if (!in.take("T") && !in.take(" ")) return std::nullopt;
  const auto time_of_day = take_time_of_day(in, is_compact);
  if (!time_of_day) return std::nullopt;
  const auto offset = take_offset(in);
  if (!offset || !in.is_empty()) return std::nullopt;
  return (time + *time_of_day - *offset).count();
}

std::optional<MapEntries> parse_map(std::string_view text, ColumnType type) {
  MapEntries entries;
  std::set<std::string> keys;
  try {
    for (auto& [key, value] : Json(text).take_document()) {
      if (!keys.insert(key).second) return std::nullopt;
      entries.emplace_back(key,
                           type == ColumnType::kTextMap ? to_text(value) : to_decimal_bytes(value));
    }
  } catch (const Json::Malformed&) {
    return std::nullopt;
  }
  return entries;
}

std::optional<JsonCells> parse_json_line(std::string_view line) {
  if (!is_utf8(line)) return std::nullopt;
  JsonCells cells;
  std::set<std::string> keys;
  try {
    for (auto& [key, value] : Json(line).take_document()) {
      if (!keys.insert(key).second) return std::nullopt;
      cells.emplace_back(key, to_text(value).value_or(""));
    }
  } catch (const Json::Malformed&) {
    return std::nullopt;
  }
  return cells;
}

std::string little_endian(UInt128 value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
  return text;
}

std::string canonical(const MapEntries& entries, ColumnType type) {
  std::string bytes;
  for (const auto& [key, value] : entries) {
    bytes += little_endian(key.size(), 4) + key + (value ? '\1' : '\0');
    if (value && type == ColumnType::kTextMap) bytes += little_endian(value->size(), 4);
    if (value) bytes += *value;
  }
  return bytes;
}

}  // namespace finops::simple
