#include "finops/tabular/first_cells.h"

#include <algorithm>
#include <memory>

#include "finops/core/error.h"
#include "finops/tabular/arrow_edge.h"
#include "finops/tabular/bill_reader.h"
#include "finops/tabular/parquet_cells.h"
#include "finops/tabular/parquet_fields.h"
#include "finops/tabular/record_scanner.h"

namespace finops {
namespace {

constexpr std::size_t kFirstRead = 64 << 10;
constexpr std::int64_t kColumnBuffer = 128 << 10;
constexpr bill::ScanLimits kLimits{std::size_t{1} << 20, kRecordLimit};

/// The column's cells of the sound rows at the start of `text`.
std::vector<std::string> cells_of(std::string_view text, bool is_last, std::size_t index,
                                  std::size_t columns, std::size_t most_rows) {
  std::vector<std::string> cells;
  while (!text.empty() && cells.size() < most_rows) {
    const bill::ScannedRecord record = bill::scan_record(text, is_last, kLimits);
    if (!record.is_decided()) break;
    if (record.state == bill::ScannedRecord::State::kSound) {
      std::vector<std::string> row = bill::split_record(text.substr(0, record.end));
      if (row.size() == columns) cells.push_back(std::move(row[index]));
    }
    text.remove_prefix(record.end);
  }
  return cells;
}

std::vector<std::string> of_text(const BillPart& part, std::string_view column,
                                 std::size_t most_rows) {
  bill::PartText rows(part);
  const auto& header = rows.header();
  const auto found = std::ranges::find(header, column, &HeaderColumn::name);
  if (found == header.end()) return {};
  const auto index = static_cast<std::size_t>(found - header.begin());
  std::string text;
  for (std::size_t piece = kFirstRead;; piece = text.size()) {
    const std::size_t before = text.size();
    text.resize(before + piece);
    const std::size_t got = rows.read(text.data() + before, piece);
    text.resize(before + got);
    const bool is_last = got < piece;
    if (is_last && !text.empty() && !text.ends_with('\n')) text += '\n';
    auto cells = cells_of(text, is_last, index, header.size(), most_rows);
    if (!cells.empty() || is_last || text.size() > kRecordLimit) return cells;
  }
}

std::vector<std::string> of_parquet(const BillPart& part, std::string_view column,
                                    std::size_t most_rows) {
  const auto input = std::make_shared<ArrowInput>(part.open_random());
  std::vector<std::string> cells;
  if (input->GetSize().ValueOr(0) == 0) return cells;
  const std::string tried = "cannot read '" + part.key + "' as Parquet";
  across_arrow(tried, ErrorKind::kInvalidData, {&input->kept_error()}, [&] {
    const auto file =
        parquet::ParquetFileReader::Open(input, buffered_reader_properties(kColumnBuffer));
    const auto& root = *file->metadata()->schema()->group_node();
    int leaf = 0, field = 0;
    while (field < root.field_count() && root.field(field)->name() != column) {
      leaf += bill::leaf_count(*root.field(field++));
    }
    if (field == root.field_count()) return;
    const int groups = file->metadata()->num_row_groups();
    for (int i = 0; i < groups && cells.size() < most_rows; ++i) {
      const auto group = file->RowGroup(i);
      const auto rows =
          static_cast<std::size_t>(std::max<std::int64_t>(group->metadata()->num_rows(), 0));
      bill::CellColumn column_cells;
      const std::size_t wanted = std::min(rows, most_rows - cells.size());
      bill::open_parquet_cells(*group, *root.field(field), leaf)->read(wanted, column_cells);
      if (!column_cells.has_texts()) column_cells.make_texts();
      bill::CellPlaces places;
      std::string scratch;
      for (std::size_t row = 0; row < wanted; ++row) {
        const auto cell = bill::cell_at(column_cells.cells(row, 1, places), 0, scratch);
        cells.emplace_back(cell.view());
      }
    }
  });
  return cells;
}

}  // namespace

std::vector<std::string> first_cells(const BillPart& part, std::string_view column,
                                     std::size_t most_rows) {
  return part.format == BillFormat::kParquet ? of_parquet(part, column, most_rows)
                                             : of_text(part, column, most_rows);
}

}  // namespace finops
