#pragma once

#include <string>
#include <vector>

#include "finops/lake/lake.h"
#include "finops/sources/billing_source.h"
#include "finops/tabular/bill_layout.h"

namespace finops {

/// How a delivery's rows are laid out in its table, every column with the field id that the table
/// has committed for it.
struct PreparedLayout {
  BillLayout layout;
  std::vector<std::string> new_columns;  // names that this call added to the table
};

/// Makes the table when it is missing, adds the delivery's new columns to it (a commit of its own:
/// ids are final only then), and binds every delivered name to its column. Two runs that add
/// columns at the same time end with the same ones.
PreparedLayout prepare_layout(lake::Lake& lake, const lake::TableName& table,
                              const std::vector<DeliveredColumn>& delivered,
                              const ColumnDictionary& dictionary);

/// The columns of a table of bills that hold the cost of a row and its currency.
std::string cost_column_of(const lake::TableView& view);
std::string currency_column_of(const lake::TableView& view);

/// The layout of a delivery that is loaded, from the names that its ledger record holds.
BillLayout recorded_layout(const lake::TableView& view,
                           const std::vector<std::pair<std::string, std::string>>& columns);

}  // namespace finops
