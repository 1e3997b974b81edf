#include "finops/tabular/column_chunk_totals.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>
#include <unordered_map>

#include "finops/core/error.h"
#include "finops/tabular/column_chunk_reader.h"

namespace finops {
namespace {

static_assert(std::endian::native == std::endian::little, "canonical bytes are little-endian");

[[noreturn]] void fail_rows(std::int64_t found, std::int64_t expected) {
  throw Error(ErrorKind::kInvalidData, "a column chunk has " + std::to_string(found) +
                                           " rows, its row group " + std::to_string(expected));
}

/// The bytes that core/fingerprint.h prescribes for one value, in place or in `room`.
using Room = std::array<char, 16>;

std::string_view canonical(const parquet::ByteArray& value, Room&) {
  return {reinterpret_cast<const char*>(value.ptr), value.len};
}
std::string_view canonical(const parquet::FixedLenByteArray& value, Room& room) {
  const Int128 unscaled = to_decimal(value);
  std::memcpy(room.data(), &unscaled, sizeof unscaled);
  return {room.data(), sizeof unscaled};
}
std::string_view canonical(std::int64_t value, Room& room) {
  std::memcpy(room.data(), &value, sizeof value);
  return {room.data(), sizeof value};
}
std::string_view canonical(std::int32_t value, Room& room) {
  return canonical(static_cast<std::int64_t>(value), room);
}
std::string_view canonical(bool value, Room& room) {
  room[0] = value ? 1 : 0;
  return {room.data(), 1};
}

/// Hashes each distinct value of a dictionary once, however many cells have it.
template <typename T>
class ContentCounter {
 public:
  void add(const Batch<T>& batch) {
    const auto cells = std::max(batch.codes.size(), batch.values.size());
    content_.nulls += static_cast<std::uint64_t>(batch.levels) - cells;
    if (!batch.codes.empty()) {
      dictionary_ = batch.dictionary;
      counts_.resize(dictionary_.size());
      for (const std::int32_t code : batch.codes) ++counts_[static_cast<std::size_t>(code)];
    } else {
      for (const T& value : batch.values) content_.fingerprint.add(canonical(value, room_));
    }
  }

  /// `on_distinct(value, count)` for each value of the dictionary that occurs.
  template <typename OnDistinct>
  ColumnContent finish(OnDistinct on_distinct) {
    for (std::size_t code = 0; code < counts_.size(); ++code) {
      if (counts_[code] == 0) continue;
      const auto hash = Fingerprint::hash(canonical(dictionary_[code], room_));
      content_.fingerprint.add(hash, counts_[code]);
      on_distinct(dictionary_[code], counts_[code]);
    }
    return content_;
  }

 private:
  ColumnContent content_;
  std::span<const T> dictionary_;  // the reader's
  std::vector<std::uint64_t> counts_;
  Room room_{};
};

template <typename Type>
ChunkTotals read_content(parquet::RowGroupReader& group, int leaf) {
  ChunkReader<Type> reader(group, leaf, true);
  ContentCounter<typename Type::c_type> counter;
  Batch<typename Type::c_type> batch;
  std::int64_t rows = 0;
  for (; reader.next(batch); rows += batch.levels) counter.add(batch);
  if (rows != group.metadata()->num_rows()) fail_rows(rows, group.metadata()->num_rows());
  return {counter.finish([](const auto&, std::uint64_t) {}), {}};
}

ChunkTotals read_decimals(parquet::RowGroupReader& group, int leaf,
                          const RowCurrencies& currencies) {
  using parquet::FixedLenByteArray;
  ChunkReader<parquet::FLBAType> reader(group, leaf, true);
  ContentCounter<FixedLenByteArray> counter;
  Batch<FixedLenByteArray> batch;
  std::vector<DecimalSum> sums(currencies.names.size());
  const bool has_one_currency = currencies.of_row.empty();
  const std::int64_t expected = group.metadata()->num_rows();
  std::int64_t rows = 0;
  for (; reader.next(batch); rows += batch.levels) {
    if (rows + batch.levels > expected) fail_rows(rows + batch.levels, expected);
    counter.add(batch);
    if (!has_one_currency) {
      for_each_value(batch, rows, [&](std::int64_t row, const FixedLenByteArray& value) {
        sums[currencies.of_row[static_cast<std::size_t>(row)]].add(to_decimal(value));
      });
    } else if (batch.codes.empty()) {
      for (const FixedLenByteArray& value : batch.values) sums[0].add(to_decimal(value));
    }
  }
  if (rows != expected) fail_rows(rows, expected);
  ColumnContent content = counter.finish([&](const FixedLenByteArray& value, std::uint64_t count) {
    if (has_one_currency) sums[0].add(to_decimal(value), count);
  });
  return {content, std::move(sums)};
}

/// The levels of one leaf of a map, one at a time.
template <typename Type>
class LevelCursor {
 public:
  LevelCursor(parquet::RowGroupReader& group, int leaf)
      : reader_(group, leaf, false),
        value_definition_(group.metadata()->schema()->Column(leaf)->max_definition_level()) {}

