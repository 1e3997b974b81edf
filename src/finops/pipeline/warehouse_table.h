#pragma once

#include <string>

#include "finops/lake/lake.h"
#include "finops/warehouses/warehouse.h"

namespace finops {

/// A table of bills of the lake as a warehouse has it. Columns get the names that the warehouse
/// allows; of two that would be one name there, the later in the lake's order, which never changes,
/// gets eight hex digits of the SHA-256 of its exact name. A table without the period's column (an
/// export of chosen columns) gets one that no file has.
WarehouseTable warehouse_table(const lake::TableView& view, const std::string& name,
                               const Warehouse& warehouse);

/// What a column of the lake is called there; empty when there is none of that name.
std::string warehouse_name(const lake::TableView& view, const WarehouseTable& table,
                           const std::string& lake_name);

}  // namespace finops
