#include "finops/tabular/parquet_text.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/tabular/arrow_edge.h"
#include "finops/tabular/parquet_cells.h"
#include "finops/tabular/parquet_fields.h"

namespace finops::bill {
namespace {

constexpr std::size_t kDrainBytes = 1 << 20;
constexpr std::int64_t kColumnBuffer = 128 << 10;
constexpr std::size_t kSliceBytes = 1 << 20;  // of codes and texts that are made at once, roughly
constexpr std::size_t kMostSliceRows = 4096;
constexpr std::size_t kFirstSliceRows = 16;  // before anything is known of the rows' length

class ParquetText final : public DeliveredText {
 public:
  explicit ParquetText(const BillPart& part)
      : part_(part), tried_("cannot read '" + part.key + "' as Parquet") {
    const auto input = std::make_shared<ArrowInput>(part.open_random());
    size_ = input->GetSize().ValueOr(0);
    if (size_ == 0) return;
    across_arrow(tried_, ErrorKind::kInvalidData, {&input->kept_error()}, [&] {
      metadata_ = parquet::ParquetFileReader::Open(input, buffered_reader_properties(kColumnBuffer))
                      ->metadata();
      read_columns();
    });
    const std::int64_t rows = metadata_->num_rows();
    total_rows_ = static_cast<std::uint64_t>(std::max<std::int64_t>(rows, 0));
  }

  std::size_t read(char* out, std::size_t capacity) override {
    std::size_t done = 0;
    while (done < capacity) {
      if (text_at_ == text_.size() && !make_text()) break;
      const std::size_t taken = std::min(capacity - done, text_.size() - text_at_);
      std::memcpy(out + done, text_.data() + text_at_, taken);
      text_at_ += taken;
      done += taken;
    }
    return done;
  }

  std::size_t read_columns(std::vector<CellColumn>& columns) override {
    if (!has_drained_) drain();
    while (!is_at_end_ && group_rows_left_ == 0) open_next_group();
    if (is_at_end_) return 0;
    const std::size_t rows = std::min(slice_rows_, group_rows_left_);
    columns.resize(cells_.size());
    std::size_t bytes = 0, memory = 0;
    guarded([&] {
      for (std::size_t c = 0; c < cells_.size(); ++c) {
        cells_[c]->read(rows, columns[c]);
        bytes += columns[c].text_bytes();
        memory += columns[c].memory();
      }
    });
    group_rows_left_ -= rows;
    rows_ += rows;
    text_bytes_ += bytes;
    slice_rows_ = std::clamp<std::size_t>(kSliceBytes * rows / std::max<std::size_t>(memory, 1), 1,
                                          kMostSliceRows);
    return rows;
  }

  /// As large a part of the file as of its rows.
  std::uint64_t compressed_bytes() const override {
    const auto size = static_cast<std::uint64_t>(size_);
    if (is_at_end_ || total_rows_ == 0) return has_drained_ ? size : 0;
    return static_cast<std::uint64_t>(static_cast<double>(size) * static_cast<double>(rows_) /
                                      static_cast<double>(total_rows_));
  }
  std::uint64_t text_bytes() const override { return text_bytes_; }
  std::string sha256() override {
    if (!has_drained_) drain();
    return hash_;
  }
  const std::vector<HeaderColumn>* columns() const override { return &columns_; }

 private:
  void read_columns() {
    const auto& root = *metadata_->schema()->group_node();
    for (int i = 0; i < root.field_count(); ++i) {
      const auto& field = *root.field(i);
      try {
        columns_.push_back({field.name(), told_type_of(field)});
      } catch (const Error& error) {
        throw Error(error.kind(), tried_ + ": " + error.what());
      }
    }
  }

  void drain() {
    has_drained_ = true;
    HashedInput whole(part_.open(), kDrainBytes);
    while (!whole.next().empty()) {
    }
    hash_ = whole.sha256();
    if (!std::cmp_equal(whole.bytes(), size_)) {
      throw Error(ErrorKind::kInvalidData, tried_ + ": it has " + std::to_string(whole.bytes()) +
                                               " bytes instead of " + std::to_string(size_));
    }
    if (size_ == 0) {
      is_at_end_ = true;
      return;
    }
    input_ = std::make_shared<ArrowInput>(part_.open_random());
    guarded([&] {
      reader_ = parquet::ParquetFileReader::Open(input_, buffered_reader_properties(kColumnBuffer),
                                                 metadata_);
    });
  }

  template <typename Work>
  void guarded(Work work) {
    across_arrow(tried_, ErrorKind::kInvalidData, {&input_->kept_error()}, work);
  }

  /// The records of some more rows; false at the end.
  bool make_text() {
    text_.clear();
    text_at_ = 0;
    const std::size_t rows = read_columns(slice_);
    append_records(slice_, rows, text_);
    return rows > 0;
  }

  void open_next_group() {
    if (next_group_ == metadata_->num_row_groups()) {
      is_at_end_ = true;
      cells_.clear();
      return;
    }
    guarded([&] {
      group_ = reader_->RowGroup(next_group_++);
      cells_.clear();
      int leaf = 0;
      const auto& root = *metadata_->schema()->group_node();
      for (int i = 0; i < root.field_count(); ++i) {
        cells_.push_back(open_parquet_cells(*group_, *root.field(i), leaf));
        leaf += leaf_count(*root.field(i));
      }
      const std::int64_t rows = group_->metadata()->num_rows();
      if (rows < 0) throw Error(ErrorKind::kInvalidData, tried_ + ": a negative number of rows");
      group_rows_left_ = static_cast<std::size_t>(rows);
    });
    if (cells_.empty() && group_rows_left_ > 0) {
      throw Error(ErrorKind::kInvalidData, tried_ + ": it has rows and no columns");
    }
  }

  const BillPart part_;
  const std::string tried_;
  std::int64_t size_ = 0;
  std::shared_ptr<parquet::FileMetaData> metadata_;
  std::vector<HeaderColumn> columns_;
  std::uint64_t total_rows_ = 0, rows_ = 0;

  bool has_drained_ = false, is_at_end_ = false;
  std::string hash_;
  std::shared_ptr<ArrowInput> input_;
  std::unique_ptr<parquet::ParquetFileReader> reader_;
  std::shared_ptr<parquet::RowGroupReader> group_;
  int next_group_ = 0;
  std::size_t group_rows_left_ = 0, slice_rows_ = kFirstSliceRows;
  std::vector<std::unique_ptr<ParquetCells>> cells_;
  std::vector<CellColumn> slice_;
  std::string text_;
  std::size_t text_at_ = 0;
  std::uint64_t text_bytes_ = 0;
};

}  // namespace

std::unique_ptr<DeliveredText> open_parquet_text(const BillPart& part) {
  return std::make_unique<ParquetText>(part);
}

}  // namespace finops::bill
