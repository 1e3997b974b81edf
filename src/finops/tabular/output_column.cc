#include "finops/tabular/output_column.h"

#include "finops/core/error.h"

namespace finops::bill {

OutputColumn::Writer OutputColumn::writer_for(ColumnType type, const EncodingOptions& options) {
  switch (type) {
    case ColumnType::kDecimal: return NumberColumn<Int128>(options);
    case ColumnType::kTimestamp: return NumberColumn<std::int64_t>(options);
    case ColumnType::kTextMap:
    case ColumnType::kDecimalMap: return MapColumn(options, type);
    default: return TextColumn(options);
  }
}

OutputColumn::Writer OutputColumn::writer_for_added(const Column& column,
                                                    const EncodingOptions& options) {
  if (column.type == ColumnType::kLong) return LineColumn(options, column.is_required);
  if (column.type == ColumnType::kTimestamp) {
    return NumberColumn<std::int64_t>(options, column.is_required);
  }
  return ConstantColumn(options, column.is_required);
}

OutputColumn::OutputColumn(const BillShape& shape, std::size_t delivered,
                           const EncodingOptions& options)
    : from_(From::kDelivered),
      delivered_(delivered),
      ordinal_(shape.delivered[delivered].ordinal),
      writer_(writer_for(shape.delivered[delivered].type, options)) {}

OutputColumn::OutputColumn(const BillLayout& layout, const Column& added,
                           const EncodingOptions& options)
    : from_(From::kConstant), writer_(writer_for_added(added, options)) {
  ColumnType wanted = ColumnType::kText;
  if (added.name == "source_line") {
    from_ = From::kLine;
    wanted = ColumnType::kLong;
  } else if (added.name == "ingestion_time") {
    from_ = From::kTime;
    time_ = layout.ingestion_time;
    wanted = ColumnType::kTimestamp;
  } else if (added.name == "source_file") {
    from_ = From::kFileName;
  } else if (added.name == "source") {
    constant_ = layout.source;
  } else if (added.name == "billing_period") {
    constant_ = layout.billing_period;
  } else if (added.name == "execution_id") {
    constant_ = layout.execution_id;
  } else {
    throw Error(ErrorKind::kUnsupported, "a bill has no added column '" + added.name + "'");
  }
  if (added.type != wanted) {
    throw Error(ErrorKind::kUnsupported, "the added column '" + added.name + "' must be of type " +
                                             std::string(to_string(wanted)));
  }
}

void OutputColumn::append(const RowBlock& block, std::size_t first_row, std::size_t rows) {
  switch (from_) {
    case From::kDelivered: return append_delivered(block, first_row, rows);
    case From::kConstant: return std::get<ConstantColumn>(writer_).append(constant_, rows);
    case From::kFileName: return std::get<ConstantColumn>(writer_).append(block.plan->key, rows);
    case From::kLine:
      return std::get<LineColumn>(writer_).append(block.lines.data() + first_row, rows);
    case From::kTime: return append_time(rows);
  }
}

void OutputColumn::append_time(std::size_t rows) {
  if (times_.size() < rows) times_.resize(rows, time_);
  std::get<NumberColumn<std::int64_t>>(writer_).append(times_.data(), rows);
}

void OutputColumn::append_delivered(const RowBlock& block, std::size_t first_row,
                                    std::size_t rows) {
  const auto position = block.plan->position[delivered_];
  const bool is_empty =
      !position || block.lengths_or[*position] == 0;  // a third of a bill's columns
  if (auto* text = std::get_if<TextColumn>(&writer_)) {
    if (is_empty) return text->append_nulls(rows);
    if (!block.is_by_column()) return text->append(block.cells_of_text(*position, first_row, rows));
    return text->append(block.by_column[*position], first_row, rows);
  }
  if (auto* decimals = std::get_if<NumberColumn<Int128>>(&writer_)) {
    if (is_empty) return decimals->append_nulls(rows);
    return decimals->append(block.decimals[ordinal_].data() + first_row, rows);
  }
  if (auto* times = std::get_if<NumberColumn<std::int64_t>>(&writer_)) {
    if (is_empty) return times->append_nulls(rows);
    return times->append(block.timestamps[ordinal_].data() + first_row, rows);
  }
  auto& map = std::get<MapColumn>(writer_);
  if (is_empty) return map.append_nulls(rows);
  map.append(block.cells(*position, first_row, rows, places_));
}

void OutputColumn::finish_chunk(std::vector<ColumnChunk>& chunks) {
  std::visit([&](auto& writer) { writer.finish_chunk(chunks); }, writer_);
}

std::size_t OutputColumn::dictionary_memory() const {
  return std::visit(
      [](const auto& writer) -> std::size_t {
        if constexpr (requires { writer.dictionary_memory(); }) return writer.dictionary_memory();
        return 0;
      },
      writer_);
}

void OutputColumn::give_up_dictionary() {
  std::visit(
      [](auto& writer) {
        if constexpr (requires { writer.give_up_dictionary(); }) writer.give_up_dictionary();
      },
      writer_);
}

std::size_t OutputColumn::plain_memory() const {
  const auto* text = std::get_if<TextColumn>(&writer_);
  return text != nullptr ? text->plain_memory() : 0;
}

void OutputColumn::end_plain_page() {
  if (auto* text = std::get_if<TextColumn>(&writer_)) text->flush_page();
}

std::vector<Column> file_columns(const BillLayout& layout) {
  std::vector<Column> columns;
  for (const BoundColumn& bound : layout.delivered) columns.push_back(bound.column);
  columns.insert(columns.end(), layout.added.begin(), layout.added.end());
  return columns;
}

std::vector<OutputColumn> output_columns(const BillShape& shape, const EncodingOptions& options) {
  std::vector<OutputColumn> columns;
  columns.reserve(shape.delivered.size() + shape.layout->added.size());
  for (std::size_t i = 0; i < shape.delivered.size(); ++i) columns.emplace_back(shape, i, options);
  for (const Column& added : shape.layout->added) {
    columns.emplace_back(*shape.layout, added, options);
  }
  return columns;
}

}  // namespace finops::bill
