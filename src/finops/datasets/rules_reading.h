#pragma once

#include <map>
#include <string>

#include "finops/config/toml_document.h"
#include "finops/datasets/column_names.h"
#include "finops/datasets/project.h"

namespace finops::datasets {

/// By dataset, the columns of its silver rows.
using SilverColumns = std::map<std::string, ColumnNames>;

/// Delivered, joined and derived columns. `document` is the rules' file, null where there is none;
/// what is wrong in it is passed over.
ColumnNames silver_columns(const Dataset& dataset, const TomlNode* document);

/// A file rules/<dataset>.toml. Whether joins go in a circle is not looked at.
SilverRules read_rules(const Dataset& dataset, const TomlNode& document, const SilverColumns& all,
                       Mistakes& mistakes);

}  // namespace finops::datasets
