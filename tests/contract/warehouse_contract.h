#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "finops/warehouses/warehouse.h"

namespace finops {

/// A warehouse under test, and a look into it that none of its own code takes part in.
struct WarehouseUnderTest {
  std::shared_ptr<Warehouse> warehouse;
  /// Rows of a query over `table`, which stands in it as {}; cells as texts, NULL as "NULL".
  std::function<std::vector<std::vector<std::string>>(const std::string& sql,
                                                      const std::string& table)>
      rows;
  std::string micros;  // name of a function in such queries: of a time, microseconds since 1970
};

/// One implementation under test. `make` returns an empty warehouse, or nothing when the server
/// that it needs is not there.
struct WarehouseCase {
  std::string name;
  std::function<std::optional<WarehouseUnderTest>()> make;
  /// A month of one source that turns out not to be what was given is told after it was published.
  bool checks_after_publishing = false;

  /// Without this GoogleTest prints the struct as bytes into every test name.
  friend void PrintTo(const WarehouseCase& one, std::ostream* out) { *out << one.name; }
};

class WarehouseContract : public ::testing::TestWithParam<WarehouseCase> {
 protected:
  void SetUp() override;

  WarehouseUnderTest under_test_;
};

std::string name_of(const ::testing::TestParamInfo<WarehouseCase>& info);

}  // namespace finops
