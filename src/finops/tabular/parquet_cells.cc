#include "finops/tabular/parquet_cells.h"

#include <parquet/metadata.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "finops/core/decimal.h"
#include "finops/core/error.h"
#include "finops/core/json_text.h"
#include "finops/tabular/column_chunk_reader.h"

namespace finops::bill {
namespace {

using parquet::ConvertedType;
using parquet::LogicalType;
using parquet::schema::GroupNode;
using parquet::schema::Node;
using parquet::schema::PrimitiveNode;

/// What the values of a leaf mean.
struct Meaning {
  enum class Kind {
    kBytes,
    kBoolean,
    kInteger,
    kUnsigned,
    kReal,
    kDecimal,
    kDate,
    kTimestamp
  } kind = Kind::kBytes;
  int scale = 0;                      // of decimals
  std::int64_t ticks_per_second = 1;  // of timestamps

  bool is_number() const {
    return kind == Kind::kInteger || kind == Kind::kUnsigned || kind == Kind::kReal ||
           kind == Kind::kDecimal;
  }
};

Error unreadable(const Node& node, const std::string& type) {
  return {ErrorKind::kUnsupported, "its column '" + node.name() + "' is of the type " + type +
                                       ", which finops does not read; leave it out of the export"};
}

std::int64_t ticks_of(LogicalType::TimeUnit::unit unit) {
  if (unit == LogicalType::TimeUnit::MILLIS) return 1'000;
  return unit == LogicalType::TimeUnit::MICROS ? 1'000'000 : 1'000'000'000;
}

Meaning meaning_of_integer(const PrimitiveNode& leaf) {
  const auto& logical = *leaf.logical_type();
  if (logical.is_date()) return {Meaning::Kind::kDate};
  if (logical.is_timestamp()) {
    const auto unit = static_cast<const parquet::TimestampLogicalType&>(logical).time_unit();
    return {Meaning::Kind::kTimestamp, 0, ticks_of(unit)};
  }
  if (logical.is_int()) {
    const bool is_signed = static_cast<const parquet::IntLogicalType&>(logical).is_signed();
    return {is_signed ? Meaning::Kind::kInteger : Meaning::Kind::kUnsigned};
  }
  if (logical.is_none()) return {Meaning::Kind::kInteger};
  throw unreadable(leaf, logical.ToString());
}

Meaning meaning_of(const PrimitiveNode& leaf) {
  const auto& logical = *leaf.logical_type();
  if (logical.is_decimal()) {
    const auto& decimal = static_cast<const parquet::DecimalLogicalType&>(logical);
    if (decimal.precision() > 38) throw unreadable(leaf, logical.ToString());
    return {Meaning::Kind::kDecimal, decimal.scale()};
  }
  switch (leaf.physical_type()) {
    case parquet::Type::BOOLEAN: return {Meaning::Kind::kBoolean};
    case parquet::Type::INT32:
    case parquet::Type::INT64: return meaning_of_integer(leaf);
    case parquet::Type::INT96: return {Meaning::Kind::kTimestamp, 0, 1'000'000'000};
    case parquet::Type::FLOAT:
    case parquet::Type::DOUBLE: return {Meaning::Kind::kReal};
    case parquet::Type::BYTE_ARRAY: return {Meaning::Kind::kBytes};
    default: throw unreadable(leaf, parquet::TypeToString(leaf.physical_type()));
  }
}

std::string told_type_of(const Meaning& meaning) {
  if (meaning.kind == Meaning::Kind::kTimestamp || meaning.kind == Meaning::Kind::kDate) {
    return "timestamp";
  }
  if (meaning.kind == Meaning::Kind::kReal) return "double";
  if (meaning.kind == Meaning::Kind::kDecimal) return "decimal";
  return "string";
}

/// The leaves of a map: group (MAP) { repeated group { key; value } }.
struct MapLeaves {
  const PrimitiveNode* key;
  const PrimitiveNode* value;
};

MapLeaves map_leaves(const Node& column) {
  const auto refuse = [&] { return unreadable(column, "nested"); };
  if (!column.is_group() || column.is_repeated()) throw refuse();
  const auto& map = static_cast<const GroupNode&>(column);
  const bool is_map = map.logical_type()->is_map() || map.converted_type() == ConvertedType::MAP ||
                      map.converted_type() == ConvertedType::MAP_KEY_VALUE;
  if (!is_map || map.field_count() != 1 || !map.field(0)->is_group() ||
      !map.field(0)->is_repeated()) {
    throw refuse();
  }
  const auto& entry = static_cast<const GroupNode&>(*map.field(0));
  if (entry.field_count() != 2 || !entry.field(0)->is_primitive() ||
      !entry.field(1)->is_primitive() || !entry.field(0)->is_required() ||
      entry.field(1)->is_repeated()) {
    throw refuse();
  }
  return {static_cast<const PrimitiveNode*>(entry.field(0).get()),
          static_cast<const PrimitiveNode*>(entry.field(1).get())};
}

void append_padded(std::string& out, std::int64_t number, int digits) {
  const std::string text = std::to_string(number);
  out.append(static_cast<std::size_t>(std::max<int>(digits - static_cast<int>(text.size()), 0)),
             '0');
  out += text;
}

void append_date(std::string& out, std::int64_t days) {
  // Beyond what the calendar of bills knows it is no time, and is shown as what it is.
  if (days < -719'162 || days > 2'932'896) {
    out += "day " + std::to_string(days);
    return;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  append_padded(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
}

void append_timestamp(std::string& out, std::int64_t days, std::int64_t ticks_of_day,
                      std::int64_t ticks_per_second) {
  append_date(out, days);
  const std::int64_t seconds = ticks_of_day / ticks_per_second;
  out += 'T';
  append_padded(out, seconds / 3600, 2);
  out += ':';
  append_padded(out, seconds / 60 % 60, 2);
  out += ':';
  append_padded(out, seconds % 60, 2);
  if (const std::int64_t fraction = ticks_of_day % ticks_per_second; fraction != 0) {
    out += '.';
    append_padded(out, fraction,
                  ticks_per_second == 1'000 ? 3 : (ticks_per_second == 1'000'000 ? 6 : 9));
  }
  out += 'Z';
}

template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 64> text;
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr);
}

void append_decimal(std::string& out, Int128 unscaled, int scale) {
  ExactSum sum;
  sum.add(unscaled, scale);
  out += sum.to_string();
}

/// Big-endian two's complement of 1 to 16 bytes, or more that only repeat the sign.
std::optional<Int128> big_endian(const std::uint8_t* bytes, std::size_t length) {
  if (length == 0) return std::nullopt;
  const std::uint8_t sign = (bytes[0] & 0x80) != 0 ? 0xFF : 0;
  for (; length > 16; ++bytes, --length) {
    if (bytes[0] != sign || ((bytes[1] & 0x80) != 0) != (sign != 0)) return std::nullopt;
  }
  UInt128 bits = sign != 0 ? ~UInt128{0} : 0;
  for (std::size_t i = 0; i < length; ++i) bits = bits << 8 | bytes[i];
  return static_cast<Int128>(bits);
}

void append_big_endian(std::string& out, const std::uint8_t* bytes, std::size_t length, int scale) {
  if (const auto unscaled = big_endian(bytes, length)) {
    append_decimal(out, *unscaled, scale);
  } else {
    out += "a number of " + std::to_string(length) + " bytes";
  }
}

void append_integer(std::string& out, const Meaning& meaning, std::int64_t value, bool is_32) {
  constexpr std::int64_t kSecondsOfDay = 86'400;
  switch (meaning.kind) {
    case Meaning::Kind::kDecimal: return append_decimal(out, value, meaning.scale);
    case Meaning::Kind::kDate: return append_date(out, value);
    case Meaning::Kind::kUnsigned:
      if (is_32) return append_number(out, static_cast<std::uint32_t>(value));
      return append_number(out, static_cast<std::uint64_t>(value));
    case Meaning::Kind::kTimestamp: {
      const std::int64_t ticks_of_day = kSecondsOfDay * meaning.ticks_per_second;
      std::int64_t days = value / ticks_of_day;
      if (value % ticks_of_day < 0) --days;
      return append_timestamp(out, days, value - days * ticks_of_day, meaning.ticks_per_second);
    }
    default: return append_number(out, value);
  }
}

/// The value as text, without any quoting.
template <typename T>
void append_value(std::string& out, const Meaning& meaning, const T& value, int type_length) {
  if constexpr (std::is_same_v<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::is_same_v<T, parquet::Int96>) {
    constexpr std::int64_t kEpoch = 2'440'588;  // Julian day of 1970-01-01
    std::int64_t nanos = 0;
    std::memcpy(&nanos, &value.value[0], sizeof nanos);
    append_timestamp(out, std::int64_t{value.value[2]} - kEpoch, nanos, 1'000'000'000);
  } else if constexpr (std::is_same_v<T, parquet::ByteArray>) {
    if (meaning.kind == Meaning::Kind::kDecimal) {
      append_big_endian(out, value.ptr, value.len, meaning.scale);
    } else {
      out.append(reinterpret_cast<const char*>(value.ptr), value.len);
    }
  } else if constexpr (std::is_same_v<T, parquet::FixedLenByteArray>) {
    append_big_endian(out, value.ptr, static_cast<std::size_t>(type_length), meaning.scale);
  } else if constexpr (std::is_same_v<T, double>) {
    append_real(out, value);
  } else if constexpr (std::is_same_v<T, float>) {
    append_number(out, value);
  } else {
    append_integer(out, meaning, value, sizeof(T) == 4);
  }
}

/// The levels and values of one leaf, level by level.
template <typename Type>
class Leaf {
 public:
  using T = typename Type::c_type;

  Leaf(parquet::RowGroupReader& group, int leaf, const PrimitiveNode& node)
      : chunk_(group, leaf, false),
        meaning_(meaning_of(node)),
        type_length_(node.type_length()),
        max_definition_(group.metadata()->schema()->Column(leaf)->max_definition_level()) {}

  /// False at the end of the row group.
  bool has_level() {
    while (level_ == batch_.levels) {
      if (!chunk_.next(batch_)) return false;
      level_ = 0;
      value_ = 0;
    }
    return true;
  }
  std::int16_t definition() const {
    return batch_.definitions.empty() ? std::int16_t{0}
                                      : batch_.definitions[static_cast<std::size_t>(level_)];
  }
  std::int16_t repetition() const {
    return batch_.repetitions.empty() ? std::int16_t{0}
                                      : batch_.repetitions[static_cast<std::size_t>(level_)];
  }
  bool has_value() const { return definition() == max_definition_; }
  std::int16_t max_definition() const { return max_definition_; }
  const Meaning& meaning() const { return meaning_; }
  int type_length() const { return type_length_; }

  const T& value() const { return batch_.values[static_cast<std::size_t>(value_)]; }
  void advance() {
    value_ += has_value() ? 1 : 0;
    ++level_;
  }

 private:
  ChunkReader<Type> chunk_;
  const Meaning meaning_;
  const int type_length_;
  const std::int16_t max_definition_;
  Batch<T> batch_;
  std::int64_t level_ = 0, value_ = 0;
};

[[noreturn]] void fail_for_rows() {
  throw Error(ErrorKind::kInvalidData, "a column chunk and its row group differ in rows");
}

/// What NULL is a code of where nothing else is.
std::shared_ptr<const CellTexts> no_text() {
  static const auto texts = [] {
    auto made = std::make_shared<CellTexts>();
    made->end_cell();
    made->finish();
    return made;
  }();
  return texts;
}

template <typename Type>
class ScalarCells final : public ParquetCells {
 public:
  using T = typename Type::c_type;

  ScalarCells(parquet::RowGroupReader& group, const PrimitiveNode& node, int leaf)
      : chunk_(group, leaf, true), meaning_(meaning_of(node)), type_length_(node.type_length()) {}

  void read(std::size_t rows, CellColumn& out) override {
    out.codes.clear();
    out.reals.clear();
    if (chunk_.has_codes()) return read_codes(rows, out);
    if constexpr (std::is_same_v<T, double>) return read_reals(rows, out);
    read_texts(rows, out);
  }

 private:
  void read_codes(std::size_t rows, CellColumn& out) {
    out.codes.resize(rows);
    std::uint32_t* code = out.codes.data();
    for (std::size_t levels = 0; rows > 0; rows -= levels) {
      levels = next_levels(rows);
      for_each_level(
          levels, [&](std::size_t i) { *code++ = static_cast<std::uint32_t>(batch_.codes[i]) + 1; },
          [&] { *code++ = 0; });
    }
    out.texts = dictionary_;
  }

  void read_reals(std::size_t rows, CellColumn& out) {
    out.reals.reserve(rows);
    bool are_finite = true;
    for (std::size_t levels = 0; rows > 0; rows -= levels) {
      levels = next_levels(rows);
      for_each_level(
          levels,
          [&](std::size_t i) {
            const auto number = static_cast<double>(batch_.values[i]);
            are_finite &= std::isfinite(number);
            out.reals.push_back(std::isnan(number) ? std::numeric_limits<double>::quiet_NaN()
                                                   : number);
          },
          [&] { out.reals.push_back(kNullReal); });
    }
    out.texts = nullptr;
    if (!are_finite) out.make_texts();
  }

  void read_texts(std::size_t rows, CellColumn& out) {
    std::shared_ptr<CellTexts> texts;  // from the first value on
    std::size_t nulls = 0;             // before it
    for (std::size_t levels = 0; rows > 0; rows -= levels) {
      levels = next_levels(rows);
      if (!texts && batch_.values.empty()) {
        level_ += static_cast<std::int64_t>(levels);
        nulls += levels;
        continue;
      }
      if (!texts) {
        texts = std::make_shared<CellTexts>();
        texts->reserve(nulls + rows, usual_bytes_);
        for (; nulls > 0; --nulls) texts->end_cell();
      }
      for_each_level(
          levels, [&](std::size_t i) { add_text(batch_.values[i], *texts); },
          [&] { texts->end_cell(); });
    }
    if (!texts) {
      out.texts = no_text();
      out.codes.assign(nulls, 0);
      return;
    }
    texts->finish();
    usual_bytes_ = texts->memory();
    out.texts = std::move(texts);
  }

  /// So many of the next rows as are at hand.
  std::size_t next_levels(std::size_t rows) {
    if (level_ == batch_.levels) next_batch();
    return std::min(rows, static_cast<std::size_t>(batch_.levels - level_));
  }

  void next_batch() {
    do {
      if (!chunk_.next(batch_)) fail_for_rows();
    } while (batch_.levels == 0);
    level_ = 0;
    value_ = 0;
    if (chunk_.has_codes() && !dictionary_) make_dictionary();
    if (dictionary_ && dictionary_->size() != batch_.dictionary.size() + 1) {
      throw Error(ErrorKind::kInvalidData, "a column chunk has two dictionaries");
    }
  }

  void make_dictionary() {
    const auto texts = std::make_shared<CellTexts>();
    texts->reserve(batch_.dictionary.size() + 1, 0);
    texts->end_cell();  // NULL
    for (const T& value : batch_.dictionary) add_text(value, *texts);
    texts->finish();
    dictionary_ = texts;
  }

  void add_text(const T& value, CellTexts& texts) const {
    append_value(texts.bytes(), meaning_, value, type_length_);
    texts.end_cell();
  }

  /// Calls `on_value(its place among the batch's values)` or `on_null()` for the next levels.
  template <typename OnValue, typename OnNull>
  void for_each_level(std::size_t levels, OnValue on_value, OnNull on_null) {
    const auto first = static_cast<std::size_t>(level_);
    level_ += static_cast<std::int64_t>(levels);
    if (batch_.definitions.empty()) {
      for (std::size_t i = 0; i < levels; ++i) on_value(value_++);
      return;
    }
    for (std::size_t i = first; i < first + levels; ++i) {
      if (batch_.definitions[i] != 0) {
        on_value(value_++);
      } else {
        on_null();
      }
    }
  }

  ChunkReader<Type> chunk_;
  const Meaning meaning_;
  const int type_length_;
  Batch<T> batch_;
  std::int64_t level_ = 0;
  std::size_t value_ = 0;
  std::shared_ptr<const CellTexts> dictionary_;  // of a chunk that is read as codes
  std::size_t usual_bytes_ = 0;                  // of texts that are not
};

/// Calls `use` with the reader type of a leaf.
template <typename Use>
auto with_type_of(const PrimitiveNode& leaf, Use use) {
  switch (leaf.physical_type()) {
    case parquet::Type::BOOLEAN: return use(parquet::BooleanType{});
    case parquet::Type::INT32: return use(parquet::Int32Type{});
    case parquet::Type::INT64: return use(parquet::Int64Type{});
    case parquet::Type::INT96: return use(parquet::Int96Type{});
    case parquet::Type::FLOAT: return use(parquet::FloatType{});
    case parquet::Type::DOUBLE: return use(parquet::DoubleType{});
    case parquet::Type::BYTE_ARRAY: return use(parquet::ByteArrayType{});
    case parquet::Type::FIXED_LEN_BYTE_ARRAY: return use(parquet::FLBAType{});
    default: throw unreadable(leaf, parquet::TypeToString(leaf.physical_type()));
  }
}

/// The entries of a map's leaf, as JSON texts, by level.
class EntryTexts {
 public:
  virtual ~EntryTexts() = default;
  virtual bool has_level() = 0;
  virtual std::int16_t definition() const = 0;
  virtual std::int16_t repetition() const = 0;
  virtual std::int16_t max_definition() const = 0;
  virtual void append_json(std::string& out, bool as_key) = 0;
  virtual void advance() = 0;
};

template <typename Type>
class LeafEntries final : public EntryTexts {
 public:
  LeafEntries(parquet::RowGroupReader& group, const PrimitiveNode& node, int leaf)
      : leaf_(group, leaf, node) {}

  bool has_level() override { return leaf_.has_level(); }
  std::int16_t definition() const override { return leaf_.definition(); }
  std::int16_t repetition() const override { return leaf_.repetition(); }
  std::int16_t max_definition() const override { return leaf_.max_definition(); }
  void append_json(std::string& out, bool as_key) override {
    if (!leaf_.has_value()) {
      out += "null";
      return;
    }
    text_.clear();
    append_value(text_, leaf_.meaning(), leaf_.value(), leaf_.type_length());
    const bool is_literal =
        leaf_.meaning().is_number() || std::is_same_v<Type, parquet::BooleanType>;
    if (is_literal && !as_key) {
      out += text_;
    } else {
      append_json_string(out, text_);
    }
  }
  void advance() override { leaf_.advance(); }

 private:
  Leaf<Type> leaf_;
  std::string text_;
};

std::unique_ptr<EntryTexts> open_entries(parquet::RowGroupReader& group, const PrimitiveNode& node,
                                         int leaf) {
  return with_type_of(node, [&](auto type) -> std::unique_ptr<EntryTexts> {
    return std::make_unique<LeafEntries<decltype(type)>>(group, node, leaf);
  });
}

class MapCells final : public ParquetCells {
 public:
  MapCells(parquet::RowGroupReader& group, const Node& column, int first_leaf)
      : is_optional_(column.is_optional()),
        keys_(open_entries(group, *map_leaves(column).key, first_leaf)),
        values_(open_entries(group, *map_leaves(column).value, first_leaf + 1)) {}

  void read(std::size_t rows, CellColumn& out) override {
    const auto texts = std::make_shared<CellTexts>();
    texts->reserve(rows, 0);
    for (; rows > 0; --rows) {
      if (!keys_->has_level() || !values_->has_level()) fail_for_rows();
      append_row(texts->bytes());
      texts->end_cell();
    }
    texts->finish();
    out.texts = texts;
    out.codes.clear();
  }

 private:
  void append_row(std::string& bytes) {
    const bool is_null = is_optional_ && keys_->definition() == 0;
    const std::int16_t entry_level = is_optional_ ? 2 : 1;  // from which on there is an entry
    if (!is_null) bytes += '{';
    bool is_first = true;
    do {
      if (keys_->repetition() != values_->repetition()) fail_for_rows();
      // Below the entry both leaves tell the same: no map, or an empty one.
      const std::int16_t level = std::min(keys_->definition(), entry_level);
      if (level != std::min(values_->definition(), entry_level)) fail_for_rows();
      if (level == entry_level) {
        if (!is_first) bytes += ',';
        is_first = false;
        keys_->append_json(bytes, true);
        bytes += ':';
        values_->append_json(bytes, false);
      }
      keys_->advance();
      values_->advance();
      if (keys_->has_level() != values_->has_level()) fail_for_rows();
    } while (keys_->has_level() && keys_->repetition() > 0);
    if (!is_null) bytes += '}';
  }

  const bool is_optional_;
  std::unique_ptr<EntryTexts> keys_, values_;
};

}  // namespace

std::string told_type_of(const Node& column) {
  if (column.is_primitive() && !column.is_repeated()) {
    return told_type_of(meaning_of(static_cast<const PrimitiveNode&>(column)));
  }
  const MapLeaves leaves = map_leaves(column);
  meaning_of(*leaves.key);
  const Meaning value = meaning_of(*leaves.value);
  return std::string("map<string,") + (value.is_number() ? "double>" : "string>");
}

std::unique_ptr<ParquetCells> open_parquet_cells(parquet::RowGroupReader& group, const Node& column,
                                                 int first_leaf) {
  if (column.is_group()) return std::make_unique<MapCells>(group, column, first_leaf);
  const auto& leaf = static_cast<const PrimitiveNode&>(column);
  return with_type_of(leaf, [&](auto type) -> std::unique_ptr<ParquetCells> {
    return std::make_unique<ScalarCells<decltype(type)>>(group, leaf, first_leaf);
  });
}

int leaf_count(const Node& column) { return column.is_group() ? 2 : 1; }

}  // namespace finops::bill
