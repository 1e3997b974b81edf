#pragma once

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_nested.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/writer.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace finops {

/// Parquet files that another writer could have made, for tests of the readers.

inline std::shared_ptr<arrow::Field> field_with_id(const std::string& name,
                                                   const std::shared_ptr<arrow::DataType>& type,
                                                   int id) {
  return arrow::field(name, type)
      ->WithMetadata(arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

using TextEntries = std::vector<std::pair<std::string, std::optional<std::string>>>;

inline std::shared_ptr<arrow::Array> text_maps(
    const std::vector<std::optional<TextEntries>>& rows) {
  auto* const pool = arrow::default_memory_pool();
  auto keys = std::make_shared<arrow::StringBuilder>(pool);
  auto values = std::make_shared<arrow::StringBuilder>(pool);
  arrow::MapBuilder maps(pool, keys, values);
  for (const auto& row : rows) {
    PARQUET_THROW_NOT_OK(row ? maps.Append() : maps.AppendNull());
    for (const auto& [key, value] : row.value_or(TextEntries())) {
      PARQUET_THROW_NOT_OK(keys->Append(key));
      PARQUET_THROW_NOT_OK(value ? values->Append(*value) : values->AppendNull());
    }
  }
  return maps.Finish().ValueOrDie();
}

inline std::shared_ptr<arrow::Array> texts(const std::vector<std::optional<std::string>>& rows) {
  arrow::StringBuilder builder;
  for (const auto& row : rows) {
    PARQUET_THROW_NOT_OK(row ? builder.Append(*row) : builder.AppendNull());
  }
  return builder.Finish().ValueOrDie();
}

inline std::shared_ptr<arrow::Array> decimals(const std::vector<std::optional<std::string>>& rows,
                                              int scale = 18) {
  arrow::Decimal128Builder builder(arrow::decimal128(38, scale));
  for (const auto& row : rows) {
    if (!row) {
      PARQUET_THROW_NOT_OK(builder.AppendNull());
      continue;
    }
    arrow::Decimal128 value;
    std::int32_t precision = 0, text_scale = 0;
    PARQUET_THROW_NOT_OK(arrow::Decimal128::FromString(*row, &value, &precision, &text_scale));
    PARQUET_THROW_NOT_OK(builder.Append(value.Rescale(text_scale, scale).ValueOrDie()));
  }
  return builder.Finish().ValueOrDie();
}

inline std::string parquet_text(const arrow::Table& table, std::int64_t row_group_rows,
                                const std::shared_ptr<parquet::WriterProperties>& properties =
                                    parquet::default_writer_properties(),
                                const std::shared_ptr<parquet::ArrowWriterProperties>& of_arrow =
                                    parquet::default_arrow_writer_properties()) {
  auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  PARQUET_THROW_NOT_OK(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out,
                                                  row_group_rows, properties, of_arrow));
  return out->Finish().ValueOrDie()->ToString();
}

}  // namespace finops
