#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "finops/demo/demo_line_item.h"
#include "finops/demo/demo_month.h"
#include "finops/demo/demo_truth.h"

namespace finops {

/// A column of a delivery: a field, a map of fields (v2), or nothing at all (an always empty one).
struct DemoColumn {
  std::string_view name;
  DemoKind kind = DemoKind::kText;
  DemoField field = DemoField::kCount;
  DemoMap map = DemoMap::kNone;
  DemoPresence presence = DemoPresence::kAlways;
};

/// The columns of a delivery as its manifest lists them: in AWS's order in the first month, in some
/// other order in each later one.
std::vector<DemoColumn> demo_columns(const DemoPayer& payer, const DemoMonthPlan& plan);

/// Those of one file (from 1): each file begins elsewhere in that order, and some lack a column.
std::vector<DemoColumn> demo_file_columns(const std::vector<DemoColumn>& all, int file);

void append_demo_header(std::string& out, const std::vector<DemoColumn>& columns);

/// One record, its numbers told to `truth`.
void append_demo_row(std::string& out, const std::vector<DemoColumn>& columns,
                     const DemoLineItem& item, bool is_v2, DemoTruth& truth);

}  // namespace finops
