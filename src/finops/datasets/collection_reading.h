#pragma once

#include <map>
#include <string>

#include "finops/config/toml_document.h"
#include "finops/datasets/column_names.h"
#include "finops/datasets/project.h"

namespace finops::datasets {

/// By model, its columns; none where they are not described.
using ModelColumns = std::map<std::string, ColumnNames>;

/// A file collections/<name>.toml.
Collection read_collection(const std::string& name, const TomlNode& document,
                           const ModelColumns& models, Mistakes& mistakes);

}  // namespace finops::datasets
