#pragma once

#include <memory>
#include <string>
#include <vector>

#include "finops/warehouses/warehouse.h"

namespace finops {

/// A warehouse in a database of DuckDB in memory: what the contract of Warehouse means, said in a
/// few statements of SQL.
class DuckdbWarehouse : public Warehouse {
 public:
  DuckdbWarehouse();
  ~DuckdbWarehouse() override;

  std::string name() const override { return "DuckDB"; }
  std::string column_name(std::string_view lake_name) const override {
    return std::string(lake_name);
  }
  std::optional<std::vector<HeldDelivery>> held(const WarehouseTable& table) override;
  ReplacedPeriod replace_period(const PeriodReplacement& replacement) override;

  /// The rows of a query, NULL as "NULL".
  std::vector<std::vector<std::string>> rows(const std::string& sql);

 private:
  struct Database;
  const std::unique_ptr<Database> database_;
};

}  // namespace finops
