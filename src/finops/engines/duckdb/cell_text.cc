#include "finops/engines/duckdb/cell_text.h"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>
#include <type_traits>

#include "finops/core/decimal.h"
#include "finops/core/error.h"
#include "finops/core/json_text.h"
#include "finops/engines/duckdb/duckdb_connection.h"
#include "finops/engines/duckdb/hugeint.h"

namespace finops {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

template <typename T>
const T& at(duckdb_vector vector, idx_t row) {
  return static_cast<const T*>(duckdb_vector_get_data(vector))[row];
}

std::string_view text_at(duckdb_vector vector, idx_t row) {
  auto& text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector))[row];
  return {duckdb_string_t_data(&text), duckdb_string_t_length(text)};
}

UInt128 to_uint128(duckdb_uhugeint value) {
  return (static_cast<UInt128>(value.upper) << 64) | value.lower;
}

template <typename... Values>
void append_format(std::string& out, const char* format, Values... values) {
  char text[64];
  const int n = std::snprintf(text, sizeof text, format, values...);
  out.append(text, static_cast<std::size_t>(n));
}

template <typename Integer>
void append_integer(std::string& out, Integer value) {
  char text[24];
  out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

/// At least `digits` digits.
void append_unsigned(std::string& out, UInt128 value, int digits = 1) {
  char text[40];
  char* begin = text + sizeof text;
  for (; value != 0 || digits > 0; value /= 10, --digits) {
    *--begin = static_cast<char>('0' + static_cast<int>(value % 10));
  }
  out.append(begin, text + sizeof text);
}

void append_decimal(std::string& out, Int128 value, int scale) {
  auto size = static_cast<UInt128>(value);
  if (value < 0) {
    out += '-';
    size = -size;
  }
  append_unsigned(out, size, scale + 1);
  if (scale > 0) out.insert(out.size() - static_cast<std::size_t>(scale), 1, '.');
}

Int128 unscaled_at(const ResultType& type, duckdb_vector vector, idx_t row) {
  switch (type.stored_as) {
    case DUCKDB_TYPE_SMALLINT: return at<std::int16_t>(vector, row);
    case DUCKDB_TYPE_INTEGER: return at<std::int32_t>(vector, row);
    case DUCKDB_TYPE_BIGINT: return at<std::int64_t>(vector, row);
    default: return to_int128(at<duckdb_hugeint>(vector, row));
  }
}

/// The shortest text that gives the same number back, and always one of a floating-point number.
template <typename Float>
void append_float(std::string& out, Float value) {
  if (std::isnan(value)) {
    out += "nan";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-inf" : "inf";
  } else {
    char text[40];
    const std::string_view shortest(
        text, static_cast<std::size_t>(std::to_chars(text, text + sizeof text, value).ptr - text));
    out += shortest;
    if (shortest.find_first_not_of("-0123456789") == shortest.npos) out += ".0";
  }
}

void append_date(std::string& out, std::int64_t days) {
  // The days before 1970-01-01 and after that chrono's calendar of 16-bit years can name.
  if (days < -12'687'794 || days > 11'248'737)
    return append_format(out, "day %lld", static_cast<long long>(days));
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<std::chrono::days::rep>(days)))};
  append_format(out, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

/// "HH:MM:SS" and the fraction, without zeros at its end.
void append_time(std::string& out, std::int64_t ticks, std::int64_t per_second) {
  const std::int64_t seconds = ticks / per_second;
  append_format(out, "%02lld:%02lld:%02lld", static_cast<long long>(seconds / 3600),
                static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  std::int64_t rest = ticks % per_second;
  if (rest == 0) return;
  out += '.';
  for (std::int64_t unit = per_second / 10; rest > 0; rest %= unit, unit /= 10) {
    out += static_cast<char>('0' + rest / unit);
    if (unit == 1) break;
  }
}

void append_timestamp(std::string& out, std::int64_t ticks, std::int64_t per_second) {
  if (ticks == std::numeric_limits<std::int64_t>::max()) out += "infinity";
  if (ticks == -std::numeric_limits<std::int64_t>::max()) out += "-infinity";
  if (ticks == std::numeric_limits<std::int64_t>::max() ||
      ticks == -std::numeric_limits<std::int64_t>::max()) {
    return;
  }
  const std::int64_t per_day = per_second * kSecondsPerDay;
  std::int64_t days = ticks / per_day, in_day = ticks % per_day;
  if (in_day < 0) {
    in_day += per_day;
    --days;
  }
  append_date(out, days);
  out += ' ';
  append_time(out, in_day, per_second);
}

/// "1 year 2 months 3 days 04:05:06", the parts that are zero left out.
void append_interval(std::string& out, const duckdb_interval& interval) {
  const std::size_t begin = out.size();
  const auto part = [&](std::int64_t count, const char* unit) {
    if (count == 0) return;
    if (out.size() > begin) out += ' ';
    append_integer(out, count);
    out += ' ';
    out += unit;
    if (count != 1 && count != -1) out += 's';
  };
  part(interval.months / 12, "year");
  part(interval.months % 12, "month");
  part(interval.days, "day");
  if (interval.micros == 0 && out.size() > begin) return;
  if (out.size() > begin) out += ' ';
  if (interval.micros < 0) out += '-';
  append_time(out, std::abs(interval.micros), kMicrosPerSecond);
}

void append_uuid(std::string& out, duckdb_hugeint value) {
  const auto upper = static_cast<std::uint64_t>(value.upper) ^ (std::uint64_t{1} << 63);
  const std::uint64_t lower = value.lower;
  append_format(
      out, "%08llx-%04llx-%04llx-%04llx-%012llx", static_cast<unsigned long long>(upper >> 32),
      static_cast<unsigned long long>(upper >> 16 & 0xffff),
      static_cast<unsigned long long>(upper & 0xffff), static_cast<unsigned long long>(lower >> 48),
      static_cast<unsigned long long>(lower & 0xffff'ffff'ffff));
}

/// As DuckDB's own cast: what is not printable ASCII, quotes and backslashes as \xNN.
void append_blob(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    if (c >= ' ' && c <= '~' && c != '\\' && c != '\'' && c != '"') {
      out += c;
    } else {
      append_format(out, "\\x%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
  }
}

void append_text(const ResultType& type, duckdb_vector vector, idx_t row, std::string& out);

void append_json(const ResultType& type, duckdb_vector vector, idx_t row, std::string& out) {
  if (is_null(vector, row)) {
    out += "null";
    return;
  }
  const bool is_json_number = type.form() == CellForm::kNumber && type.id != DUCKDB_TYPE_DECIMAL &&
                              type.id != DUCKDB_TYPE_FLOAT && type.id != DUCKDB_TYPE_DOUBLE;
  if (is_json_number || type.form() == CellForm::kBoolean || type.form() == CellForm::kJson) {
    append_text(type, vector, row, out);
    return;
  }
  std::string text;
  append_text(type, vector, row, text);
  append_json_string(out, text);
}

/// A name or key of a JSON object is a string, whatever its type.
void append_json_key(const ResultType& type, duckdb_vector vector, idx_t row, std::string& out) {
  std::string text;
  append_text(type, vector, row, text);
  append_json_string(out, text);
  out += ": ";
}

void append_items(const ResultType& type, duckdb_vector items, idx_t begin, idx_t count,
                  std::string& out) {
  out += '[';
  for (idx_t i = 0; i < count; ++i) {
    if (i > 0) out += ", ";
    append_json(type.children[0], items, begin + i, out);
  }
  out += ']';
}

void append_map(const ResultType& type, duckdb_vector vector, idx_t row, std::string& out) {
  const auto entry = at<duckdb_list_entry>(vector, row);
  const duckdb_vector pairs = duckdb_list_vector_get_child(vector);
  const duckdb_vector keys = duckdb_struct_vector_get_child(pairs, 0);
  const duckdb_vector values = duckdb_struct_vector_get_child(pairs, 1);
  out += '{';
  for (idx_t i = 0; i < entry.length; ++i) {
    if (i > 0) out += ", ";
    append_json_key(type.children[0], keys, entry.offset + i, out);
    append_json(type.children[1], values, entry.offset + i, out);
  }
  out += '}';
}

void append_struct(const ResultType& type, duckdb_vector vector, idx_t row, std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < type.children.size(); ++i) {
    if (i > 0) out += ", ";
    append_json_string(out, type.child_names[i]);
    out += ": ";
    append_json(type.children[i], duckdb_struct_vector_get_child(vector, i), row, out);
  }
  out += '}';
}

void append_nested(const ResultType& type, duckdb_vector vector, idx_t row, std::string& out) {
  switch (type.id) {
    case DUCKDB_TYPE_MAP: return append_map(type, vector, row, out);
    case DUCKDB_TYPE_STRUCT: return append_struct(type, vector, row, out);
    case DUCKDB_TYPE_ARRAY:
      return append_items(type, duckdb_array_vector_get_child(vector), row * type.size, type.size,
                          out);
    case DUCKDB_TYPE_LIST: {
      const auto entry = at<duckdb_list_entry>(vector, row);
      return append_items(type, duckdb_list_vector_get_child(vector), entry.offset, entry.length,
                          out);
    }
    default: throw Error(ErrorKind::kInternal, "no text for DuckDB's type " + type.name);
  }
}

std::size_t enum_index(const ResultType& type, duckdb_vector vector, idx_t row) {
  switch (type.stored_as) {
    case DUCKDB_TYPE_UTINYINT: return at<std::uint8_t>(vector, row);
    case DUCKDB_TYPE_USMALLINT: return at<std::uint16_t>(vector, row);
    default: return at<std::uint32_t>(vector, row);
  }
}

void append_moment(const ResultType& type, duckdb_vector vector, idx_t row, std::string& out) {
  const auto ticks = [&] { return at<std::int64_t>(vector, row); };
  switch (type.id) {
    case DUCKDB_TYPE_DATE: return append_date(out, at<std::int32_t>(vector, row));
    case DUCKDB_TYPE_TIME: return append_time(out, ticks(), kMicrosPerSecond);
    case DUCKDB_TYPE_INTERVAL: return append_interval(out, at<duckdb_interval>(vector, row));
    case DUCKDB_TYPE_TIMESTAMP: return append_timestamp(out, ticks(), kMicrosPerSecond);
    case DUCKDB_TYPE_TIMESTAMP_S: return append_timestamp(out, ticks(), 1);
    case DUCKDB_TYPE_TIMESTAMP_MS: return append_timestamp(out, ticks(), 1000);
    case DUCKDB_TYPE_TIMESTAMP_NS: return append_timestamp(out, ticks(), kNanosPerSecond);
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      append_timestamp(out, ticks(), kMicrosPerSecond);
      out += "+00";
      return;
    default: return append_nested(type, vector, row, out);
  }
}

void append_text(const ResultType& type, duckdb_vector vector, idx_t row, std::string& out) {
  switch (type.id) {
    case DUCKDB_TYPE_BOOLEAN: out += at<bool>(vector, row) ? "true" : "false"; return;
    case DUCKDB_TYPE_TINYINT: return append_integer(out, at<std::int8_t>(vector, row));
    case DUCKDB_TYPE_SMALLINT: return append_integer(out, at<std::int16_t>(vector, row));
    case DUCKDB_TYPE_INTEGER: return append_integer(out, at<std::int32_t>(vector, row));
    case DUCKDB_TYPE_BIGINT: return append_integer(out, at<std::int64_t>(vector, row));
    case DUCKDB_TYPE_UTINYINT: return append_integer(out, at<std::uint8_t>(vector, row));
    case DUCKDB_TYPE_USMALLINT: return append_integer(out, at<std::uint16_t>(vector, row));
    case DUCKDB_TYPE_UINTEGER: return append_integer(out, at<std::uint32_t>(vector, row));
    case DUCKDB_TYPE_UBIGINT: return append_integer(out, at<std::uint64_t>(vector, row));
    case DUCKDB_TYPE_HUGEINT:
      return append_decimal(out, to_int128(at<duckdb_hugeint>(vector, row)), 0);
    case DUCKDB_TYPE_UHUGEINT:
      return append_unsigned(out, to_uint128(at<duckdb_uhugeint>(vector, row)));
    case DUCKDB_TYPE_DECIMAL:
      return append_decimal(out, unscaled_at(type, vector, row), type.scale);
    case DUCKDB_TYPE_FLOAT: return append_float(out, at<float>(vector, row));
    case DUCKDB_TYPE_DOUBLE: return append_float(out, at<double>(vector, row));
    case DUCKDB_TYPE_VARCHAR: out += text_at(vector, row); return;
    case DUCKDB_TYPE_BLOB: return append_blob(out, text_at(vector, row));
    case DUCKDB_TYPE_UUID: return append_uuid(out, at<duckdb_hugeint>(vector, row));
    case DUCKDB_TYPE_ENUM: out += type.child_names.at(enum_index(type, vector, row)); return;
    default: return append_moment(type, vector, row, out);
  }
}

}  // namespace

void set_cell(const ResultType& type, duckdb_vector vector, idx_t row,
              std::optional<std::string>& text) {
  if (is_null(vector, row)) {
    text.reset();
    return;
  }
  if (text) {
    text->clear();
  } else {
    text.emplace();
  }
  append_text(type, vector, row, *text);
}

}  // namespace finops
