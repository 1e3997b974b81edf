#pragma once

#include <cstdint>

#include "finops/lake/committer.h"

namespace finops::lake {

struct Retention {
  std::int64_t older_than_ms = 0;  // only snapshots from before this time expire
  int keep_last = 1;               // newest snapshots of main that stay whatever their age
};

/// Takes the snapshots that expire out of `next`; what a branch or tag points at stays: a tag is
/// how a delivered version is pinned. Reports the files that only they could reach: what the
/// manifests that go away speak of, minus all that a manifest that stays has live, however it came
/// back there.
ExpiryReport forget_snapshots(TableFiles& files, const LakePaths& paths, TableMetadata& next,
                              const Retention& retention);

}  // namespace finops::lake
