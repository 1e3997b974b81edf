#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "finops/core/error.h"
#include "finops/tabular/bill_layout.h"
#include "finops/tabular/record_scanner.h"

namespace finops::bill {

/// What the layout says about every part: each delivered column's place among those of its type.
struct BillShape {
  struct Delivered {
    ColumnType type;
    std::size_t ordinal;  // among the delivered columns of its type
  };
  explicit BillShape(const BillLayout& layout);

  const BillLayout* layout;
  std::vector<Delivered> delivered;
  std::vector<std::string> decimal_names;  // output names, by ordinal
  std::size_t timestamps = 0;
  std::optional<std::size_t> currency;      // the delivered column
  std::optional<std::size_t> cost_decimal;  // ordinal of the cost column
};

/// One part's header against the layout.
struct PartPlan {
  struct CsvColumn {
    std::size_t delivered;
    ColumnType type;
    std::size_t ordinal;
    std::string name;  // as delivered
  };
  std::size_t part = 0;  // index among the parts
  std::string key;
  std::vector<CsvColumn> columns;                    // in the header's order
  std::vector<std::optional<std::size_t>> position;  // of each delivered column in the header
  std::optional<std::size_t> currency;               // in the header
  ScanLimits limits{};
  bool numbers_rows = false;  // lines are numbers of rows, whatever line feeds their cells hold
  /// Rows were made of the lines that the block has beside them; what has not as many cells as
  /// `fields` was no row or is a faulty line.
  bool is_json_lines = false;
  std::size_t fields = 0;  // of a record: the header's, or one without meaning where it has none
};

/// Of a record that did not end within plan.limits.
Error record_too_long(const PartPlan& plan, std::int64_t line);

/// Throws kInvalidData for a name that is not bound or stands twice.
std::shared_ptr<const PartPlan> plan_part(const BillShape& shape, std::size_t part,
                                          const BillPart& of,
                                          const std::vector<HeaderColumn>& header,
                                          std::size_t cell_limit);

}  // namespace finops::bill
