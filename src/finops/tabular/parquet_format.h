#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/table_schema.h"

namespace finops::bill {

// Just enough of the Parquet format (apache/parquet-format, parquet.thrift) to write a bill: page
// headers and the footer in Thrift's compact protocol, levels and dictionary indices in the hybrid
// of runs and bit packing. Data pages are of version 1, encodings PLAIN and RLE_DICTIONARY, which
// every reader knows, Iceberg's vectorized one too.

enum class PhysicalType { kInt64 = 2, kByteArray = 6, kFixedLenByteArray = 7 };
enum class Encoding { kPlain = 0, kRle = 3, kRleDictionary = 8 };

/// A column of values: what a column chunk holds. A map has two, its keys and its values.
struct LeafColumn {
  ColumnType type;                // kText, kDecimal, kTimestamp or kLong
  std::vector<std::string> path;  // in the schema
  int field_id = 0;
  bool is_required = false;
  PhysicalType physical() const;
};

/// The columns of a file, and their leaves in the order of the chunks.
class ParquetSchema {
 public:
  explicit ParquetSchema(const std::vector<Column>& columns);
  const std::vector<LeafColumn>& leaves() const { return leaves_; }
  /// As the footer's list of SchemaElement, and its length.
  const std::string& elements() const { return elements_; }
  std::size_t element_count() const { return element_count_; }

 private:
  void add_leaf(ColumnType type, std::vector<std::string> path, int field_id, int repetition);
  void add_map(const Column& column);
  std::vector<LeafColumn> leaves_;
  std::string elements_;
  std::size_t element_count_ = 0;
};

struct ColumnChunk {
  std::string dictionary_page;  // empty: none
  std::string pages;
  std::int64_t values = 0;  // levels: NULLs included
  std::int64_t nulls = 0;
  std::int64_t uncompressed_size = 0;
  std::int64_t plain_pages = 0, coded_pages = 0;  // of data
  std::optional<std::string> min, max;            // PLAIN-encoded, without a string's length
  std::size_t size() const { return dictionary_page.size() + pages.size(); }
};

struct RowGroup {
  std::int64_t rows = 0;
  std::vector<ColumnChunk> chunks;  // by leaf
};

std::string data_page_header(std::int64_t values, Encoding encoding, std::size_t uncompressed,
                             std::size_t compressed);
std::string dictionary_page_header(std::int64_t values, std::size_t uncompressed,
                                   std::size_t compressed);

/// Packs `count` values of `width` bits, least significant first; values beyond are taken as zeros.
/// `out` has room for count / 8 + 32 times `width` bytes. Returns the bytes that count.
std::size_t bit_pack(const std::uint32_t* values, std::size_t count, int width, std::uint8_t* out);

/// Appends `count` levels of `width` bits as a data page of version 1 has them: length, then one
/// run when they are all alike, else one bit-packed run.
void append_levels(std::string& out, const std::uint32_t* levels, std::size_t count, int width);

/// Collects what the footer tells about row groups.
class ParquetFooter {
 public:
  explicit ParquetFooter(const ParquetSchema& schema) : schema_(schema) {}
  void add_row_group(const RowGroup& group, std::int64_t file_offset);
  /// With its length and the closing magic.
  std::string finish(std::string_view created_by) const;
  std::int64_t rows() const { return rows_; }

 private:
  void add_chunk(const LeafColumn& leaf, const ColumnChunk& chunk, std::int64_t offset);
  const ParquetSchema& schema_;
  std::string row_groups_;
  std::int64_t count_ = 0, rows_ = 0;
};

}  // namespace finops::bill
