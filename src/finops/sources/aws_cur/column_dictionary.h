#pragma once

#include "finops/sources/billing_source.h"

namespace finops {

/// AWS's own columns of CUR v1 and CUR 2.0, in both forms. Money, rates and quantities are
/// decimals, billing and usage dates timestamps, the four maps of CUR 2.0 and `discount` maps; what
/// AWS calls a string is text, whatever a manifest says, except counts and times of reservations
/// and Savings Plans, where the manifest is believed. All tags, cost categories and product
/// attributes are text.
const ColumnDictionary& aws_column_dictionary();

/// The columns of FOCUS 1.0 to 1.2 as AWS delivers them (FOCUS specification, "Columns"; Data
/// Exports guide, "Table dictionary: FOCUS 1.2 with AWS columns"). Every column is called in the
/// lake exactly as it is delivered. Costs, prices and quantities are decimals, starts and ends
/// timestamps, Tags and SkuPriceDetails maps of texts; of AWS's own, x_Discounts is a map of
/// decimals and x_CostCategories one of texts.
const ColumnDictionary& focus_column_dictionary();

/// The type that a manifest tells in AWS's words; text when it tells nothing that is known.
ColumnType type_as_told(std::string_view told_type);

}  // namespace finops
