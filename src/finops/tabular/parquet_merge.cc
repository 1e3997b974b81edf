#include <arrow/array/util.h>
#include <arrow/chunked_array.h>
#include <arrow/io/memory.h>
#include <arrow/scalar.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/arrow/writer.h>
#include <parquet/file_writer.h>

#include <algorithm>
#include <limits>
#include <span>
#include <thread>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/core/turns.h"
#include "finops/tabular/arrow_edge.h"
#include "finops/tabular/parquet_chunks.h"
#include "finops/tabular/parquet_fields.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {
namespace {

using parquet::schema::Node;

constexpr std::string_view kTried = "merge Parquet files";
/// What one thread does at a time ends with the column that reaches so many bytes.
constexpr std::int64_t kPieceBytes = 4 << 20;
/// Columns that are so near to each other in a file are read at once.
constexpr std::int64_t kLargestGap = 64 << 10;
/// Files whose footers are in memory together.
constexpr std::size_t kFilesAtOnce = 16;

/// Some of them wait for the lake's store.
std::size_t threads() { return std::max(4U, std::thread::hardware_concurrency()); }

struct ByteRange {
  std::int64_t begin = 0, end = 0;
};

/// A file that is merged. Safe to use from several threads.
class MergeSource {
 public:
  MergeSource(std::shared_ptr<const RandomAccessBytes> bytes, const std::vector<Column>& columns)
      : bytes_(std::move(bytes)), input_(std::make_shared<ArrowInput>(bytes_)) {
    across_arrow(kTried, ErrorKind::kInvalidData, {&kept_error()}, [&] {
      metadata_ = parquet::ParquetFileReader::Open(input_)->metadata();
      const ParquetFields fields(*metadata_);
      for (const Column& column : columns) {
        const ParquetField* const field = fields.find(column);
        fields_.push_back(field == nullptr ? std::nullopt : std::optional(*field));
      }
    });
  }

  const parquet::FileMetaData& metadata() const { return *metadata_; }
  const std::optional<ParquetField>& field(std::size_t column) const { return fields_[column]; }
  const KeptError& kept_error() const { return input_->kept_error(); }

  ByteRange range(int group, int leaf) const {
    const auto of_group = metadata_->RowGroup(group);
    const auto chunk = of_group->ColumnChunk(leaf);
    const std::int64_t begin = first_byte_of(*chunk), size = chunk->total_compressed_size();
    const auto file_size = static_cast<std::int64_t>(bytes_->size());
    if (begin < 0 || begin > file_size || size < 0 || size > file_size - begin) {
      throw Error(ErrorKind::kInvalidData, "a column chunk is said to lie beyond the file's end");
    }
    return {begin, begin + size};
  }

  std::shared_ptr<arrow::Buffer> read(ByteRange range) const {
    PARQUET_ASSIGN_OR_THROW(auto buffer,
                            input_->ReadAt(range.begin, range.end - range.begin, false));
    return buffer;
  }

  std::shared_ptr<arrow::ChunkedArray> decode(int group, std::size_t column) const {
    std::unique_ptr<parquet::arrow::FileReader> reader;
    PARQUET_ASSIGN_OR_THROW(reader,
                            parquet::arrow::FileReader::Make(
                                arrow::default_memory_pool(),
                                parquet::ParquetFileReader::Open(
                                    input_, buffered_reader_properties(kPieceBytes), metadata_)));
    std::shared_ptr<arrow::ChunkedArray> data;
    PARQUET_THROW_NOT_OK(reader->RowGroup(group)->Column(fields_[column]->index)->Read(&data));
    return data;
  }

 private:
  std::shared_ptr<const RandomAccessBytes> bytes_;
  std::shared_ptr<ArrowInput> input_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::vector<std::optional<ParquetField>> fields_;  // by column; nothing: the file lacks it
};

/// Columns of a row group, which one thread works on, and what it reads for them.
struct Piece {
  const MergeSource* source = nullptr;
  int group = 0;
  std::int64_t rows = 0;
  std::size_t first_column = 0, end_column = 0;
  std::vector<ByteRange> ranges;

