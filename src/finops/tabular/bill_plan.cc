#include "finops/tabular/bill_plan.h"

#include <algorithm>
#include <map>

#include "finops/core/error.h"

namespace finops::bill {

BillShape::BillShape(const BillLayout& bill_layout) : layout(&bill_layout) {
  std::map<ColumnType, std::size_t> ordinals;
  for (const BoundColumn& bound : layout->delivered) {
    const Column& column = bound.column;
    const bool is_known = column.type == ColumnType::kText || column.type == ColumnType::kDecimal ||
                          column.type == ColumnType::kTimestamp || is_map(column.type);
    if (!is_known || column.is_required) {
      throw Error(ErrorKind::kUnsupported, "a bill's column '" + column.name + "' cannot be " +
                                               (is_known ? "required" : "of its type") +
                                               "; text, decimal, time and map columns are read");
    }
    const std::size_t ordinal = ordinals[column.type]++;
    if (column.type == ColumnType::kDecimal) {
      if (column.name == layout->cost_column) cost_decimal = ordinal;
      decimal_names.push_back(column.name);
    }
    if (column.name == layout->currency_column) currency = delivered.size();
    delivered.push_back({column.type, ordinal});
  }
  timestamps = ordinals[ColumnType::kTimestamp];
}

Error record_too_long(const PartPlan& plan, std::int64_t line) {
  return {ErrorKind::kInvalidData, "cannot read '" + plan.key + "': the record on line " +
                                       std::to_string(line) + " does not end within " +
                                       std::to_string(plan.limits.record) + " bytes"};
}

std::shared_ptr<const PartPlan> plan_part(const BillShape& shape, std::size_t part,
                                          const BillPart& of,
                                          const std::vector<HeaderColumn>& header,
                                          std::size_t cell_limit) {
  const std::string& key = of.key;
  std::map<std::string, std::size_t> bound;
  for (std::size_t i = 0; i < shape.delivered.size(); ++i) {
    bound[shape.layout->delivered[i].source_name] = i;
  }
  auto plan = std::make_shared<PartPlan>();
  plan->part = part;
  plan->key = key;
  plan->is_json_lines = is_json_lines(of.format);
  plan->numbers_rows = of.format == BillFormat::kParquet || plan->is_json_lines;
  plan->limits = {of.cell_limit(cell_limit), kRecordLimit};
  // A line's own limit is looked at where its record is made.
  if (plan->is_json_lines) plan->limits.record = 3 * (kRecordLimit + kMostJsonColumns);
  plan->fields = std::max<std::size_t>(header.size(), 1);
  plan->position.resize(shape.delivered.size());
  for (const auto& [name, told_type] : header) {
    const auto found = bound.find(name);
    if (found == bound.end()) {
      throw Error(ErrorKind::kInvalidData,
                  "cannot read '" + key + "': its header has the unknown column '" + name + "'");
    }
    const std::size_t i = found->second;
    if (plan->position[i]) {
      throw Error(ErrorKind::kInvalidData,
                  "cannot read '" + key + "': its header has the column '" + name + "' twice");
    }
    plan->position[i] = plan->columns.size();
    plan->columns.push_back({i, shape.delivered[i].type, shape.delivered[i].ordinal, name});
  }
  if (shape.currency) plan->currency = plan->position[*shape.currency];
  return plan;
}

}  // namespace finops::bill
