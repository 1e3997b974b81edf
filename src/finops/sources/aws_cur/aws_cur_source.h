#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "finops/core/clock.h"
#include "finops/sources/billing_source.h"
#include "finops/stores/object_store.h"

namespace finops {

enum class CurLayout { kV1, kV2 };

/// One AWS Cost and Usage Report (v1) or CUR 2.0 Data Export (v2) in a bucket.
struct AwsCurOptions {
  std::string prefix;                    // slashes at its ends do not matter; may be empty
  std::string export_name;               // of the report or export
  std::optional<CurLayout> cur_version;  // default: whatever is there
  /// The bucket's name, to tell when a manifest speaks of files in another one; empty when unknown.
  std::string bucket;
  const Clock* clock = &system_clock();        // by which a word of AWS gets old
  std::uint64_t manifest_limit = 64ull << 20;  // bytes; a longer manifest is no manifest
};

/// Layouts, fields and their variants: README.md beside this file. Only the newest manifest of each
/// period is read.
std::unique_ptr<BillingSource> make_aws_cur_source(std::shared_ptr<ObjectStore> store,
                                                   AwsCurOptions options);

}  // namespace finops
