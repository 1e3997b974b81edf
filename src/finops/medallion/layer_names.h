#pragma once

#include <string>

#include "finops/datasets/project.h"

namespace finops::medallion {

/// Where the tables of a project's semantics lie: "<project>_silver", of semantics that are not the
/// default "<project>_<semantics>_silver". All semantics share "<project>_bronze".
struct LayerNames {
  std::string silver, gold;
};
LayerNames layer_names(const datasets::Project& project);

/// "<dataset>_quarantine", beside silver.
std::string quarantine_name(const std::string& dataset);

}  // namespace finops::medallion
