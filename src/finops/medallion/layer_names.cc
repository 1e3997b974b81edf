#include "finops/medallion/layer_names.h"

namespace finops::medallion {

LayerNames layer_names(const datasets::Project& project) {
  const std::string prefix =
      project.is_default_semantics() ? project.name : project.name + "_" + project.semantics;
  return {prefix + "_silver", prefix + "_gold"};
}

std::string quarantine_name(const std::string& dataset) { return dataset + "_quarantine"; }

}  // namespace finops::medallion
