#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "finops/config/configuration.h"
#include "finops/pipeline/pipeline.h"

namespace finops {

/// Throws kInvalidConfig when no export is configured, or `selection` names one that is not.
void require_exports(const Configuration& configuration, const Selection& selection);

/// One line for each (source, period): what is offered, what the lake holds, what a run would do.
void print_plan(std::ostream& out, const std::vector<PlanItem>& plan);

/// "2 to load, 1 to replace: 3 files, 12.3 MB; 4 need nothing."
std::string plan_summary(const std::vector<PlanItem>& plan);

/// Broken or refused: a run would fail on it again.
bool has_unusable_item(const std::vector<PlanItem>& plan);

}  // namespace finops
