#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "finops/tabular/bill_plan.h"
#include "finops/tabular/map_column.h"
#include "finops/tabular/number_column.h"
#include "finops/tabular/row_block.h"
#include "finops/tabular/text_column.h"

namespace finops::bill {

/// One column of the lake being written, and where its values come from.
class OutputColumn {
 public:
  /// The delivered column of this index.
  OutputColumn(const BillShape& shape, std::size_t delivered, const EncodingOptions& options);
  /// An added column: source, billing_period, execution_id, source_file, source_line or
  /// ingestion_time. Throws kUnsupported for another name.
  OutputColumn(const BillLayout& layout, const Column& added, const EncodingOptions& options);

  void append(const RowBlock& block, std::size_t first_row, std::size_t rows);
  void finish_chunk(std::vector<ColumnChunk>& chunks);
  std::size_t dictionary_memory() const;
  void give_up_dictionary();
  /// See TextColumn; of other columns nothing.
  std::size_t plain_memory() const;
  void end_plain_page();

 private:
  enum class From { kDelivered, kConstant, kFileName, kLine, kTime };
  using Writer = std::variant<TextColumn, NumberColumn<Int128>, NumberColumn<std::int64_t>,
                              MapColumn, ConstantColumn, LineColumn>;
  static Writer writer_for(ColumnType type, const EncodingOptions& options);
  static Writer writer_for_added(const Column& column, const EncodingOptions& options);
  void append_delivered(const RowBlock& block, std::size_t first_row, std::size_t rows);
  void append_time(std::size_t rows);

  From from_;
  std::size_t delivered_ = 0, ordinal_ = 0;
  std::string constant_;
  std::int64_t time_ = 0;
  std::vector<std::int64_t> times_;  // time_, as often as a block has rows
  CellPlaces places_;
  Writer writer_;
};

/// All columns of the layout, as a file has them.
std::vector<Column> file_columns(const BillLayout& layout);
std::vector<OutputColumn> output_columns(const BillShape& shape, const EncodingOptions& options);

}  // namespace finops::bill
