#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/tabular/bill_layout.h"
#include "finops/tabular/bill_totals.h"

namespace finops {

/// Bounds and counts of one column of a written Parquet file, as Iceberg's manifests want them.
struct ColumnMetrics {
  int field_id = 0;
  std::int64_t values = 0, nulls = 0, bytes = 0;  // bytes: compressed size of its chunks
  /// Iceberg single-value serialization (spec, appendix D), not truncated; absent when the column
  /// has no value, is a map, or its bounds were not kept.
  std::optional<std::string> lower, upper;
};

struct WrittenParquet {
  std::string key;  // as the output factory named it
  std::uint64_t bytes = 0;
  std::int64_t rows = 0;
  std::string sha256;
  std::vector<std::int64_t> split_offsets;  // of the row groups
  std::vector<ColumnMetrics> columns;
};

struct ConvertOptions {
  unsigned threads = 0;                       // 0: all processors
  std::uint64_t memory_bytes = 512ull << 20;  // bound on what the conversion keeps in memory
  std::int64_t file_rows = 4'000'000;         // a new Parquet file begins after so many rows
  std::int64_t row_group_rows = 131'072;
  std::size_t cell_limit = 1 << 20;  // longest quoted cell
};

struct PartReport {
  std::string key;
  std::uint64_t compressed_bytes = 0, text_bytes = 0;
  std::string sha256;  // of the delivered bytes
  std::uint64_t rows = 0, rejected = 0;
};

/// What the fast reader saw. `source` counts all rows, `rejected` those handed to the sink.
struct ConvertReport {
  std::vector<PartReport> parts;
  std::vector<WrittenParquet> files;
  std::uint64_t rows = 0, rejected_rows = 0;
  CurrencyTotals source, rejected;
  /// Sum of |cost_column| by currency, of all readable rows and of the rejected ones.
  std::map<std::string, ExactSum> absolute_cost, rejected_absolute_cost;
};

/// Where the conversion's products go. Called one at a time, in an order that depends on the input
/// only, so that equal input gives equal output, byte for byte: rejected rows of one part come in
/// the order of its lines; those of parts that are read at once take turns, as their rows do in the
/// files.
struct ConvertOutput {
  struct Named {
    std::string key;
    std::unique_ptr<ByteWriter> writer;
  };
  std::function<Named()> next_parquet;
  std::function<void(RejectedRow&&)> on_rejected;
  /// Compressed bytes read and rows done so far; may be empty.
  std::function<void(std::uint64_t, std::uint64_t)> on_progress;
};

/// csv.gz to Parquet, in bounded memory, on all processors; the hot path. Throws kInvalidData
/// naming the part for a file that cannot be decoded at all (not gzip, truncated, wrong CRC, a
/// header that is not bound), kCancelled when `stop` is requested; then nothing of what it wrote is
/// visible.
ConvertReport convert_bill(const std::vector<BillPart>& parts, const BillLayout& layout,
                           const ConvertOptions& options, const ConvertOutput& output,
                           std::stop_token stop = {});

/// "avx2" or "portable": the kernels that this processor runs.
std::string_view converter_kernels();

}  // namespace finops
