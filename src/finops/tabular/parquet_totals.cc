#include "finops/tabular/parquet_totals.h"

#include <parquet/file_reader.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <span>
#include <thread>
#include <utility>

#include "finops/core/error.h"
#include "finops/tabular/arrow_edge.h"
#include "finops/tabular/column_chunk_totals.h"
#include "finops/tabular/parquet_fields.h"

namespace finops {
namespace {

constexpr std::string_view kTried = "read a Parquet file back";

/// Columns of one row group that one thread reads one after the other.
struct Task {
  int row_group = 0;
  std::span<const Column* const> columns;
};
constexpr std::size_t kColumnsPerTask = 16;
constexpr std::int64_t kColumnBuffer = 1 << 20;

void add_sums(RowsTotals& totals, const Column& column, const RowCurrencies& currencies,
              const std::vector<DecimalSum>& sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].cells() == 0) continue;
    totals.decimals[currencies.names[i]][column.name].sum.add(sums[i].total());
  }
}

void add_content(RowsTotals& totals, const std::string& name, const ColumnContent& content) {
  ColumnContent& total = totals.columns[name];
  total.nulls += content.nulls;
  total.fingerprint.add(content.fingerprint);
}

void add_totals(RowsTotals& totals, const RowsTotals& more) {
  totals.rows += more.rows;
  for (const auto& [currency, columns] : more.decimals) {
    for (const auto& [name, money] : columns) totals.decimals[currency][name].sum.add(money.sum);
  }
  for (const auto& [name, content] : more.columns) add_content(totals, name, content);
}

/// One read-back of one file. Threads take tasks; each has its own reader and its own totals.
class ReadBack {
 public:
  ReadBack(std::shared_ptr<ArrowInput> input, const std::vector<Column>& columns,
           const std::string& currency_column)
      : input_(std::move(input)),
        metadata_(
            parquet::ParquetFileReader::Open(input_, buffered_reader_properties(kColumnBuffer))
                ->metadata()),
        fields_(*metadata_) {
    for (const Column& column : columns) {
      if (column.name == currency_column && column.type == ColumnType::kText) {
        currency_ = fields_.find(column);
      }
      totals_.columns.try_emplace(column.name);
      (fields_.find(column) != nullptr ? present_ : absent_).push_back(&column);
    }
    // Decimals need the currencies of their row group: together, these are read once or twice.
    std::ranges::stable_partition(
        present_, [](const Column* column) { return column->type == ColumnType::kDecimal; });
    plan();
  }

  RowsTotals run(unsigned threads) {
    if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
    const auto workers = std::min<std::size_t>(threads, tasks_.size());
    {
      std::vector<std::jthread> others;
      for (std::size_t i = 1; i < workers; ++i) others.emplace_back([this] { work(); });
      work();
    }
    if (failure_) std::rethrow_exception(failure_);
    return std::move(totals_);
  }

 private:
  void plan() {
    std::int64_t rows = 0;
    for (int group = 0; group < metadata_->num_row_groups(); ++group) {
      rows += metadata_->RowGroup(group)->num_rows();
      for (std::size_t first = 0; first < present_.size(); first += kColumnsPerTask) {
        const auto count = std::min(kColumnsPerTask, present_.size() - first);
        tasks_.push_back({group, std::span(present_).subspan(first, count)});
      }
    }
    if (rows != metadata_->num_rows()) {
      throw Error(ErrorKind::kInvalidData, "the file's row groups have " + std::to_string(rows) +
                                               " rows, its footer says " +
                                               std::to_string(metadata_->num_rows()));
    }
    totals_.rows = static_cast<std::uint64_t>(rows);
    for (const Column* column : absent_) totals_.columns[column->name].nulls += totals_.rows;
  }

  void work() {
    RowsTotals found;
    std::exception_ptr failure;
    try {
      const auto reader = parquet::ParquetFileReader::Open(
          input_, buffered_reader_properties(kColumnBuffer), metadata_);
      for (std::size_t i = next_task_++; i < tasks_.size() && !has_failed_; i = next_task_++) {
        do_task(tasks_[i], *reader, found);
      }
    } catch (...) {
      failure = std::current_exception();
      has_failed_ = true;
    }
    const std::lock_guard lock(mutex_);
    if (failure && !failure_) failure_ = failure;
    if (!failure) add_totals(totals_, found);
  }

  void do_task(const Task& task, parquet::ParquetFileReader& reader, RowsTotals& found) const {
    const auto group = reader.RowGroup(task.row_group);
    const bool has_decimals = task.columns.front()->type == ColumnType::kDecimal;
    RowCurrencies currencies;
    if (has_decimals && currency_ != nullptr) currencies = read_currencies(*group, *currency_);
    for (const Column* column : task.columns) {
      try {
        const ParquetField& field = *fields_.find(*column);
        const ChunkTotals chunk = is_map(column->type)
                                      ? read_map_column(*group, field, column->type)
                                      : read_flat_column(*group, field, column->type, currencies);
        add_content(found, column->name, chunk.content);
        add_sums(found, *column, currencies, chunk.sums);
      } catch (const std::exception& e) {
        input_->kept_error().rethrow_if_any();
        throw Error(ErrorKind::kInvalidData, "column '" + column->name + "', row group " +
                                                 std::to_string(task.row_group) + ": " + e.what());
      }
    }
  }

  std::shared_ptr<ArrowInput> input_;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  ParquetFields fields_;
  const ParquetField* currency_ = nullptr;
  std::vector<const Column*> present_, absent_;
  std::vector<Task> tasks_;
  std::atomic<std::size_t> next_task_ = 0;
  std::atomic<bool> has_failed_ = false;
  std::mutex mutex_;
  std::exception_ptr failure_;
  RowsTotals totals_;
};

}  // namespace

void add_parquet_totals(std::shared_ptr<const RandomAccessBytes> file,
                        const std::vector<Column>& columns, const std::string& currency_column,
                        unsigned threads, RowsTotals& totals) {
  const auto input = std::make_shared<ArrowInput>(std::move(file));
  const RowsTotals found =
      across_arrow(kTried, ErrorKind::kInvalidData, {&input->kept_error()},
                   [&] { return ReadBack(input, columns, currency_column).run(threads); });
  add_totals(totals, found);
}

}  // namespace finops
