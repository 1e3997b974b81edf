#include "finops/tabular/money_totals.h"

#include "finops/core/error.h"

namespace finops::bill {

void BlockSum::spill() { spilled_.push_back(sum_); }

void check_currencies(std::size_t count) {
  if (count <= MoneyTotals::kMostCurrencies) return;
  throw Error(ErrorKind::kInvalidData,
              "the delivery has more than " + std::to_string(MoneyTotals::kMostCurrencies) +
                  " currencies: its currency column does not hold currencies");
}

void MoneyTotals::clear() {
  currencies_.clear();
  numbers_.clear();
  columns_.clear();
  absolute_cost_.clear();
}

std::uint32_t MoneyTotals::currency(std::string_view name) {
  const auto next = static_cast<std::uint32_t>(currencies_.size());
  const auto [at, is_new] = numbers_.try_emplace(std::string(name), next);
  if (!is_new) return at->second;
  currencies_.emplace_back(name);
  check_currencies(currencies_.size());
  columns_.resize(currencies_.size() * shape_->decimal_names.size());
  absolute_cost_.resize(currencies_.size());
  return next;
}

void MoneyTotals::add(std::uint32_t currency, std::size_t ordinal, const DecimalCell& cell,
                      std::string_view text) {
  ColumnTotal& total = column(currency, ordinal);
  if (!cell.fits()) {
    ++total.unreadable;
    return;
  }
  ++total.readable;
  total.sum.add(cell.value);
  if (cell.state != DecimalCell::State::kExact) add_rounding(currency, ordinal, cell, text);
  if (shape_->cost_decimal == ordinal) add_absolute_cost(currency, cell.value);
}

void MoneyTotals::add_rounding(std::uint32_t currency, std::size_t ordinal, const DecimalCell& cell,
                               std::string_view text) {
  ColumnTotal& total = column(currency, ordinal);
  ++total.rounded;
  if (cell.state == DecimalCell::State::kRounded) {
    total.residual.add(cell.residual);
  } else {
    total.deep_residual.add(deep_residual(text, cell.value));
  }
}

void MoneyTotals::add_to(CurrencyTotals& totals,
                         std::map<std::string, ExactSum>& absolute_cost) const {
  const std::size_t decimals = shape_->decimal_names.size();
  for (std::size_t c = 0; c < currencies_.size(); ++c) {
    for (std::size_t d = 0; d < decimals; ++d) {
      const ColumnTotal& from = columns_[c * decimals + d];
      if (from.readable + from.unreadable == 0) continue;
      DecimalTotals& to = totals[currencies_[c]][shape_->decimal_names[d]];
      from.sum.add_to(to.sum, kDecimalScale);
      to.unreadable_cells += from.unreadable;
      if (shape_->cost_decimal == d && from.readable > 0) {
        absolute_cost_[c].add_to(absolute_cost[currencies_[c]], kDecimalScale);
      }
      if (from.rounded == 0) continue;
      to.rounded_cells += from.rounded;
      from.residual.add_to(to.rounding_residual, kResidualScale);
      to.rounding_residual.add(from.deep_residual);
    }
  }
  check_currencies(totals.size());
}

}  // namespace finops::bill
