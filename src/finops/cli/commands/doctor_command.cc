#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/run_display.h"
#include "finops/cli/selection_options.h"

namespace finops {
namespace {

std::string_view mark_of(DoctorCheck::Result result) {
  switch (result) {
    case DoctorCheck::Result::kGood: return "ok";
    case DoctorCheck::Result::kWarning: return "warning";
    case DoctorCheck::Result::kBad: return "BAD";
  }
  return "BAD";
}

struct SelftestOptions {
  SelectionOptions selection;
  bool is_demo_only = false;
  std::string work_folder;
};

void print_checks(std::ostream& out, const std::vector<DoctorCheck>& checks,
                  const std::string& when_good) {
  std::uint64_t bad = 0, warnings = 0;
  for (const DoctorCheck& check : checks) {
    bad += check.result == DoctorCheck::Result::kBad;
    warnings += check.result == DoctorCheck::Result::kWarning;
    std::string mark(mark_of(check.result));
    mark.resize(9, ' ');
    out << mark << printable(check.subject) << ": " << printable(check.finding) << '\n';
    if (!check.advice.empty()) out << std::string(9, ' ') << printable(check.advice) << '\n';
  }
  out << (bad == 0 ? when_good
                   : plural(bad, "check") + " of " + std::to_string(checks.size()) + " failed");
  out << (warnings == 0 ? ".\n" : "; " + plural(warnings, "warning") + ".\n");
}

int show(CommandContext& context, const std::vector<DoctorCheck>& checks,
         const std::string& when_good) {
  bool is_good = true;
  for (const DoctorCheck& check : checks) is_good &= check.result != DoctorCheck::Result::kBad;
  if (context.console.is_json()) {
    context.console.print_document(doctor_document(checks));
  } else {
    print_checks(context.console.out(), checks, when_good);
  }
  return is_good ? 0 : 1;
}

int examine(CommandContext& context) {
  return show(context, context.services.doctor(context.configuration()),
              "Everything that finops needs is there");
}

int test_itself(CommandContext& context, const SelftestOptions& options) {
  RunDisplay display(context.console);
  RunHooks hooks;
  hooks.on_progress = [&display](const Progress& progress) { display.show(progress); };
  const SelftestRequest request{.selection = options.selection.selection(),
                                .is_own = !options.is_demo_only,
                                .work_folder = options.work_folder};
  const auto checks =
      context.services.selftest(context.configuration(), request, hooks, context.stop());
  display.clear();
  return show(context, checks, "What is delivered is what ends in a lake");
}

}  // namespace

void add_doctor_command(CommandTree& tree) {
  tree.add(tree.root(), "doctor",
           "Check everything that a run needs: folders, catalog, exports, the lake itself",
           "  finops doctor\n  finops doctor --json\n", examine);

  auto options = std::make_shared<SelftestOptions>();
  CLI::App& selftest = tree.add(
      tree.root(), "selftest",
      "Prove with known bills and with your own deliveries that nothing is lost or changed on the "
      "way",
      "  finops selftest                                  the newest delivery of each export\n"
      "  finops selftest --source payer-a --start-date 2026-01 --end-date 2026-06\n"
      "  finops selftest --demo-only                      without looking at any bucket\n",
      [options](CommandContext& context) { return test_itself(context, *options); });
  options->selection.add_period(selftest);
  options->selection.add_range(selftest);
  options->selection.add_sources(selftest);
  selftest.add_flag("--demo-only", options->is_demo_only, "Only bills of known truth");
  selftest
      .add_option("--work-dir", options->work_folder,
                  "Where the lakes of the test lie for a while; default: data_dir")
      ->type_name("DIR");
}

}  // namespace finops
