#pragma once

#include "finops/sources/billing_source.h"

namespace finops {

/// AWS's own columns of CUR v1 and CUR 2.0, in both forms. Money, rates and quantities are
/// decimals, billing and usage dates timestamps, the four maps of CUR 2.0 and `discount` maps; what
/// AWS calls a string is text, whatever a manifest says, except counts and times of reservations
/// and Savings Plans, where the manifest is believed. All tags, cost categories and product
/// attributes are text.
const ColumnDictionary& aws_column_dictionary();

}  // namespace finops
