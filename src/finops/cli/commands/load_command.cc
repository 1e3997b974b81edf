#include <memory>

#include "finops/cli/commands/commands.h"
#include "finops/cli/run_results.h"
#include "finops/cli/selection_options.h"

namespace finops {
namespace {

struct LoadOptions {
  LoadRequest request;
  std::string period;
  bool overwrite = false, is_dry_run = false;
};

int load(CommandContext& context, const LoadOptions& options) {
  const Configuration configuration = context.configuration();
  LoadRequest request = options.request;
  request.period = BillingPeriod::parse(options.period);
  const Services& services = context.services;
  if (options.is_dry_run) {
    return show_plan(context, services.plan_load(configuration, request, options.overwrite));
  }
  RunOptions run_options;
  run_options.overwrite = options.overwrite;
  return show_run(context, run_with_display(context, [&](const RunHooks& hooks) {
                    return services.load(configuration, request, run_options, hooks,
                                         context.stop());
                  }));
}

}  // namespace

void add_load_command(CommandTree& tree) {
  auto options = std::make_shared<LoadOptions>();
  LoadRequest& request = options->request;
  CLI::App& command = tree.add(
      tree.root(), "load",
      "Load the files of one bill that come without a manifest, with a receipt as any other",
      "  finops load ./may --source payer-a\n"
      "  finops load s3://bucket/bills/2026-05 --source payer-a --dry-run\n"
      "  finops load may.parquet --source payer-a --format focus --period 2026-05\n"
      "  finops load ./may --source payer-a --format cur,csv.gz  where other files lie beside\n",
      [options](CommandContext& context) { return load(context, *options); });
  command
      .add_option("location", request.location,
                  "A folder or a file: a path, file:///path or s3://bucket/prefix")
      ->type_name("LOCATION")
      ->required();
  command
      .add_option("--source", request.source,
                  "Whose bill it is: its name in the lake, with the period what is replaced")
      ->type_name("NAME")
      ->required();
  command
      .add_option("--format", request.formats,
                  "What it is: cur or focus; how it is written: csv, csv.gz, csv.zip, parquet; "
                  "default: found out")
      ->type_name("F")
      ->expected(1)
      ->delimiter(',')
      ->take_all()
      ->allow_extra_args(false);
  command.add_option("--period", options->period, "Its billing period; default: as its rows say")
      ->type_name("YYYY-MM")
      ->check(check_period, "");
  command.add_option("--table", request.table, "Default: aws_billing_data, for FOCUS focus_aws")
      ->type_name("NAME");
  command.add_flag("--recursive", request.is_recursive,
                   "The files of all folders below are one bill");
  command.add_flag("--overwrite", options->overwrite,
                   "Load again what is current, and let an empty bill replace rows");
  command.add_flag("--dry-run", options->is_dry_run,
                   "Show period, files, bytes and what would change; change nothing");
}

}  // namespace finops
