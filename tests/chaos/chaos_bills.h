#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/stores/object_store.h"

namespace finops::chaos {

/// A form in which AWS delivers a bill.
struct Shape {
  enum class Table { kCurV1, kCurV1Athena, kCurV2, kFocus };
  enum class Format { kCsvGzip, kCsvZip, kCsv, kParquet };

  std::string_view name;
  Table table = Table::kCurV1;
  Format format = Format::kCsvGzip;
  bool overwrites = false;  // a next delivery takes the place of the files of the last one

  bool has_limited_cells() const { return format != Format::kParquet; }
  std::string_view lake_table() const {
    return table == Table::kFocus ? "focus_aws" : "aws_billing_data";
  }
};

/// Every one that finops loads.
const std::vector<Shape>& all_shapes();

/// One line of a bill, by what makes it that line.
struct BillLine {
  std::string id, currency, cost;  // the cost as Decimal::to_string() has it
  auto operator<=>(const BillLine&) const = default;
};

/// What one delivery says, known because it was made here: the truth that a lake is held against.
struct TrueBill {
  std::string version, payer;      // the payer's account is the source's own
  std::vector<BillLine> lines;     // in order
  std::uint64_t faulty_lines = 0;  // beside `lines`: their cost is no number
  /// Beside both, in order: with a cell that is too long for Rules::kOfBefore, where cells of the
  /// shape have a limit.
  std::vector<BillLine> late_lines;
  int tags = 0;             // columns or keys of tags: a restated month may have more
  bool is_refused = false;  // too many faulty lines
};

/// The bill that `number` stands for: the same whenever it is asked for.
TrueBill make_bill(const std::string& source, BillingPeriod period, std::uint64_t number);

/// The longest cell that the version of before took: shorter than those of late lines, longer than
/// all others.
inline constexpr std::size_t kLongestCellOfBefore = 500;

/// Puts a delivery into the bucket of an export "cur/report", data files first, the manifest that
/// finops reads last.
void deliver(ObjectStore& bucket, const Shape& shape, BillingPeriod period, const TrueBill& bill);

}  // namespace finops::chaos