  std::int64_t size() const {
    std::int64_t bytes = 0;
    for (const ByteRange& range : ranges) bytes += range.end - range.begin;
    return bytes;
  }

  void add(ByteRange range) {
    const bool is_behind = !ranges.empty() && range.begin >= ranges.back().end &&
                           range.begin - ranges.back().end <= kLargestGap;
    if (is_behind && range.end - ranges.back().begin <= kPieceBytes) {
      ranges.back().end = range.end;
    } else {
      ranges.push_back(range);
    }
  }
};

/// What was read for a piece.
class PieceBytes {
 public:
  explicit PieceBytes(const Piece& piece) : ranges_(piece.ranges) {
    for (const ByteRange& range : ranges_) buffers_.push_back(piece.source->read(range));
  }

  std::shared_ptr<arrow::Buffer> slice(ByteRange wanted) const {
    std::size_t i = 0;
    while (wanted.begin < ranges_[i].begin || wanted.end > ranges_[i].end) ++i;
    return arrow::SliceBuffer(buffers_[i], wanted.begin - ranges_[i].begin,
                              wanted.end - wanted.begin);
  }

 private:
  std::span<const ByteRange> ranges_;
  std::vector<std::shared_ptr<arrow::Buffer>> buffers_;
};

/// Whether levels mean the same in both: all that holds the two leaves is as often there.
bool have_same_levels(const Node* one, const Node* other) {
  for (; one->parent() != nullptr && other->parent() != nullptr;
       one = one->parent(), other = other->parent()) {
    if (one->repetition() != other->repetition()) return false;
  }
  return one->parent() == other->parent();
}

class Merge {
 public:
  Merge(const ParquetMerge& merge, ByteWriter& out)
      : merge_(merge), out_(out), schema_(to_arrow_schema(merge.columns)) {
    auto properties = parquet_properties(merge.compression);
    for (const Column& column : merge.columns) {
      // Bounds of texts cost more than the rest of the encoding and prune nothing in unsorted rows.
      if (column.type == ColumnType::kText) properties.disable_statistics(column.name);
    }
    properties_ = properties.build();
    across_arrow(kTried, ErrorKind::kInternal, {}, [&] {
      PARQUET_THROW_NOT_OK(
          parquet::arrow::ToParquetSchema(schema_.get(), *properties_, &descriptor_));
      footer_ = parquet::FileMetaDataBuilder::Make(descriptor_.get(), properties_);
    });
    int leaf = 0;
    for (const Column& column : merge.columns) {
      first_leaves_.push_back(leaf);
      leaf += leaves_of(column);
    }
    write("PAR1");
  }

  void append(std::span<const std::shared_ptr<const RandomAccessBytes>> files) {
    std::vector<std::unique_ptr<MergeSource>> sources(files.size());
    for_each_at_once(files.size(), threads(), [&](std::size_t i) {
      sources[i] = std::make_unique<MergeSource>(files[i], merge_.columns);
    });
    std::vector<Piece> pieces;
    for (const auto& source : sources) {
      for (int group = 0; group < source->metadata().num_row_groups(); ++group) {
        add_pieces(*source, group, pieces);
      }
    }
    Turns turns(pieces.size());
    for_each_at_once(pieces.size(), threads(), [&](std::size_t i) {
      Turns::Turn turn(turns, i);
      std::vector<PackedChunk> chunks =
          across_arrow(kTried, ErrorKind::kInvalidData, {&pieces[i].source->kept_error()},
                       [&] { return pack(pieces[i]); });
      turn.wait();
      write(pieces[i], chunks);
    });
  }

  std::int64_t finish() {
    const auto sink = std::make_shared<ArrowOutput>(out_);
    across_arrow(kTried, ErrorKind::kInternal, {&sink->kept_error()}, [&] {
      const auto pairs = std::make_shared<arrow::KeyValueMetadata>();
      for (const auto& [key, value] : merge_.metadata) pairs->Append(key, value);
      parquet::WriteFileMetaData(*footer_->Finish(pairs), sink.get());
    });
    return rows_;
  }

