#include "finops/tabular/parquet_fields.h"

#include <arrow/memory_pool.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/types.h>

#include <algorithm>
#include <string>

#include "finops/core/error.h"

namespace finops {
namespace {

using parquet::Type;
using parquet::schema::GroupNode;
using parquet::schema::Node;
using parquet::schema::PrimitiveNode;

int leaves_of(const Node& node) {
  if (node.is_primitive()) return 1;
  const auto& group = static_cast<const GroupNode&>(node);
  int leaves = 0;
  for (int i = 0; i < group.field_count(); ++i) leaves += leaves_of(*group.field(i));
  return leaves;
}

bool is_decimal_38_18(const PrimitiveNode& node) {
  if (node.physical_type() != Type::FIXED_LEN_BYTE_ARRAY || node.type_length() != 16) return false;
  if (!node.logical_type()->is_decimal()) return false;
  const auto& decimal = static_cast<const parquet::DecimalLogicalType&>(*node.logical_type());
  return decimal.precision() == kDecimalPrecision && decimal.scale() == kDecimalScale;
}

bool is_utc_microseconds(const PrimitiveNode& node) {
  if (node.physical_type() != Type::INT64 || !node.logical_type()->is_timestamp()) return false;
  const auto& time = static_cast<const parquet::TimestampLogicalType&>(*node.logical_type());
  return time.time_unit() == parquet::LogicalType::TimeUnit::MICROS && time.is_adjusted_to_utc();
}

bool is_signed_integer(const PrimitiveNode& node, Type::type physical, int bits) {
  if (node.physical_type() != physical) return false;
  if (node.logical_type()->is_none()) return true;
  if (!node.logical_type()->is_int()) return false;
  const auto& integer = static_cast<const parquet::IntLogicalType&>(*node.logical_type());
  return integer.is_signed() && integer.bit_width() == bits;
}

bool is_of_flat_type(const Node& node, ColumnType type) {
  if (!node.is_primitive() || node.is_repeated()) return false;
  const auto& leaf = static_cast<const PrimitiveNode&>(node);
  const bool is_bytes = leaf.physical_type() == Type::BYTE_ARRAY;
  switch (type) {
    case ColumnType::kText: return is_bytes && leaf.logical_type()->is_string();
    case ColumnType::kBinary: return is_bytes && leaf.logical_type()->is_none();
    case ColumnType::kDecimal: return is_decimal_38_18(leaf);
    case ColumnType::kTimestamp: return is_utc_microseconds(leaf);
    case ColumnType::kDate: return leaf.logical_type()->is_date();
    case ColumnType::kInt: return is_signed_integer(leaf, Type::INT32, 32);
    case ColumnType::kLong: return is_signed_integer(leaf, Type::INT64, 64);
    case ColumnType::kBoolean: return leaf.physical_type() == Type::BOOLEAN;
    case ColumnType::kTextMap:
    case ColumnType::kDecimalMap: return false;
  }
  return false;
}

bool is_of_type(const Node& node, ColumnType type) {
  if (!is_map(type)) return is_of_flat_type(node, type);
  if (!node.is_group() || node.is_repeated() || !node.logical_type()->is_map()) return false;
  const auto& map = static_cast<const GroupNode&>(node);
  if (map.field_count() != 1 || !map.field(0)->is_repeated() || !map.field(0)->is_group()) {
    return false;
  }
  const auto& entry = static_cast<const GroupNode&>(*map.field(0));
  const auto value = type == ColumnType::kTextMap ? ColumnType::kText : ColumnType::kDecimal;
  return entry.field_count() == 2 && entry.field(0)->is_required() &&
         is_of_flat_type(*entry.field(0), ColumnType::kText) &&
         is_of_flat_type(*entry.field(1), value);
}

std::string describe(const Node& node) {
  if (node.is_group()) return "group " + node.logical_type()->ToString();
  const auto physical = static_cast<const PrimitiveNode&>(node).physical_type();
  return parquet::TypeToString(physical) + " " + node.logical_type()->ToString();
}

std::shared_ptr<arrow::Field> with_field_id(const std::shared_ptr<arrow::Field>& field, int id) {
  return field->WithMetadata(arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(id)}));
}