  bool next() {
    if (++level_ < batch_.definitions.size()) return advance_value();
    do {
      if (!reader_.next(batch_)) return false;
    } while (batch_.levels == 0);
    level_ = 0;
    next_value_ = 0;
    return advance_value();
  }

  int definition() const { return batch_.definitions[level_]; }
  int repetition() const { return batch_.repetitions[level_]; }
  bool has_value() const { return definition() == value_definition_; }
  const typename Type::c_type& value() const { return batch_.values[next_value_ - 1]; }

 private:
  bool advance_value() {
    if (has_value() && ++next_value_ > batch_.values.size()) {
      throw Error(ErrorKind::kInvalidData, "a map column has fewer values than it announces");
    }
    return true;
  }

  ChunkReader<Type> reader_;
  Batch<typename Type::c_type> batch_;
  int value_definition_;
  std::size_t level_ = 0, next_value_ = 0;
};

void append_sized(std::string& bytes, std::string_view value) {
  const auto length = static_cast<std::uint32_t>(value.size());
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += value;
}

template <typename ValueType>
void append_value(std::string& bytes, std::string_view text) {
  if constexpr (std::is_same_v<ValueType, parquet::ByteArrayType>) {
    append_sized(bytes, text);
  } else {
    bytes += text;
  }
}

/// Walks the keys and the values of a map column side by side.
template <typename ValueType>
ChunkTotals read_map(parquet::RowGroupReader& group, const ParquetField& field) {
  LevelCursor<parquet::ByteArrayType> key(group, field.first_leaf);
  LevelCursor<ValueType> value(group, field.first_leaf + 1);
  const int entry_definition = field.node->is_optional() ? 2 : 1;
  ColumnContent content;
  Room room{};
  std::string bytes;
  std::int64_t rows = 0;
  bool is_null = true;  // the row that is being put together; none before the first
  while (key.next()) {
    if (!value.next() || value.repetition() != key.repetition() ||
        (rows == 0 && key.repetition() != 0)) {
      throw Error(ErrorKind::kInvalidData, "keys and values of a map column do not match");
    }
    if (key.repetition() == 0) {
      if (!is_null) content.fingerprint.add(bytes);
      bytes.clear();
      ++rows;
      is_null = key.definition() < entry_definition - 1;
      if (is_null) ++content.nulls;
    }
    if (!key.has_value()) continue;  // NULL, or a map without entries
    append_sized(bytes, canonical(key.value(), room));
    bytes += value.has_value() ? '\1' : '\0';
    if (!value.has_value()) continue;
    append_value<ValueType>(bytes, canonical(value.value(), room));
  }
  if (!is_null) content.fingerprint.add(bytes);
  if (value.next() || rows != group.metadata()->num_rows()) {
    fail_rows(rows, group.metadata()->num_rows());
  }
  return {content, {}};
}

}  // namespace

void DecimalSum::add(Int128 unscaled, std::uint64_t count) {
  constexpr Int128 kSmall = static_cast<Int128>(1) << 90;
  constexpr std::uint64_t kFew = std::uint64_t{1} << 36;
  cells_ += count;
  if (unscaled < kSmall && unscaled > -kSmall && count < kFew) {
    add_uncounted(unscaled * static_cast<Int128>(count));
    return;
  }
  const Int128 unit = power_of_10(kDecimalScale);
  flushed_.add(unscaled / unit * static_cast<Int128>(count), 0);
  flushed_.add(unscaled % unit * static_cast<Int128>(count));
}

ExactSum DecimalSum::total() const {
  ExactSum total = flushed_;
  total.add(partial_);
  return total;
}

RowCurrencies read_currencies(parquet::RowGroupReader& group, const ParquetField& field) {
  RowCurrencies currencies;
  const auto expected = static_cast<std::size_t>(group.metadata()->num_rows());
  std::unordered_map<std::string, std::uint32_t> index{{"", 0}};
  ChunkReader<parquet::ByteArrayType> reader(group, field.first_leaf, false);
  Batch<parquet::ByteArray> batch;
  std::vector<std::uint32_t> of_row;
  std::string_view last;
  std::uint32_t last_code = 0;
  Room room{};
  while (reader.next(batch)) {
    const std::size_t first_row = of_row.size();
    if (first_row + static_cast<std::size_t>(batch.levels) > expected) break;
    of_row.resize(first_row + static_cast<std::size_t>(batch.levels));
    for_each_value(batch, static_cast<std::int64_t>(first_row),
                   [&](std::int64_t row, const parquet::ByteArray& value) {
                     const std::string_view name = canonical(value, room);
                     if (name != last) {
                       const auto next_code = static_cast<std::uint32_t>(currencies.names.size());
                       const auto [it, is_new] = index.try_emplace(std::string(name), next_code);
                       if (is_new) currencies.names.emplace_back(name);
                       last = it->first;
                       last_code = it->second;
                     }
                     of_row[static_cast<std::size_t>(row)] = last_code;
                   });
  }
  if (of_row.size() != expected) fail_rows(std::ssize(of_row), group.metadata()->num_rows());
  const bool has_one =
      std::ranges::all_of(of_row, [&](std::uint32_t code) { return code == of_row.front(); });
  if (has_one && !of_row.empty()) {
    return {{currencies.names[of_row.front()]}, {}};
  }
  currencies.of_row = std::move(of_row);
  return currencies;
}

ChunkTotals read_flat_column(parquet::RowGroupReader& group, const ParquetField& field,
                             ColumnType type, const RowCurrencies& currencies) {
  switch (type) {
    case ColumnType::kText:
    case ColumnType::kBinary: return read_content<parquet::ByteArrayType>(group, field.first_leaf);
    case ColumnType::kDecimal: return read_decimals(group, field.first_leaf, currencies);
    case ColumnType::kTimestamp:
    case ColumnType::kLong: return read_content<parquet::Int64Type>(group, field.first_leaf);
    case ColumnType::kDate:
    case ColumnType::kInt: return read_content<parquet::Int32Type>(group, field.first_leaf);
    case ColumnType::kBoolean: return read_content<parquet::BooleanType>(group, field.first_leaf);
    case ColumnType::kTextMap:
    case ColumnType::kDecimalMap: break;
  }
  throw Error(ErrorKind::kInternal, "a map is not a flat column");
}

ChunkTotals read_map_column(parquet::RowGroupReader& group, const ParquetField& field,
                            ColumnType type) {
  return type == ColumnType::kTextMap ? read_map<parquet::ByteArrayType>(group, field)
                                      : read_map<parquet::FLBAType>(group, field);
}

}  // namespace finops
