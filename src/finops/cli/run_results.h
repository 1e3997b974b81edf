#pragma once

#include <functional>

#include "finops/cli/command_context.h"
#include "finops/pipeline/pipeline.h"

namespace finops {

/// How the commands that load show what they do: the same words, documents and exit codes.

/// Runs with the display of its progress.
RunReport run_with_display(CommandContext& context,
                           const std::function<RunReport(const RunHooks&)>& run_it);

/// The end of a run; returns the exit code.
int show_run(CommandContext& context, const RunReport& report);

/// Its notes and stale sources, on stderr; part of show_run().
void tell_of_sources(CommandContext& context, const RunReport& report);

/// What a run would do; returns the exit code of --dry-run.
int show_plan(CommandContext& context, const RunPlan& plan);

}  // namespace finops
