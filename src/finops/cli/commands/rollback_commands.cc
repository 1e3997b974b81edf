#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/selection_options.h"
#include "finops/core/error.h"

namespace finops {
namespace {

struct RollbackOptions {
  PartitionOptions of;
  std::string version, reason;
  bool is_dry_run = false;
};

void print_rollback(std::ostream& out, const RollbackReport& report, bool is_dry_run) {
  const std::string partition = printable(report.id.partition_name());
  const std::string version = printable(report.id.version);
  if (!report.is_changed) {
    out << partition << ": " << version << " is current and held already. Nothing was changed.\n";
    return;
  }
  if (report.replaced_version.empty()) {
    out << partition << ": " << version << " is current already"
        << (is_dry_run ? " and would be held.\n" : ", and held from now on.\n");
  } else {
    out << partition << ": " << version << (is_dry_run ? " would be" : " is")
        << " current again, in place of " << printable(report.replaced_version) << " ("
        << plural(report.loaded_rows, "row");
    if (report.quarantined_rows > 0) {
      out << ", " << count_text(report.quarantined_rows) << " in quarantine";
    }
    out << "; " << plural(report.files, "file") << ", " << bytes_text(report.bytes)
        << " copied).\n";
  }
  out << (is_dry_run
              ? "Nothing was changed.\n"
              : "Newer deliveries wait until `finops release --period " + report.id.partition +
                    " --source " + printable(report.id.source) + "`.\n");
}

int roll_back(CommandContext& context, const RollbackOptions& options) {
  const RollbackRequest request{.of = options.of.choice(),
                                .version = options.version,
                                .reason = options.reason,
                                .is_dry_run = options.is_dry_run};
  const RollbackReport report = context.services.rollback(context.configuration(), request);
  if (context.console.is_json()) {
    context.console.print_document(rollback_document(report, options.is_dry_run));
  } else {
    print_rollback(context.console.out(), report, options.is_dry_run);
  }
  return 0;
}

int release(CommandContext& context, const SelectionOptions& options, bool all) {
  const Selection selection = options.selection();
  const bool is_about_everything = selection.sources.empty() && !selection.first;
  if (is_about_everything && !all) {
    throw Error(ErrorKind::kUsage,
                "say what to release: --period, --source, both, or --all; `finops history` shows "
                "what is held");
  }
  const auto released = context.services.release(context.configuration(), selection);
  if (context.console.is_json()) {
    context.console.print_document(release_document(released));
    return 0;
  }
  for (const ReleaseReport& one : released) {
    context.console.out() << printable(one.id.partition_name()) << ": newer deliveries than "
                          << printable(one.id.version) << " come in with the next run\n";
  }
  if (released.empty()) context.console.out() << "Nothing is held. Nothing was changed.\n";
  return 0;
}

}  // namespace

void add_rollback_commands(CommandTree& tree) {
  auto options = std::make_shared<RollbackOptions>();
  CLI::App& rollback = tree.add(
      tree.root(), "rollback",
      "Make an older delivery current again, and hold newer ones back until `release`",
      "  finops history --period 2026-05                 which deliveries there are\n"
      "  finops rollback --period 2026-05 --source payer-a --to 8a4e --reason \"wrong RI rates\"\n"
      "  finops rollback --period 2026-05 --source payer-a --to 8a4e --dry-run\n",
      [options](CommandContext& context) { return roll_back(context, *options); });
  options->of.add(rollback, "`finops history`");
  rollback.add_option("--to", options->version, "An execution id, or a unique beginning of one")
      ->type_name("V")
      ->required();
  rollback.add_option("--reason", options->reason, "Kept with the hold")->type_name("TEXT");
  rollback.add_flag("--dry-run", options->is_dry_run, "Say what would change; change nothing");

  auto selection = std::make_shared<SelectionOptions>();
  auto all = std::make_shared<bool>(false);
  CLI::App& let_go = tree.add(
      tree.root(), "release", "Let newer deliveries in again after a rollback",
      "  finops release --period 2026-05 --source payer-a\n  finops release --all\n",
      [selection, all](CommandContext& context) { return release(context, *selection, *all); });
  selection->add_period(let_go);
  selection->add_sources(let_go);
  let_go.add_flag("--all", *all, "Every hold");
}

}  // namespace finops