 private:
  static int leaves_of(const Column& column) { return is_map(column.type) ? 2 : 1; }

  /// The file's column of which the pages may be taken; nothing for one that has to be made.
  const ParquetField* stored_field(const MergeSource& source, std::size_t column) const {
    const auto& field = source.field(column);
    if (!field || merge_.times.contains(merge_.columns[column].name)) return nullptr;
    for (int i = 0; i < leaves_of(merge_.columns[column]); ++i) {
      const auto& stored = *source.metadata().schema()->Column(field->first_leaf + i);
      const auto& wanted = *descriptor_->Column(first_leaves_[column] + i);
      if (!have_same_levels(stored.schema_node().get(), wanted.schema_node().get())) return nullptr;
    }
    return &*field;
  }

  void add_pieces(const MergeSource& source, int group, std::vector<Piece>& pieces) const {
    Piece piece{
        .source = &source, .group = group, .rows = source.metadata().RowGroup(group)->num_rows()};
    if (piece.rows == 0) return;
    for (std::size_t column = 0; column < merge_.columns.size(); ++column) {
      if (const ParquetField* const field = stored_field(source, column)) {
        for (int i = 0; i < leaves_of(merge_.columns[column]); ++i) {
          piece.add(source.range(group, field->first_leaf + i));
        }
      }
      piece.end_column = column + 1;
      if (piece.size() < kPieceBytes && piece.end_column < merge_.columns.size()) continue;
      pieces.push_back(piece);
      piece.first_column = piece.end_column;
      piece.ranges.clear();
    }
  }

  std::vector<PackedChunk> pack(const Piece& piece) const {
    std::vector<PackedChunk> packed;
    const PieceBytes bytes(piece);
    for (std::size_t column = piece.first_column; column < piece.end_column; ++column) {
      const std::size_t before = packed.size();
      if (!repack(piece, bytes, column, packed)) {
        packed.resize(before);
        encode(piece, column, packed);
      }
      for (const PackedChunk& chunk : std::span(packed).subspan(before)) {
        if (chunk.rows == piece.rows) continue;
        throw Error(ErrorKind::kInvalidData, "a column chunk and its row group differ in rows");
      }
    }
    return packed;
  }

  bool repack(const Piece& piece, const PieceBytes& bytes, std::size_t column,
              std::vector<PackedChunk>& packed) const {
    const ParquetField* const field = stored_field(*piece.source, column);
    if (field == nullptr) return false;
    const auto group = piece.source->metadata().RowGroup(piece.group);
    for (int i = 0; i < leaves_of(merge_.columns[column]); ++i) {
      const int leaf = field->first_leaf + i;
      const auto metadata = group->ColumnChunk(leaf);
      const auto& descriptor = *piece.source->metadata().schema()->Column(leaf);
      auto chunk =
          repack_chunk({bytes.slice(piece.source->range(piece.group, leaf)), *metadata, descriptor},
                       *properties_);
      if (!chunk) return false;
      packed.push_back(std::move(*chunk));
    }
    return true;
  }

  /// As the chunks of a file that has nothing else.
  void encode(const Piece& piece, std::size_t column, std::vector<PackedChunk>& packed) const {
    const arrow::Schema schema({schema_->field(static_cast<int>(column))});
    PARQUET_ASSIGN_OR_THROW(const auto sink, arrow::io::BufferOutputStream::Create());
    std::unique_ptr<parquet::arrow::FileWriter> writer;
    PARQUET_ASSIGN_OR_THROW(writer, parquet::arrow::FileWriter::Open(
                                        schema, arrow::default_memory_pool(), sink, properties_));
    PARQUET_THROW_NOT_OK(writer->NewRowGroup());
    PARQUET_THROW_NOT_OK(writer->WriteColumnChunk(values(piece, column)));
    PARQUET_THROW_NOT_OK(writer->Close());
    PARQUET_ASSIGN_OR_THROW(const std::shared_ptr<arrow::Buffer> bytes, sink->Finish());
    const auto metadata = writer->metadata();
    const auto group = metadata->RowGroup(0);
    for (int leaf = 0; leaf < group->num_columns(); ++leaf) {
      const auto chunk = group->ColumnChunk(leaf);
      const auto pages =
          arrow::SliceBuffer(bytes, first_byte_of(*chunk), chunk->total_compressed_size());
      packed.push_back(
          repack_chunk({pages, *chunk, *metadata->schema()->Column(leaf)}, *properties_).value());
    }
  }

