#pragma once

#include <arrow/array.h>
#include <arrow/io/memory.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace finops {

/// One cell as text, as Arrow reads it: "null", "{key=value, ...}" for a map.
inline std::string cell_text(const arrow::Array& array, std::int64_t row) {
  if (array.IsNull(row)) return "null";
  if (array.type_id() != arrow::Type::MAP) return array.GetScalar(row).ValueOrDie()->ToString();
  const auto& map = static_cast<const arrow::MapArray&>(array);
  std::string text = "{";
  for (auto i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    if (i > map.value_offset(row)) text += ", ";
    text += cell_text(*map.keys(), i) + "=" + cell_text(*map.items(), i);
  }
  return text + "}";
}

inline std::shared_ptr<arrow::Table> table_of(const std::string& parquet) {
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(parquet));
  auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
  const auto table = reader->ReadTable().ValueOrDie();
  PARQUET_THROW_NOT_OK(table->ValidateFull());
  return table->CombineChunks().ValueOrDie();
}

/// The rows of a Parquet file, cells joined by '|': of all columns, or of the named ones.
inline std::vector<std::string> rows_of(const std::string& parquet,
                                        const std::vector<std::string>& columns = {}) {
  const auto table = table_of(parquet);
  std::vector<std::shared_ptr<arrow::ChunkedArray>> wanted = table->columns();
  if (!columns.empty()) wanted.clear();
  for (const std::string& name : columns) wanted.push_back(table->GetColumnByName(name));
  std::vector<std::string> rows(static_cast<std::size_t>(table->num_rows()));
  for (std::size_t c = 0; c < wanted.size(); ++c) {
    std::size_t row = 0;
    for (const auto& chunk : wanted[c]->chunks()) {
      for (std::int64_t i = 0; i < chunk->length(); ++i, ++row) {
        rows[row] += (c > 0 ? "|" : "") + cell_text(*chunk, i);
      }
    }
  }
  return rows;
}

}  // namespace finops
