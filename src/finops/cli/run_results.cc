#include "finops/cli/run_results.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/plan_table.h"
#include "finops/cli/run_display.h"

namespace finops {
namespace {

std::string summary_of(const RunReport& report) {
  std::map<Outcome, std::uint64_t> counts;
  std::uint64_t rows = 0, quarantined = 0, bytes = 0;
  for (const PartitionReport& one : report.partitions) {
    ++counts[one.outcome];
    if (one.outcome == Outcome::kStaged) bytes += one.compressed_bytes;
    const bool is_new = one.outcome == Outcome::kLoaded || one.outcome == Outcome::kReplaced;
    if (!is_new) continue;
    rows += one.loaded_rows;
    quarantined += one.quarantined_rows;
  }
  if (report.partitions.empty()) return "Nothing is offered; nothing was changed.";
  std::string text;
  for (const auto& [outcome, count] : counts) {
    text += (text.empty() ? "" : ", ") + count_text(count) + " " + outcome_words(outcome);
  }
  if (counts.contains(Outcome::kStaged)) text += "; " + bytes_text(bytes) + " downloaded";
  if (rows > 0) text += "; " + plural(rows, "row") + " in the lake";
  if (quarantined > 0) text += ", " + count_text(quarantined) + " in quarantine";
  text += "; " + seconds_text(report.seconds) + ".";
  return report.is_changed ? text : text + " Nothing was changed.";
}

}  // namespace

void tell_of_sources(CommandContext& context, const RunReport& report) {
  for (const std::string& note : report.notes) context.console.note(note);
  for (const StaleSource& one : report.stale) {
    context.console.warning(one.source + " is stale: " + one.describe() + "; " + kAdviceForStale);
  }
}

RunReport run_with_display(CommandContext& context,
                           const std::function<RunReport(const RunHooks&)>& run_it) {
  RunDisplay display(context.console);
  RunHooks hooks;
  hooks.on_progress = [&display](const Progress& progress) { display.show(progress); };
  hooks.on_partition = [&display](const PartitionReport& one) { display.show_finished(one); };
  RunReport report = run_it(hooks);
  display.clear();
  return report;
}

int show_run(CommandContext& context, const RunReport& report) {
  if (context.console.is_json()) {
    context.console.print_document(run_document(report));
  } else {
    context.console.out() << summary_of(report) << '\n';
  }
  context.console.out() << std::flush;
  tell_of_sources(context, report);
  return report.exit_code();
}

int show_plan(CommandContext& context, const RunPlan& plan) {
  if (context.console.is_json()) {
    nlohmann::ordered_json document = {{"dry_run", true}, {"changed", false}};
    document["plan"] = plan_document(plan.items);
    document["notes"] = plan.notes;
    context.console.print_document(document);
  } else {
    print_plan(context.console.out(), plan.items);
    context.console.out() << plan_summary(plan.items) << " Nothing was changed.\n";
  }
  for (const std::string& note : plan.notes) context.console.note(note);
  return has_unusable_item(plan.items) ? 1 : 0;
}

}  // namespace finops
