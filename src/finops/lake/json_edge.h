#pragma once

#include <string>

#include "finops/core/error.h"
#include "finops/lake/schema_json.h"

namespace finops::lake {

/// The edge to the JSON library: a metadata file with a member missing, or of another type than
/// Iceberg says, shows when the member is asked for.
template <typename Work>
auto without_json_errors(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::kInvalidData,
                std::string("the table's metadata cannot be understood: ") + error.what());
  }
}

}  // namespace finops::lake
