#include "tests/contract/warehouse_contract.h"

#include "tests/support/duckdb_warehouse.h"

namespace finops {
namespace {

std::optional<WarehouseUnderTest> in_duckdb() {
  const auto warehouse = std::make_shared<DuckdbWarehouse>();
  const auto rows = [warehouse](std::string sql, const std::string& table) {
    sql.replace(sql.find("{}"), 2, table);
    return warehouse->rows(sql);
  };
  return WarehouseUnderTest{warehouse, rows, "epoch_us"};
}

INSTANTIATE_TEST_SUITE_P(InDuckdb, WarehouseContract,
                         ::testing::Values(WarehouseCase{"DuckDb", in_duckdb}), name_of);

}  // namespace
}  // namespace finops
