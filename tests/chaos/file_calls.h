#pragma once

#include <string>

#include "finops/stores/fault_plan.h"

namespace finops::chaos {

/// While it lives, the calls rename() and remove() of this thread on paths below `folder` are
/// durable calls of `plan` ("rename PATH", "unlink PATH"), which fail with EIO when it breaks them:
/// what writes files without an ObjectStore, the staging area and the views, is broken as well.
class BreakableFiles {
 public:
  BreakableFiles(std::string folder, FaultPlan& plan);
  ~BreakableFiles();
  BreakableFiles(const BreakableFiles&) = delete;
  BreakableFiles& operator=(const BreakableFiles&) = delete;
};

}  // namespace finops::chaos
