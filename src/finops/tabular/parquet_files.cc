#include "finops/tabular/parquet_files.h"

#include <cstring>
#include <utility>

namespace finops::bill {
namespace {

constexpr std::string_view kMagic = "PAR1";

std::int64_t int64_of(std::string_view plain) {
  std::int64_t value = 0;
  std::memcpy(&value, plain.data(), sizeof(value));
  return value;
}

/// Order of two values as PLAIN has them.
bool is_less(ColumnType type, std::string_view a, std::string_view b) {
  if (type == ColumnType::kText) return a < b;  // by unsigned bytes
  if (type != ColumnType::kDecimal) return int64_of(a) < int64_of(b);
  // Two's complement, big-endian: as bytes, but for the sign.
  const auto is_negative = [](std::string_view v) {
    return (static_cast<unsigned char>(v[0]) & 0x80) != 0;
  };
  if (is_negative(a) != is_negative(b)) return is_negative(a);
  return a < b;
}

/// The shortest two's complement of the same value.
std::string_view shortened(std::string_view bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  while (bytes.size() > 1 &&
         ((byte(0) == 0x00 && byte(1) < 0x80) || (byte(0) == 0xFF && byte(1) >= 0x80))) {
    bytes.remove_prefix(1);
  }
  return bytes;
}

}  // namespace

std::string iceberg_bound(ColumnType type, std::string_view plain) {
  return std::string(type == ColumnType::kDecimal ? shortened(plain) : plain);
}

ParquetFiles::ParquetFiles(const ParquetSchema& schema, std::int64_t file_rows,
                           std::function<ConvertOutput::Named()> next_parquet)
    : schema_(schema), file_rows_(file_rows), next_parquet_(std::move(next_parquet)) {}

void ParquetFiles::append(File& file, std::string_view bytes) {
  const auto span = std::as_bytes(std::span(bytes));
  file.hash.update(span);
  file.out.writer->write(span);
  file.written.bytes += bytes.size();
}

void ParquetFiles::begin_file() {
  files_.push_back({next_parquet_(), Sha256(), ParquetFooter(schema_), {}});
  File& file = files_.back();
  file.written.key = file.out.key;
  for (const LeafColumn& leaf : schema_.leaves()) {
    file.written.columns.emplace_back().field_id = leaf.field_id;
  }
  append(file, kMagic);
  is_file_open_ = true;
}

void ParquetFiles::write(RowGroup& group) {
  if (!is_file_open_) begin_file();
  File& file = files_.back();
  const auto offset = static_cast<std::int64_t>(file.written.bytes);
  file.written.split_offsets.push_back(offset);
  file.footer.add_row_group(group, offset);
  for (std::size_t leaf = 0; leaf < group.chunks.size(); ++leaf) {
    const ColumnChunk chunk = std::move(group.chunks[leaf]);
    append(file, chunk.dictionary_page);
    append(file, chunk.pages);
    add_metrics(file, leaf, chunk);
  }
  if (file.footer.rows() >= file_rows_) end_file(file);
}

void ParquetFiles::add_metrics(File& file, std::size_t leaf, const ColumnChunk& chunk) const {
  ColumnMetrics& metrics = file.written.columns[leaf];
  const ColumnType type = schema_.leaves()[leaf].type;
  metrics.values += chunk.values;
  metrics.nulls += chunk.nulls;
  metrics.bytes += static_cast<std::int64_t>(chunk.size());
  if (chunk.min && (!metrics.lower || is_less(type, *chunk.min, *metrics.lower))) {
    metrics.lower = chunk.min;
  }
  if (chunk.max && (!metrics.upper || is_less(type, *metrics.upper, *chunk.max))) {
    metrics.upper = chunk.max;
  }
}

void ParquetFiles::end_file(File& file) {
  append(file, file.footer.finish("finops version " FINOPS_VERSION));
  file.written.rows = file.footer.rows();
  file.written.sha256 = file.hash.finish();
  for (std::size_t leaf = 0; leaf < schema_.leaves().size(); ++leaf) {
    ColumnMetrics& metrics = file.written.columns[leaf];
    const ColumnType type = schema_.leaves()[leaf].type;
    if (metrics.lower) metrics.lower = iceberg_bound(type, *metrics.lower);
    if (metrics.upper) metrics.upper = iceberg_bound(type, *metrics.upper);
  }
  is_file_open_ = false;
}

std::vector<WrittenParquet> ParquetFiles::finish() {
  if (is_file_open_) end_file(files_.back());
  std::vector<WrittenParquet> written;
  for (File& file : files_) {
    file.out.writer->finish();
    written.push_back(std::move(file.written));
  }
  return written;
}

}  // namespace finops::bill
