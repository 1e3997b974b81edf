#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/plan_table.h"
#include "finops/cli/remote_results.h"
#include "finops/cli/run_results.h"
#include "finops/cli/selection_options.h"

namespace finops {
namespace {

struct LoadOptions {
  SelectionOptions selection;
  std::string staging_dir;
  bool overwrite = false, is_dry_run = false;
};

RunReport carry_out(CommandContext& context, const Configuration& configuration,
                    const Selection& selection, bool overwrite, const Services::Run& run_it) {
  require_exports(configuration, selection);
  return run_with_display(context, [&](const RunHooks& hooks) {
    return run_it(configuration, {selection, overwrite}, hooks, context.stop());
  });
}

int run(CommandContext& context, const LoadOptions& options, const Services::Run& run_it) {
  std::vector<FlagSetting> flags;
  if (!options.staging_dir.empty()) {
    flags.push_back({"staging_dir", options.staging_dir, "--staging-dir"});
  }
  const Configuration configuration = context.configuration(flags);
  return show_run(context, carry_out(context, configuration, options.selection.selection(),
                                     options.overwrite, run_it));
}

void tell_run(CommandContext& context, const Configuration& configuration, const RunEnd& end) {
  if (!configuration.notify.is_set()) return;
  const auto warnings = context.services.tell_run(configuration, end, context.stop());
  for (const std::string& warning : warnings) context.console.warning(warning);
}

/// The last step of the pipeline, where there is a warehouse. What it cannot do at all is told and
/// hides nothing of the loads before it.
WarehouseReport load_remote(CommandContext& context, const Configuration& configuration,
                            const Selection& selection) {
  try {
    return sync_with_display(context, configuration, {.selection = selection});
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kCancelled) throw;
    WarehouseReport report{.warehouse = "BigQuery"};
    RemotePeriod& nothing = report.periods.emplace_back();
    nothing.id.source = "the warehouse";
    nothing.outcome = RemotePeriod::Outcome::kFailed;
    nothing.error_kind = error.kind();
    nothing.message = error.what();
    context.console.warning(printable(error.what()));
    return report;
  }
}

/// What failed there is a failure of the run, for whoever is told of runs.
void add_failures(RunReport& run, const WarehouseReport& remote) {
  for (const RemotePeriod& period : remote.periods) {
    if (period.outcome != RemotePeriod::Outcome::kFailed) continue;
    PartitionReport& failed = run.partitions.emplace_back();
    failed.id = period.id;
    failed.id.source += " in " + remote.warehouse;
    failed.outcome = Outcome::kFailed;
    failed.error_kind = period.error_kind;
    failed.message = period.message;
  }
}

int show_both(CommandContext& context, const RunReport& run, const WarehouseReport& remote) {
  if (context.console.is_json()) {
    nlohmann::ordered_json document = run_document(run);
    document["remote"] = remote_document(remote);
    context.console.print_document(document);
    context.console.out() << std::flush;
    tell_of_sources(context, run);
  } else {
    show_run(context, run);
    print_remote(context, remote);
  }
  return (run.ending() + remote.ending()).exit_code();
}

/// The command that runs by itself every day: people are told when it begins to fail, also where it
/// does not come as far as to a report.
int run_pipeline(CommandContext& context, const LoadOptions& options) {
  const Configuration configuration = context.configuration();
  const Selection selection = options.selection.selection();
  if (options.is_dry_run) {
    require_exports(configuration, selection);
    return show_plan(context, context.services.plan(configuration, selection, options.overwrite));
  }
  // A name that was mistyped is between finops and whoever typed it.
  for (const std::string& source : selection.sources) find_export(configuration, source);
  RunEnd end{.selection = selection};
  try {
    end.report = carry_out(context, configuration, selection, options.overwrite,
                           context.services.run_pipeline);
  } catch (const Error& error) {
    end.error = error;
    if (error.kind() != ErrorKind::kUsage) tell_run(context, configuration, end);
    throw;
  } catch (const std::exception& error) {
    end.error = Error(ErrorKind::kInternal, error.what());
    tell_run(context, configuration, end);
    throw;
  }
  if (!configuration.bigquery) {
    const int code = show_run(context, end.report);
    tell_run(context, configuration, end);
    return code;
  }
  const WarehouseReport remote = load_remote(context, configuration, selection);
  const int code = show_both(context, end.report, remote);
  add_failures(end.report, remote);
  tell_run(context, configuration, end);
  return code;
}

void add_selection(CLI::App& command, LoadOptions& options) {
  options.selection.add_range(command);
  options.selection.add_sources(command);
}

void add_options(CLI::App& command, LoadOptions& options) {
  add_selection(command, options);
  command.add_flag("--overwrite", options.overwrite,
                   "Load again what is current, and let an empty delivery replace rows");
}

}  // namespace

void add_run_commands(CommandTree& tree) {
  auto options = std::make_shared<LoadOptions>();
  CLI::App& pipeline = tree.add(
      tree.group("aws"), "run-pipeline",
      "Load every new delivery into the lake, each with a receipt that proves it",
      "  finops aws run-pipeline\n"
      "  finops aws run-pipeline --dry-run                       what would be read and changed\n"
      "  finops aws run-pipeline --start-date 2026-01 --end-date 2026-03 --source payer-a\n",
      [options](CommandContext& context) { return run_pipeline(context, *options); });
  add_options(pipeline, *options);
  pipeline.add_flag("--dry-run", options->is_dry_run,
                    "Show periods, files, bytes and what would change; change nothing");

  auto stage = std::make_shared<LoadOptions>();
  CLI::App& extract = tree.add(
      tree.group("aws"), "extract-billing",
      "Download deliveries that are not loaded yet to the staging folder",
      "  finops aws extract-billing\n"
      "  finops aws extract-billing --start-date 2026-05 --staging-dir /srv/staging\n"
      "  finops aws load-billing-local                           loads what was staged\n",
      [stage](CommandContext& context) { return run(context, *stage, context.services.extract); });
  add_selection(extract, *stage);
  extract.add_option("--staging-dir", stage->staging_dir, "Instead of staging_dir")
      ->type_name("PATH");

  auto local = std::make_shared<LoadOptions>();
  CLI::App& load =
      tree.add(tree.group("aws"), "load-billing-local",
               "Load what lies on this machine: staged deliveries and exports in a file:/// folder",
               "  finops aws load-billing-local\n"
               "  finops aws load-billing-local --start-date 2026-05 --overwrite\n",
               [local](CommandContext& context) {
                 return run(context, *local, context.services.load_local);
               });
  add_options(load, *local);
}

}  // namespace finops
