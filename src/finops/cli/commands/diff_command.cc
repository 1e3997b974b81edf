#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/diff_document.h"
#include "finops/cli/diff_text.h"
#include "finops/cli/selection_options.h"

namespace finops {
namespace {

constexpr std::size_t kUsualLimit = 10;

struct DiffOptions {
  std::string period, from, to;
  SelectionOptions selection;
  std::size_t limit = kUsualLimit;
};

int show_diff(CommandContext& context, const DiffOptions& options) {
  const DiffRequest request{.period = BillingPeriod::parse(options.period).value(),
                            .sources = options.selection.sources,
                            .from = options.from,
                            .to = options.to,
                            .limit = options.limit};
  const auto comparisons = context.services.diff(context.configuration(), request, context.stop());
  if (context.console.is_json()) {
    context.console.print_document(diff_document(request, comparisons));
    return 0;
  }
  std::ostream& out = context.console.out();
  if (comparisons.empty()) {
    out << "There are no two deliveries of " << options.period
        << " to compare; `finops history --period " << options.period << "` lists what there is.\n";
  }
  for (const BillComparison& one : comparisons) {
    if (&one != &comparisons.front()) out << '\n';
    print_diff(out, one);
  }
  return 0;
}

}  // namespace

void add_diff_command(CommandTree& tree) {
  auto options = std::make_shared<DiffOptions>();
  CLI::App& command = tree.add(
      tree.root(), "diff",
      "Tell what a restatement of a billing period changed, and why, exactly to the total",
      "  finops diff --period 2026-05\n"
      "  finops diff --period 2026-05 --source payer-a --from 8a4e --to 91bc\n"
      "  finops diff --period 2026-05 --limit 0 --json           everything that changed\n",
      [options](CommandContext& context) { return show_diff(context, *options); });
  add_required_period(command, options->period);
  options->selection.add_sources(command);
  command
      .add_option("--from", options->from,
                  "The earlier delivery: an execution id or a unique beginning of one; default: "
                  "the one that was current before")
      ->type_name("V");
  command.add_option("--to", options->to, "The later one; default: the current one")
      ->type_name("V");
  command
      .add_option("--limit", options->limit, "So many of each list, the rest in one sum; 0: all")
      ->type_name("N")
      ->capture_default_str();
}

}  // namespace finops
