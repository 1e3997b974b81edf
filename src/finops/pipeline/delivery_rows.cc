#include "finops/pipeline/delivery_rows.h"

#include <cstddef>
#include <span>
#include <utility>

#include "finops/core/error.h"
#include "finops/pipeline/cost_reading.h"
#include "finops/pipeline/quarantine_writer.h"
#include "finops/pipeline/spool_file.h"
#include "finops/tabular/parquet_totals.h"

namespace finops {
namespace {

/// A total as a Decimal, in units of 10^20 when it would not fit: shares need no more.
Decimal scaled(const ExactSum& sum, bool in_large_units) {
  const auto parsed = Decimal::parse(sum.to_string() + (in_large_units ? "e-20" : ""));
  if (!parsed) throw Error(ErrorKind::kInvalidData, "costs add up to " + sum.to_string());
  return parsed->value;
}

Decimal share(const ExactSum& part, const ExactSum& whole) {
  const bool is_large = !Decimal::parse(whole.to_string()) || !Decimal::parse(part.to_string());
  return Decimal::quotient(scaled(part, is_large), scaled(whole, is_large));
}

ExactSum count(std::uint64_t number) {
  ExactSum sum;
  sum.add(static_cast<Int128>(number), 0);
  return sum;
}

class SpoolWriter final : public ByteWriter {
 public:
  explicit SpoolWriter(std::shared_ptr<SpoolFile> file) : file_(std::move(file)) {}

  void write(std::span<const std::byte> bytes) override { file_->append(bytes); }
  void finish() override {}

 private:
  std::shared_ptr<SpoolFile> file_;
};

ConvertOptions options_of(const PipelineSettings& settings) {
  return {.threads = settings.threads,
          .memory_bytes = settings.memory_bytes,
          .cell_limit = settings.cell_limit};
}

std::string percent(Decimal part_of_one) {
  const auto hundred = Decimal::from_unscaled(100 * power_of_10(kDecimalScale));
  return (part_of_one * hundred).to_string() + " %";
}

}  // namespace

std::vector<Column> layout_columns(const BillLayout& layout) {
  std::vector<Column> columns;
  for (const auto& bound : layout.delivered) columns.push_back(bound.column);
  columns.insert(columns.end(), layout.added.begin(), layout.added.end());
  return columns;
}

DataFiles data_files_of(lake::Lake& lake, const Receipt& receipt) {
  DataFiles files;
  for (const auto& file : receipt.data_files) files.push_back(open_random(lake.store(), file.key));
  return files;
}

RowsTotals totals_of(const DataFiles& files, const BillLayout& layout, unsigned threads,
                     const std::function<void(const RowsTotals&)>& before_each) {
  RowsTotals totals;
  const std::vector<Column> columns = layout_columns(layout);
  for (const auto& column : columns) totals.columns[column.name];
  for (const auto& file : files) {
    if (before_each) before_each(totals);
    add_parquet_totals(file, columns, layout.currency_column, threads, totals);
  }
  return totals;
}

void read_costs(const DataFiles& files, const BillLayout& layout, unsigned threads,
                Receipt& receipt) {
  const std::vector<Column> columns = layout_columns(layout);
  if (layout.cost_column == BillLayout().cost_column) {
    receipt.costs = read_bill_costs(files, columns, threads);
  } else {
    receipt.focus_mark = read_focus_mark(files, columns, threads);
  }
}

WrittenRows write_rows(lake::Lake& lake, const std::string& table,
                       const std::vector<BillPart>& parts, const BillLayout& layout,
                       const PipelineSettings& settings, PendingFiles& pending,
                       const std::function<void(const Progress&)>& on_progress,
                       std::uint64_t bytes_total, StageTimes& times, std::stop_token stop) {
  const lake::TableName name{"billing", table};
  const lake::PartitionKey partition{layout.source, layout.billing_period};
  const std::string label = layout.source + " " + layout.billing_period;
  QuarantineWriter quarantine(lake, table, layout);

  ConvertOutput output;
  output.next_parquet = [&]() -> ConvertOutput::Named {
    std::string key = lake.data_key(name, partition);
    pending.add(key);
    auto writer = lake.store().create(key);
    return {std::move(key), std::move(writer)};
  };
  output.on_rejected = [&](RejectedRow&& row) { quarantine.add(std::move(row)); };
  if (on_progress) {
    output.on_progress = [&](std::uint64_t bytes, std::uint64_t rows) {
      on_progress({label, "load", bytes, bytes_total, rows});
    };
  }
  WrittenRows written;
  const ConvertOptions options = options_of(settings);
  written.report = convert_bill(parts, layout, options, output, stop);
  written.quarantine = quarantine.finish();
  if (written.quarantine) pending.add(written.quarantine->key);

  times.end("load", bytes_total, written.report.rows);

  std::uint64_t bytes_written = 0;
  for (const auto& file : written.report.files) {
    written.files.push_back(open_random(lake.store(), file.key));
    bytes_written += file.bytes;
  }
  written.loaded =
      totals_of(written.files, layout, settings.threads, [&](const RowsTotals& so_far) {
        if (stop.stop_requested()) {
          throw Error(ErrorKind::kCancelled, "interrupted while verifying");
        }
        if (on_progress) on_progress({label, "verify", bytes_total, bytes_total, so_far.rows});
      });
  times.end("verify", bytes_written, written.loaded.rows);
  return written;
}

WrittenRows try_rows(const std::vector<BillPart>& parts, const BillLayout& layout,
                     const PipelineSettings& settings, std::stop_token stop) {
  WrittenRows written;
  ConvertOutput output;
  output.next_parquet = [&]() -> ConvertOutput::Named {
    auto file = std::make_shared<SpoolFile>(settings.staging_folder);
    written.files.push_back(file);
    return {"try-" + std::to_string(written.files.size()), std::make_unique<SpoolWriter>(file)};
  };
  output.on_rejected = [](RejectedRow&&) {};
  const ConvertOptions options = options_of(settings);
  written.report = convert_bill(parts, layout, options, output, std::move(stop));
  written.loaded = totals_of(written.files, layout, settings.threads);
  return written;
}

std::optional<std::string> refusal(const ConvertReport& report,
                                   const QuarantineThresholds& thresholds) {
  if (report.rejected_rows == 0) return std::nullopt;
  const Decimal rows = share(count(report.rejected_rows), count(report.rows));
  if (report.rejected_rows > thresholds.min_rows && rows > thresholds.rows) {
    return std::to_string(report.rejected_rows) + " of " + std::to_string(report.rows) +
           " rows do not fit, which is " + percent(rows) + " and above threshold_rows (" +
           percent(thresholds.rows) + ")";
  }
  for (const auto& [currency, rejected] : report.rejected_absolute_cost) {
    const auto all = report.absolute_cost.find(currency);
    if (all == report.absolute_cost.end() || all->second.is_zero()) continue;
    const Decimal cost = share(rejected, all->second);
    if (cost <= thresholds.cost) continue;
    return "rows that do not fit hold " + rejected.to_string() + " of " + all->second.to_string() +
           " " + currency + " of unblended cost, which is " + percent(cost) +
           " and above threshold_cost (" + percent(thresholds.cost) + ")";
  }
  return std::nullopt;
}

std::string judged_by(const PipelineSettings& settings) {
  const auto& thresholds = settings.thresholds;
  return "rows>" + thresholds.rows.to_string() + " min_rows>" +
         std::to_string(thresholds.min_rows) + " cost>" + thresholds.cost.to_string() + " finops " +
         settings.finops_version;
}

}  // namespace finops
