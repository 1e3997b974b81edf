#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "finops/tabular/bill_plan.h"
#include "finops/tabular/bill_totals.h"
#include "finops/tabular/decimal_text.h"

namespace finops::bill {

/// A sum that is nearly always one addition: what leaves 128 bits is put aside.
class BlockSum {
 public:
  void add(Int128 value) {
    Int128 next;
    if (__builtin_add_overflow(sum_, value, &next)) [[unlikely]] {
      spill();
      next = value;
    }
    sum_ = next;
  }
  void add_to(ExactSum& total, int scale) const {
    total.add(sum_, scale);
    for (const Int128 part : spilled_) total.add(part, scale);
  }

 private:
  void spill();
  Int128 sum_ = 0;
  std::vector<Int128> spilled_;
};

/// What the rows of a block add up to, by currency and decimal column.
class MoneyTotals {
 public:
  /// More currency texts than these are no currencies: the totals must stay small.
  static constexpr std::size_t kMostCurrencies = 1000;

  struct ColumnTotal {
    BlockSum sum, residual;  // residual: times 10^kResidualScale
    ExactSum deep_residual;
    std::uint64_t readable = 0, unreadable = 0, rounded = 0;
  };

  explicit MoneyTotals(const BillShape& shape) : shape_(&shape) {}

  void clear();
  /// The number of a currency; throws kInvalidData beyond kMostCurrencies.
  std::uint32_t currency(std::string_view name);
  const std::string& name(std::size_t ordinal) const { return shape_->decimal_names[ordinal]; }
  ColumnTotal& column(std::uint32_t currency, std::size_t ordinal) {
    return columns_[currency * shape_->decimal_names.size() + ordinal];
  }
  std::size_t currencies() const { return currencies_.size(); }
  /// A cell that was read, or not.
  void add(std::uint32_t currency, std::size_t ordinal, const DecimalCell& cell,
           std::string_view text);
  /// The loss of a rounded cell, whose value is added otherwise. `text` matters only when the cell
  /// was rounded deeply.
  void add_rounding(std::uint32_t currency, std::size_t ordinal, const DecimalCell& cell,
                    std::string_view text);
  void add_absolute_cost(std::uint32_t currency, Int128 cost) {
    absolute_cost_[currency].add(cost < 0 ? -cost : cost);
  }

  void add_to(CurrencyTotals& totals, std::map<std::string, ExactSum>& absolute_cost) const;

 private:
  const BillShape* shape_;
  std::vector<std::string> currencies_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<ColumnTotal> columns_;  // currencies x decimals
  std::vector<BlockSum> absolute_cost_;
};

/// Throws kInvalidData when there are more than kMostCurrencies.
void check_currencies(std::size_t count);

}  // namespace finops::bill
