#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/selection_options.h"
#include "finops/cli/text_table.h"

namespace finops {
namespace {

struct ShowOptions {
  SelectionOptions selection;
  std::uint64_t limit = 20;
};

struct ReplayOptions {
  SelectionOptions selection;
  bool is_dry_run = false;
};

struct WaiveOptions {
  PartitionOptions of;
  std::string delivery, reason;
  bool is_dry_run = false;
};

/// A cost of nothing is not worth a word.
std::string with_cost(const QuarantineCount& count, const std::string& currency) {
  if (count.cost.is_zero()) return "";
  return "  unblended cost " + printable(money_text({{currency, count.cost}}));
}

void print_summaries(std::ostream& out, const std::vector<QuarantineSummary>& summaries) {
  for (const QuarantineSummary& summary : summaries) {
    out << printable(summary.id.partition_name()) << "  " << printable(summary.id.version)
        << (summary.is_current ? "" : "  (not current)") << "  " << plural(summary.rows, "row")
        << '\n';
    if (!summary.waiver.empty()) out << "  waived: " << printable(summary.waiver) << '\n';
    for (const auto& [currency, of_currency] : summary.currencies) {
      const std::string name = currency.empty()  ? "without a currency"
                               : currency == "?" ? "of unreadable currency"
                                                 : currency;
      out << "  " << printable(name) << ": " << plural(of_currency.all.rows, "row")
          << with_cost(of_currency.all, currency) << '\n';
      for (const auto& [reason, count] : of_currency.reasons) {
        out << "    " << count_text(count.rows) << " × " << printable(reason)
            << with_cost(count, currency) << '\n';
      }
    }
  }
  if (summaries.empty()) out << "The quarantine is empty.\n";
}

int list(CommandContext& context, const SelectionOptions& options) {
  const std::vector<QuarantineSummary> summaries =
      context.services.quarantine_summaries(context.configuration(), options.selection());
  if (context.console.is_json()) {
    context.console.print_document(quarantine_document(summaries));
  } else {
    print_summaries(context.console.out(), summaries);
  }
  return 0;
}

void print_rows(std::ostream& out, const std::vector<QuarantinedRow>& rows) {
  for (const QuarantinedRow& row : rows) {
    out << printable(row.id.partition_name()) << "  " << printable(row.file) << ":" << row.line
        << '\n';
    for (const std::string& reason : row.reasons) out << "  reason: " << printable(reason) << '\n';
    out << "  raw: " << printable(row.raw) << '\n';
  }
  if (rows.empty()) out << "The quarantine is empty.\n";
}

int show(CommandContext& context, const ShowOptions& options) {
  constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
  const std::uint64_t limit = options.limit == 0 ? kNoLimit : options.limit;
  // One more than wanted tells whether there are more.
  std::vector<QuarantinedRow> rows =
      context.services.quarantined_rows(context.configuration(), options.selection.selection(),
                                        limit == kNoLimit ? limit : limit + 1);
  const bool has_more = rows.size() > limit;
  if (has_more) rows.resize(limit);
  if (context.console.is_json()) {
    nlohmann::ordered_json document = quarantine_document(rows);
    document["has_more"] = has_more;
    context.console.print_document(document);
  } else {
    print_rows(context.console.out(), rows);
    if (has_more) context.console.note("there are more rows; --limit 0 shows all");
  }
  return 0;
}

void print_replay(CommandContext& context, const ReplayReport& report, bool is_dry_run) {
  const std::string partition =
      printable(report.id.partition_name()) + "  " + printable(report.id.version);
  if (!report.message.empty()) {
    context.console.warning(partition + ": " + printable(report.message));
    return;
  }
  std::ostream& out = context.console.out();
  out << partition << "  " << count_text(report.loaded) << " of " << plural(report.rows, "row")
      << (is_dry_run ? " would move into the lake" : " moved into the lake");
  const std::string money = money_text(report.unblended_cost);
  if (!money.empty()) out << "  unblended cost " << printable(money);
  if (report.is_changed && !is_dry_run) out << "  revision " << report.revision;
  out << '\n';
}

/// As runs do: 3 when something was published and another delivery could not be tried.
int exit_code_of(const std::vector<ReplayReport>& reports) {
  bool has_failed = false, is_changed = false, is_locked = true;
  for (const ReplayReport& report : reports) {
    is_changed |= report.is_changed;
    if (report.message.empty()) continue;
    has_failed = true;
    is_locked &= report.error_kind == ErrorKind::kLocked;
  }
  if (!has_failed) return 0;
  if (is_changed) return 3;
  return is_locked ? 5 : 1;
}

int replay(CommandContext& context, const ReplayOptions& options) {
  const std::vector<ReplayReport> reports = context.services.replay_quarantine(
      context.configuration(), options.selection.selection(), options.is_dry_run, context.stop());
  if (context.console.is_json()) {
    context.console.print_document(replay_document(reports, options.is_dry_run));
  } else {
    for (const ReplayReport& report : reports) print_replay(context, report, options.is_dry_run);
    if (reports.empty()) {
      context.console.out() << "No current delivery has quarantined rows. Nothing was changed.\n";
    }
  }
  return exit_code_of(reports);
}

int waive(CommandContext& context, const WaiveOptions& options) {
  const WaiverRequest request{.of = options.of.choice(),
                              .version = options.delivery,
                              .reason = options.reason,
                              .is_dry_run = options.is_dry_run};
  const WaiverReport report = context.services.waive_quarantine(context.configuration(), request);
  if (context.console.is_json()) {
    context.console.print_document(waiver_document(report, options.is_dry_run));
    return 0;
  }
  context.console.out()
      << printable(report.id.partition_name()) << "  " << printable(report.id.version) << ": "
      << plural(report.quarantined_rows, "quarantined row")
      << (options.is_dry_run ? " would be" : " are") << " accepted as they are.\n"
      << (report.was_refused ? "The next run loads the delivery; these rows stay in quarantine.\n"
                             : "No row and no sum changes; the receipt tells the waiver.\n");
  return 0;
}

void add_replay_command(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<ReplayOptions>();
  CLI::App& command =
      tree.add(group, "replay", "Read quarantined rows again with the rules of this version",
               "  finops quarantine replay --dry-run\n"
               "  finops quarantine replay --period 2026-05 --source payer-a\n",
               [options](CommandContext& context) { return replay(context, *options); });
  options->selection.add_period(command);
  options->selection.add_sources(command);
  command.add_flag("--dry-run", options->is_dry_run, "Say what would move; change nothing");
}

void add_waive_command(CommandTree& tree, CLI::App& group) {
  auto options = std::make_shared<WaiveOptions>();
  CLI::App& command = tree.add(
      group, "waive", "Accept a delivery with its quarantined rows; a refused one is loaded then",
      "  finops quarantine show --period 2026-05 --source payer-a       what does not fit\n"
      "  finops quarantine waive --period 2026-05 --source payer-a --reason \"AWS case 1234\"\n"
      "  finops aws run-pipeline                                        loads a refused one\n",
      [options](CommandContext& context) { return waive(context, *options); });
  options->of.add(command, "`finops quarantine ls`");
  command.add_option("--reason", options->reason, "Kept in the ledger and in the receipt")
      ->type_name("TEXT")
      ->required();
  command
      .add_option("--delivery", options->delivery,
                  "An execution id, or a unique beginning of one, when two have quarantined rows")
      ->type_name("V");
  command.add_flag("--dry-run", options->is_dry_run, "Say what would be waived; change nothing");
}

}  // namespace

void add_quarantine_commands(CommandTree& tree) {
  CLI::App& group = tree.group("quarantine");
  auto ls = std::make_shared<SelectionOptions>();
  CLI::App& list_command = tree.add(
      group, "ls", "Count quarantined rows by delivery, currency and reason, with their money",
      "  finops quarantine ls\n  finops quarantine ls --period 2026-05 --json\n",
      [ls](CommandContext& context) { return list(context, *ls); });
  ls->add_period(list_command);
  ls->add_sources(list_command);

  auto options = std::make_shared<ShowOptions>();
  CLI::App& show_command =
      tree.add(group, "show", "Show quarantined rows as delivered, with file, line and reasons",
               "  finops quarantine show --period 2026-05 --source payer-a\n"
               "  finops quarantine show --limit 0 --json > rows.json\n",
               [options](CommandContext& context) { return show(context, *options); });
  options->selection.add_period(show_command);
  options->selection.add_sources(show_command);
  show_command.add_option("--limit", options->limit, "Most rows to show; 0: all; default: 20")
      ->type_name("N");
  add_replay_command(tree, group);
  add_waive_command(tree, group);
}

}  // namespace finops