std::shared_ptr<arrow::DataType> to_arrow_type(const Column& column) {
  const auto map_of = [&](std::shared_ptr<arrow::DataType> value_type) {
    return std::make_shared<arrow::MapType>(
        with_field_id(arrow::field("key", arrow::utf8(), false), column.key_id),
        with_field_id(arrow::field("value", std::move(value_type)), column.value_id));
  };
  const auto decimal = arrow::decimal128(kDecimalPrecision, kDecimalScale);
  switch (column.type) {
    case ColumnType::kText: return arrow::utf8();
    case ColumnType::kDecimal: return decimal;
    case ColumnType::kTimestamp: return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case ColumnType::kDate: return arrow::date32();
    case ColumnType::kTextMap: return map_of(arrow::utf8());
    case ColumnType::kDecimalMap: return map_of(decimal);
    case ColumnType::kInt: return arrow::int32();
    case ColumnType::kLong: return arrow::int64();
    case ColumnType::kBoolean: return arrow::boolean();
    case ColumnType::kBinary: return arrow::binary();
  }
  throw Error(ErrorKind::kInternal, "column " + column.name + " has an unknown type");
}

}  // namespace

ParquetFields::ParquetFields(const parquet::FileMetaData& metadata) {
  const GroupNode& root = *metadata.schema()->group_node();
  int leaf = 0;
  for (int i = 0; i < root.field_count(); ++i) {
    const Node& node = *root.field(i);
    const ParquetField field{i, leaf, &node};
    leaf += leaves_of(node);
    if (node.field_id() < 0) continue;
    if (!fields_.emplace(node.field_id(), field).second) {
      throw Error(ErrorKind::kInvalidData, "two columns of the Parquet file have the field id " +
                                               std::to_string(node.field_id()));
    }
  }
}

const ParquetField* ParquetFields::find(const Column& column) const {
  if (column.field_id <= 0) {
    throw Error(ErrorKind::kInternal, "column " + column.name + " has no field id");
  }
  const auto it = fields_.find(column.field_id);
  if (it == fields_.end()) return nullptr;
  const Node& node = *it->second.node;
  if (!is_of_type(node, column.type)) {
    throw Error(ErrorKind::kInvalidData,
                "column '" + column.name + "' (field id " + std::to_string(column.field_id) +
                    ") is '" + node.name() + "' of type " + describe(node) +
                    " in the Parquet file, not " + std::string(to_string(column.type)));
  }
  return &it->second;
}

std::int64_t first_byte_of(const parquet::ColumnChunkMetaData& chunk) {
  return chunk.has_dictionary_page()
             ? std::min(chunk.dictionary_page_offset(), chunk.data_page_offset())
             : chunk.data_page_offset();
}

std::int64_t first_byte_of(const parquet::RowGroupMetaData& group) {
  return first_byte_of(*group.ColumnChunk(0));
}

std::shared_ptr<arrow::Schema> to_arrow_schema(const std::vector<Column>& columns) {
  arrow::FieldVector fields;
  for (const Column& column : columns) {
    fields.push_back(with_field_id(
        arrow::field(column.name, to_arrow_type(column), !column.is_required), column.field_id));
  }
  return arrow::schema(std::move(fields));
}

parquet::ReaderProperties buffered_reader_properties(std::int64_t buffer_bytes) {
  // Arrow's own pool keeps what was freed: a fifth of a load's memory.
  parquet::ReaderProperties properties(arrow::system_memory_pool());
  properties.enable_buffered_stream();
  properties.set_buffer_size(buffer_bytes);
  properties.set_page_checksum_verification(true);
  return properties;
}

parquet::WriterProperties::Builder parquet_properties(ParquetCompression compression) {
  parquet::WriterProperties::Builder properties;
  properties.version(parquet::ParquetVersion::PARQUET_2_6);
  switch (compression) {
    case ParquetCompression::kSnappy: properties.compression(parquet::Compression::SNAPPY); break;
    case ParquetCompression::kZstd:
      properties.compression(parquet::Compression::ZSTD)->compression_level(1);
      break;
    case ParquetCompression::kGzip:
      // Arrow's own default is 9: several times the time, and no smaller.
      properties.compression(parquet::Compression::GZIP)->compression_level(6);
      break;
    case ParquetCompression::kLz4: properties.compression(parquet::Compression::LZ4); break;
    case ParquetCompression::kNone:
      properties.compression(parquet::Compression::UNCOMPRESSED);
      break;
  }
  return properties;
}

}  // namespace finops
