#pragma once

#include <arrow/buffer.h>
#include <parquet/metadata.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>

namespace finops {

/// A column chunk as it stands in a file.
struct StoredChunk {
  std::shared_ptr<arrow::Buffer> bytes;  // all of its pages
  const parquet::ColumnChunkMetaData& metadata;
  const parquet::ColumnDescriptor& descriptor;
};

/// A column chunk that can be written anywhere: its pages, and what a footer tells of them.
struct PackedChunk {
  std::shared_ptr<arrow::Buffer> bytes;
  std::int64_t rows = 0;
  std::int64_t values = 0;             // levels: NULLs included
  std::int64_t uncompressed_size = 0;  // with the pages' headers
  std::int64_t dictionary_bytes = 0;   // of the page that comes first; 0: there is none
  std::map<parquet::Encoding::type, std::int32_t> dictionary_pages, data_pages;  // their numbers
  std::shared_ptr<const parquet::EncodedStatistics> statistics;  // null: none that can be trusted
};

/// The chunk in the compression that `properties` have for its column: its own bytes when it is
/// compressed so, else its pages, of version 1, unpacked and packed again. No value is decoded in
/// either case, but all pages are unpacked, so that damage is found. Nothing when the chunk has
/// something that only its reader understands: its values are to be encoded anew. Throws what
/// Parquet's reader throws, and kInvalidData when its pages are not what the footer says.
std::optional<PackedChunk> repack_chunk(const StoredChunk& chunk,
                                        const parquet::WriterProperties& properties);

}  // namespace finops
