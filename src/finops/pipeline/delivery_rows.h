#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/lake/lake.h"
#include "finops/ledger/receipt.h"
#include "finops/pipeline/partition_commit.h"
#include "finops/pipeline/pipeline.h"
#include "finops/pipeline/stage_times.h"
#include "finops/tabular/bill_converter.h"

namespace finops {

using DataFiles = std::vector<std::shared_ptr<const RandomAccessBytes>>;

/// A delivery's rows as Parquet files that no snapshot refers to yet.
struct WrittenRows {
  ConvertReport report;
  DataFiles files;    // those of the report, to be read
  RowsTotals loaded;  // read back from them
  std::optional<WrittenParquet> quarantine;
};

/// Decodes the parts into the lake's store and reads the result back. `pending` learns every key.
WrittenRows write_rows(lake::Lake& lake, const std::string& table,
                       const std::vector<BillPart>& parts, const BillLayout& layout,
                       const PipelineSettings& settings, PendingFiles& pending,
                       const std::function<void(const Progress&)>& on_progress,
                       std::uint64_t bytes_total, StageTimes& times, std::stop_token stop);

/// The same into temporary files, which go away with the result, and without the quarantine: what
/// the lake would hold, and nothing of it is touched.
WrittenRows try_rows(const std::vector<BillPart>& parts, const BillLayout& layout,
                     const PipelineSettings& settings, std::stop_token stop);

DataFiles data_files_of(lake::Lake& lake, const Receipt& receipt);

/// What the rows of Parquet files add up to, in the columns of a layout.
RowsTotals totals_of(const DataFiles& files, const BillLayout& layout, unsigned threads,
                     const std::function<void(const RowsTotals& so_far)>& before_each = {});

/// Tells the receipt what the rows of its delivery cost, read from all their files; for FOCUS,
/// which tells its costs in columns of its own, only whose bill it is.
void read_costs(const DataFiles& files, const BillLayout& layout, unsigned threads,
                Receipt& receipt);

/// All columns that a layout writes, in the order of the Parquet file.
std::vector<Column> layout_columns(const BillLayout& layout);

/// Why the delivery must not be published: its faulty rows are above a threshold. Nothing when they
/// are not.
std::optional<std::string> refusal(const ConvertReport& report,
                                   const QuarantineThresholds& thresholds);

/// Thresholds and version that a refusal was judged by: while they are the same it stands.
std::string judged_by(const PipelineSettings& settings);

}  // namespace finops
