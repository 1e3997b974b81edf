#pragma once

#include <string>

#include "finops/config/toml_document.h"
#include "finops/datasets/project.h"

namespace finops::datasets {

/// A file datasets/<name>.toml.
Dataset read_dataset(const std::string& name, const TomlNode& document, Mistakes& mistakes);

}  // namespace finops::datasets
