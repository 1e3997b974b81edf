#pragma once

#include <string>

#include "finops/lake/lake.h"

namespace finops::duckdb_sql {

/// Whether the table holds bills in AWS's own columns, so that its costs can be told: no FOCUS
/// bills, no quarantine, no ledger.
bool has_costs(const lake::TableView& table);

/// What the view of a table's costs is called: "aws_billing_data_costs".
std::string costs_view_name(const lake::TableView& table);

/// One SELECT over the table's view, one row for each line item but the rows of split cost
/// allocation, which tell the cost of an instance once more: docs/lake-layout.md says its columns
/// and their formulas (AWS's CUR query library and Cloud Intelligence Dashboards). Money is
/// DECIMAL(38,18) and never NULL. What the table has no column for is NULL, money is 0.
///
/// Whether a row has a net cost is said by the column list of its delivery in `billing.deliveries`
/// (when `has_ledger`), never by NULL: a payer without discounts has no net columns, a line without
/// a discounted cost has an empty one. Rows that no delivery of the ledger accounts for take the
/// net cost where there is one.
std::string costs_query(const lake::TableView& table, bool has_ledger);

}  // namespace finops::duckdb_sql
