#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "finops/demo/demo_line_item.h"

namespace finops {

/// What one delivery adds up to, by the generator's own numbers.
class DemoTruth {
 public:
  /// A row; the cells that are written of it follow by add_cell().
  void add_row(const DemoLineItem& item);
  void add_cell(DemoField field, const DemoNumber& number);

  std::int64_t rows() const { return rows_; }
  /// "rows", "sums" by currency and column of the lake, "totals" by currency, and "by_service",
  /// "by_account", "by_line_item_type", "by_day", each by currency; "identity", one for each payer
  /// and currency: what costs come to without rows of split cost allocation, and the "residual".
  nlohmann::ordered_json to_json() const;

 private:
  struct Totals {
    std::int64_t rows = 0;
    DemoSum unblended, amortized, true_up, upfront_fees;
    void add(const DemoCosts& costs);
    nlohmann::ordered_json to_json() const;
  };
  using TotalsByKey = std::map<std::string, Totals, std::less<>>;
  static void add_to(TotalsByKey& totals, std::string_view key, const DemoCosts& costs);
  struct Identity {
    DemoSum unblended, net_unblended, amortized, net_amortized, true_up, upfront_fees;
    void add(const DemoCosts& costs);
    nlohmann::ordered_json to_json() const;
  };
  struct ColumnSum {
    DemoSum sum;
    std::int64_t cells = 0, rounded_cells = 0;
    ExactSum residual;
  };
  struct Currency {
    Totals totals;
    TotalsByKey by_service, by_account, by_line_item_type, by_day;
    std::array<ColumnSum, kDemoNumberCount> columns;
    nlohmann::ordered_json sums() const;
  };
  static nlohmann::ordered_json to_json(const TotalsByKey& totals);

  std::map<std::string, Currency, std::less<>> currencies_;
  std::map<std::pair<std::string, std::string>, Identity> identities_;  // by payer and currency
  Currency* current_ = nullptr;                                         // of the last row
  std::int64_t rows_ = 0;
};

/// The totals of all deliveries that are marked "current": "rows", "by_currency", "by_period",
/// "by_source", and the sections of each delivery.
nlohmann::ordered_json demo_overall_totals(const nlohmann::ordered_json& deliveries);

}  // namespace finops
