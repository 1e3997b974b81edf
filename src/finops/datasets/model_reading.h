#pragma once

#include <map>
#include <string>

#include "finops/config/toml_document.h"
#include "finops/datasets/column_names.h"
#include "finops/datasets/project.h"

namespace finops::datasets {

/// Columns of the tables that tests of models may name, by "silver.usage_events"; none where a
/// table's columns are not known.
using LakeTables = std::map<std::string, ColumnNames>;

/// Described columns and those of the anomaly step; none where no column is described. `document`
/// is the file models/<name>.toml, null where there is none.
ColumnNames gold_columns(const TomlNode* document);

/// A file models/<name>.toml. The model's SQL is the caller's to add.
Model read_model(const std::string& name, const TomlNode& document, const LakeTables& tables,
                 Mistakes& mistakes);

}  // namespace finops::datasets
