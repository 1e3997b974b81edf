#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/table_schema.h"
#include "finops/sources/billing_source.h"
#include "finops/tabular/bill_layout.h"

namespace finops {

/// Table property that remembers which delivered names a column stands for.
inline constexpr std::string_view kSourceNamesProperty = "finops.source-names";

/// Column of the lake → its exact names in deliveries, oldest first.
using SourceNames = std::map<std::string, std::vector<std::string>>;

/// The property's value, a JSON object of lists; an empty text is an empty map. Throws
/// kInvalidData.
SourceNames parse_source_names(std::string_view json);
std::string to_json(const SourceNames& names);

/// AWS's rule for Athena (CUR user guide, "Column names"): '_' before each upper-case letter, lower
/// case, all but letters and digits become '_', no '_' twice, none at the ends. A name without '/'
/// is in this form already, as Data Exports delivers it, and gets lower case only; its control
/// characters and dots, which Iceberg would take for nesting, become '_'. Empty when nothing of the
/// name remains. Letters are ASCII's.
std::string normalized_name(std::string_view exact_name);

/// Which column of the lake each delivered column is.
struct ColumnBinding {
  std::vector<BoundColumn> columns;  // as delivered, in that order; new ones without field ids
  std::vector<Column> new_columns;   // those that the table lacks
  SourceNames source_names;          // the property's next value
};

/// Finds or invents the column of each delivered name (distinct, in any order):
///
/// 1. A name that a column already stands for (property, else the column's doc) is that column, for
///    ever and whatever comes beside it.
/// 2. Else its column is called as the dictionary or normalized_name() says. A column of this name
///    that exists is the same one when the dictionary says so, or when it is known only in the
///    other form (with or without '/'), and no other name of this delivery is it.
/// 3. Else it is a new column; where the name is taken, reserved (one of the dictionary's is for
///    its own column only), empty or longer than 255 bytes, it
///    gets "_<8 hex of the exact name's SHA-256>". Names take their turn in byte order, those of
///    the dictionary first, so that the order of the header does not matter.
///
/// Two names of one delivery are never one column, even if other months made them one: then the
/// later-known goes to a column of its own. Existing columns keep their types. Engines compare
/// names without case, and so does this. Binding the same delivery again, after the lake has added
/// the new columns, gives the same columns with their field ids.
///
/// Throws kInvalidData for a name that is delivered twice.
ColumnBinding bind_columns(const std::vector<DeliveredColumn>& delivered, const TableSchema& table,
                           const SourceNames& known, const ColumnDictionary& dictionary);

/// The columns that files have by their headers (in order of first sight, each once), with what the
/// manifest tells of their types, else the files themselves.
std::vector<DeliveredColumn> delivered_columns(
    const std::vector<std::vector<HeaderColumn>>& headers, const Delivery& delivery);

}  // namespace finops
