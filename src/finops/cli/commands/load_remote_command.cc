#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/remote_results.h"
#include "finops/cli/selection_options.h"

namespace finops {
namespace {

struct RemoteOptions {
  SelectionOptions selection;
  bool overwrite = false, is_dry_run = false;
};

int load_remote(CommandContext& context, const RemoteOptions& options) {
  const WarehouseReport report = sync_with_display(context, context.configuration(),
                                                   {.selection = options.selection.selection(),
                                                    .overwrite = options.overwrite,
                                                    .is_dry_run = options.is_dry_run});
  if (context.console.is_json()) {
    context.console.print_document(remote_document(report));
  } else {
    print_remote(context, report);
  }
  return report.exit_code();
}

}  // namespace

void add_load_remote_command(CommandTree& tree) {
  auto options = std::make_shared<RemoteOptions>();
  CLI::App& command = tree.add(
      tree.group("aws"), "load-billing-remote",
      "Make the tables of [database.bigquery] equal to the lake, one billing period after the "
      "other",
      "  finops aws load-billing-remote\n"
      "  finops aws load-billing-remote --dry-run                what would be sent, and its cost\n"
      "  finops aws load-billing-remote --start-date 2026-05 --overwrite\n",
      [options](CommandContext& context) { return load_remote(context, *options); });
  options->selection.add_range(command);
  options->selection.add_sources(command);
  command.add_flag("--overwrite", options->overwrite, "Send also what is there already");
  command.add_flag("--dry-run", options->is_dry_run,
                   "Show periods, bytes and estimated cost; change nothing");
}

}  // namespace finops
