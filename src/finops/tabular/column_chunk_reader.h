#pragma once

#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/types.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/core/error.h"
#include "finops/tabular/coded_chunk.h"

namespace finops {

/// The unscaled value of a Parquet decimal: 16 bytes, big-endian two's complement.
inline Int128 to_decimal(const parquet::FixedLenByteArray& value) {
  std::uint64_t high = 0, low = 0;
  std::memcpy(&high, value.ptr, 8);
  std::memcpy(&low, value.ptr + 8, 8);
  const UInt128 bits = static_cast<UInt128>(__builtin_bswap64(high)) << 64 | __builtin_bswap64(low);
  return static_cast<Int128>(bits);
}

/// Some levels of a column and the values that they announce, either themselves or as codes of the
/// column chunk's dictionary. Values stay where they are until the next batch is read.
template <typename T>
struct Batch {
  std::span<const std::int16_t> definitions, repetitions;  // empty when the column has none
  std::int64_t levels = 0;
  std::span<const T> values;
  std::span<const std::int32_t> codes;
  std::span<const T> dictionary;  // empty: `values` are in use
};

/// Reads a column chunk batch by batch, in bounded memory: as dictionary codes where these are
/// asked for and the chunk has nothing else. Throws what Parquet's reader throws.
template <typename Type>
class ChunkReader {
 public:
  /// Levels per batch: what is decoded at once stays in the second-level cache.
  static constexpr std::int64_t kBatch = 8192;

  using T = typename Type::c_type;

  ChunkReader(parquet::RowGroupReader& group, int leaf, bool wants_codes)
      : column_(wants_codes ? open_coded_chunk(group, leaf) : group.Column(leaf)),
        reader_(static_cast<parquet::TypedColumnReader<Type>&>(*column_)),
        has_codes_(column_->GetExposedEncoding() == parquet::ExposedEncoding::DICTIONARY),
        has_definitions_(column_->descr()->max_definition_level() > 0),
        has_repetitions_(column_->descr()->max_repetition_level() > 0) {
    if (has_definitions_) definitions_.resize(kBatch);
    if (has_repetitions_) repetitions_.resize(kBatch);
    if (has_codes_) codes_.resize(kBatch);
  }

  /// Whether batches have codes.
  bool has_codes() const { return has_codes_; }

  /// False at the end.
  bool next(Batch<T>& batch) {
    if (!reader_.HasNext()) return false;
    std::int16_t* const definitions = has_definitions_ ? definitions_.data() : nullptr;
    std::int16_t* const repetitions = has_repetitions_ ? repetitions_.data() : nullptr;
    std::int64_t count = 0;
    if (has_codes_) {
      const T* dictionary = nullptr;
      std::int32_t length = 0;
      batch.levels = reader_.ReadBatchWithDictionary(kBatch, definitions, repetitions,
                                                     codes_.data(), &count, &dictionary, &length);
      batch.codes = {codes_.data(), static_cast<std::size_t>(count)};
      batch.dictionary = {dictionary, static_cast<std::size_t>(length)};
      check_codes(batch);
    } else {
      if (!values_) values_ = std::make_unique<T[]>(kBatch);
      batch.levels = reader_.ReadBatch(kBatch, definitions, repetitions, values_.get(), &count);
      batch.values = {values_.get(), static_cast<std::size_t>(count)};
    }
    const auto levels = static_cast<std::size_t>(batch.levels);
    if (has_definitions_) batch.definitions = {definitions, levels};
    if (has_repetitions_) batch.repetitions = {repetitions, levels};
    return true;
  }

 private:
  /// Parquet's reader hands codes out as they stand in the file.
  static void check_codes(const Batch<T>& batch) {
    const auto length = batch.dictionary.size();
    bool is_sound = true;
    for (const std::int32_t code : batch.codes)
      is_sound &= static_cast<std::uint32_t>(code) < length;
    if (!is_sound)
      throw Error(ErrorKind::kInvalidData, "a dictionary code has no dictionary entry");
  }

  std::shared_ptr<parquet::ColumnReader> column_;
  parquet::TypedColumnReader<Type>& reader_;
  bool has_codes_, has_definitions_, has_repetitions_;
  std::vector<std::int16_t> definitions_, repetitions_;
  std::vector<std::int32_t> codes_;
  std::unique_ptr<T[]> values_;
};

/// Calls `on_value(row in the group, value)` for the values of a flat column's batch.
template <typename T, typename OnValue>
void for_each_value(const Batch<T>& batch, std::int64_t first_row, OnValue on_value) {
  const bool is_coded = !batch.codes.empty();
  const std::size_t count = is_coded ? batch.codes.size() : batch.values.size();
  const auto value = [&](std::size_t i) -> const T& {
    return is_coded ? batch.dictionary[static_cast<std::size_t>(batch.codes[i])] : batch.values[i];
  };
  if (std::cmp_equal(count, batch.levels)) {
    for (std::size_t i = 0; i < count; ++i)
      on_value(first_row + static_cast<std::int64_t>(i), value(i));
    return;
  }
  std::size_t i = 0;
  for (std::size_t level = 0; level < batch.definitions.size(); ++level) {
    if (batch.definitions[level] == 0) continue;
    on_value(first_row + static_cast<std::int64_t>(level), value(i++));
  }
}

}  // namespace finops
