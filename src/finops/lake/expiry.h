#pragma once

#include "finops/lake/committer.h"

namespace finops::lake {

/// Takes the snapshots that expire out of `next`. Reports the files that only they could reach:
/// what the manifests that go away speak of, minus all that a manifest that stays has live, however
/// it came back there.
ExpiryReport forget_snapshots(TableFiles& files, const LakePaths& paths, TableMetadata& next,
                              const Retention& retention);

}  // namespace finops::lake
