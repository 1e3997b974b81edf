// The schema and footer of parquet_format.h.
#include <algorithm>
#include <utility>

#include "finops/core/decimal.h"
#include "finops/tabular/parquet_format.h"
#include "finops/tabular/thrift_writer.h"

namespace finops::bill {
namespace {

enum Repetition { kRequired = 0, kOptional = 1, kRepeated = 2 };

// ConvertedType, for readers that know no LogicalType, and fields of the union LogicalType.
constexpr int kConvertedUtf8 = 0, kConvertedMap = 1, kConvertedDecimal = 5, kConvertedMicros = 10;
constexpr int kLogicalString = 1, kLogicalMap = 2, kLogicalDecimal = 5, kLogicalTimestamp = 8;
constexpr int kZstd = 6;                           // CompressionCodec
constexpr int kDataPage = 0, kDictionaryPage = 2;  // PageType

void write_decimal(ThriftWriter& element, std::string& out) {
  element.begin(10);
  ThriftWriter logical(out);
  logical.begin(kLogicalDecimal);
  ThriftWriter decimal(out);
  decimal.i32(1, kDecimalScale);
  decimal.i32(2, kDecimalPrecision);
  decimal.end();
  logical.end();
}

void write_timestamp(ThriftWriter& element, std::string& out) {
  element.begin(10);
  ThriftWriter logical(out);
  logical.begin(kLogicalTimestamp);
  ThriftWriter timestamp(out);
  timestamp.boolean(1, true);  // UTC
  timestamp.begin(2);
  ThriftWriter unit(out);
  unit.empty(2);  // microseconds
  unit.end();
  timestamp.end();
  logical.end();
}

void write_plain_logical(ThriftWriter& element, std::string& out, int logical_type) {
  element.begin(10);
  ThriftWriter logical(out);
  logical.empty(logical_type);
  logical.end();
}

void write_group(std::string& out, Repetition repetition, const std::string& name, int children,
                 int field_id) {
  ThriftWriter element(out);
  element.i32(3, repetition);
  element.binary(4, name);
  element.i32(5, children);
  if (field_id != 0) {  // the map itself
    element.i32(6, kConvertedMap);
    element.i32(9, field_id);
    write_plain_logical(element, out, kLogicalMap);
  }
  element.end();
}

struct EncodedPages {
  int type;
  Encoding encoding;
  std::int64_t count;
};

/// Says, among other things, whether a chunk's values are all in its dictionary.
void write_encoding_stats(ThriftWriter& meta, std::string& out, const ColumnChunk& chunk) {
  const EncodedPages all[] = {
      {kDictionaryPage, Encoding::kPlain, chunk.dictionary_page.empty() ? 0 : 1},
      {kDataPage, Encoding::kPlain, chunk.plain_pages},
      {kDataPage, Encoding::kRleDictionary, chunk.coded_pages}};
  const auto is_there = [](const EncodedPages& pages) { return pages.count > 0; };
  meta.list(13, ThriftWriter::kStruct,
            static_cast<std::size_t>(std::ranges::count_if(all, is_there)));
  for (const EncodedPages& pages : all) {
    if (!is_there(pages)) continue;
    ThriftWriter stats(out);
    stats.i32(1, pages.type);
    stats.i32(2, static_cast<int>(pages.encoding));
    stats.i32(3, pages.count);
    stats.end();
  }
}

}  // namespace

PhysicalType LeafColumn::physical() const {
  if (type == ColumnType::kText) return PhysicalType::kByteArray;
  if (type == ColumnType::kDecimal) return PhysicalType::kFixedLenByteArray;
  return PhysicalType::kInt64;
}

ParquetSchema::ParquetSchema(const std::vector<Column>& columns) {
  ThriftWriter root(elements_);
  root.binary(4, "schema");
  root.i32(5, static_cast<std::int64_t>(columns.size()));
  root.end();
  ++element_count_;
  for (const Column& column : columns) {
    if (is_map(column.type)) {
      add_map(column);
    } else {
      add_leaf(column.type, {column.name}, column.field_id,
               column.is_required ? kRequired : kOptional);
    }
  }
}

void ParquetSchema::add_map(const Column& column) {
  write_group(elements_, kOptional, column.name, 1, column.field_id);
  write_group(elements_, kRepeated, "key_value", 2, 0);
  element_count_ += 2;
  const auto value = column.type == ColumnType::kTextMap ? ColumnType::kText : ColumnType::kDecimal;
  add_leaf(ColumnType::kText, {column.name, "key_value", "key"}, column.key_id, kRequired);
  add_leaf(value, {column.name, "key_value", "value"}, column.value_id, kOptional);
}

void ParquetSchema::add_leaf(ColumnType type, std::vector<std::string> path, int field_id,
                             int repetition) {
  const LeafColumn leaf{type, std::move(path), field_id, repetition == kRequired};
  ThriftWriter element(elements_);
  element.i32(1, static_cast<int>(leaf.physical()));
  if (type == ColumnType::kDecimal) element.i32(2, 16);
  element.i32(3, repetition);
  element.binary(4, leaf.path.back());
  if (type == ColumnType::kText) element.i32(6, kConvertedUtf8);
  if (type == ColumnType::kTimestamp) element.i32(6, kConvertedMicros);
  if (type == ColumnType::kDecimal) {
    element.i32(6, kConvertedDecimal);
    element.i32(7, kDecimalScale);
    element.i32(8, kDecimalPrecision);
  }
  element.i32(9, field_id);
  if (type == ColumnType::kText) write_plain_logical(element, elements_, kLogicalString);
  if (type == ColumnType::kTimestamp) write_timestamp(element, elements_);
  if (type == ColumnType::kDecimal) write_decimal(element, elements_);
  element.end();
  ++element_count_;
  leaves_.push_back(leaf);
}

void ParquetFooter::add_chunk(const LeafColumn& leaf, const ColumnChunk& chunk,
                              std::int64_t offset) {
  ThriftWriter column(row_groups_);
  column.i64(2, offset);
  column.begin(3);
  ThriftWriter meta(row_groups_);
  meta.i32(1, static_cast<int>(leaf.physical()));
  const bool has_dictionary = !chunk.dictionary_page.empty();
  std::vector<Encoding> encodings{Encoding::kRle};
  if (has_dictionary || chunk.plain_pages > 0) encodings.push_back(Encoding::kPlain);
  if (has_dictionary) encodings.push_back(Encoding::kRleDictionary);
  meta.list(2, ThriftWriter::kI32, encodings.size());
  for (const Encoding encoding : encodings) meta.integer(static_cast<int>(encoding));
  meta.list(3, ThriftWriter::kBinary, leaf.path.size());
  for (const std::string& name : leaf.path) meta.bytes(name);
  meta.i32(4, kZstd);
  meta.i64(5, chunk.values);
  meta.i64(6, chunk.uncompressed_size);
  meta.i64(7, static_cast<std::int64_t>(chunk.size()));
  meta.i64(9, offset + static_cast<std::int64_t>(chunk.dictionary_page.size()));
  if (has_dictionary) meta.i64(11, offset);
  meta.begin(12);
  ThriftWriter statistics(row_groups_);
  statistics.i64(3, chunk.nulls);
  if (chunk.max) statistics.binary(5, *chunk.max);
  if (chunk.min) statistics.binary(6, *chunk.min);
  statistics.end();
  write_encoding_stats(meta, row_groups_, chunk);
  meta.end();
  column.end();
}

void ParquetFooter::add_row_group(const RowGroup& group, std::int64_t file_offset) {
  std::int64_t uncompressed = 0, offset = file_offset;
  ThriftWriter row_group(row_groups_);
  row_group.list(1, ThriftWriter::kStruct, group.chunks.size());
  for (std::size_t c = 0; c < group.chunks.size(); ++c) {
    add_chunk(schema_.leaves()[c], group.chunks[c], offset);
    offset += static_cast<std::int64_t>(group.chunks[c].size());
    uncompressed += group.chunks[c].uncompressed_size;
  }
  row_group.i64(2, uncompressed);
  row_group.i64(3, group.rows);
  row_group.i64(5, file_offset);
  row_group.i64(6, offset - file_offset);
  row_group.i16(7, count_);
  row_group.end();
  ++count_;
  rows_ += group.rows;
}

std::string ParquetFooter::finish(std::string_view created_by) const {
  std::string out;
  ThriftWriter file(out);
  file.i32(1, 2);
  file.list(2, ThriftWriter::kStruct, schema_.element_count());
  out += schema_.elements();
  file.i64(3, rows_);
  file.list(4, ThriftWriter::kStruct, static_cast<std::size_t>(count_));
  out += row_groups_;
  file.binary(6, created_by);
  // Column orders: min and max are in the order of the type.
  file.list(7, ThriftWriter::kStruct, schema_.leaves().size());
  for (std::size_t i = 0; i < schema_.leaves().size(); ++i) {
    ThriftWriter order(out);
    order.empty(1);
    order.end();
  }
  file.end();
  const auto length = static_cast<std::uint32_t>(out.size());
  out.append(reinterpret_cast<const char*>(&length), 4);
  return out += "PAR1";
}

}  // namespace finops::bill