  std::shared_ptr<arrow::ChunkedArray> values(const Piece& piece, std::size_t column) const {
    const auto& type = schema_->field(static_cast<int>(column))->type();
    const auto time = merge_.times.find(merge_.columns[column].name);
    std::shared_ptr<arrow::Array> values;
    if (time != merge_.times.end()) {
      PARQUET_ASSIGN_OR_THROW(values, arrow::MakeArrayFromScalar(
                                          arrow::TimestampScalar(time->second, type), piece.rows));
    } else if (!piece.source->field(column)) {
      PARQUET_ASSIGN_OR_THROW(values, arrow::MakeArrayOfNull(type, piece.rows));
    } else {
      return piece.source->decode(piece.group, column);
    }
    return std::make_shared<arrow::ChunkedArray>(std::move(values));
  }

  void write(std::string_view bytes) {
    out_.write(std::as_bytes(std::span(bytes)));
    offset_ += std::ssize(bytes);
  }

  /// In the order of the pieces, one thread at a time.
  void write(const Piece& piece, const std::vector<PackedChunk>& chunks) {
    if (piece.first_column == 0) {
      group_ = footer_->AppendRowGroup();
      group_->set_num_rows(piece.rows);
      group_bytes_ = 0;
    }
    for (const PackedChunk& chunk : chunks) {
      describe(chunk);
      write(static_cast<std::string_view>(*chunk.bytes));
    }
    if (piece.end_column < merge_.columns.size()) return;
    group_->Finish(group_bytes_, groups_ <= std::numeric_limits<std::int16_t>::max()
                                     ? static_cast<std::int16_t>(groups_)
                                     : std::int16_t{-1});
    ++groups_;
    rows_ += piece.rows;
  }

  void describe(const PackedChunk& chunk) {
    constexpr std::int64_t kNoIndexPage = -1;
    const bool has_dictionary = chunk.dictionary_bytes > 0;
    auto* const column = group_->NextColumnChunk();
    if (chunk.statistics) column->SetStatistics(*chunk.statistics);
    column->Finish(chunk.values, has_dictionary ? offset_ : 0, kNoIndexPage,
                   offset_ + chunk.dictionary_bytes, chunk.bytes->size(), chunk.uncompressed_size,
                   has_dictionary, false, chunk.dictionary_pages, chunk.data_pages);
    group_bytes_ += chunk.uncompressed_size;
  }

  const ParquetMerge& merge_;
  ByteWriter& out_;
  std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<parquet::WriterProperties> properties_;
  std::shared_ptr<parquet::SchemaDescriptor> descriptor_;
  std::vector<int> first_leaves_;  // by column
  std::unique_ptr<parquet::FileMetaDataBuilder> footer_;
  parquet::RowGroupMetaDataBuilder* group_ = nullptr;  // the one that is being written
  std::int64_t group_bytes_ = 0, groups_ = 0, rows_ = 0, offset_ = 0;
};

}  // namespace

std::int64_t merge_parquet(const std::vector<std::shared_ptr<const RandomAccessBytes>>& files,
                           const ParquetMerge& merge, ByteWriter& out) {
  Merge merging(merge, out);
  for (std::size_t i = 0; i < files.size(); i += kFilesAtOnce) {
    merging.append(std::span(files).subspan(i, std::min(kFilesAtOnce, files.size() - i)));
  }
  return merging.finish();
}

}  // namespace finops
