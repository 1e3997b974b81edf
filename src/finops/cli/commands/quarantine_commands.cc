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

void print_summaries(std::ostream& out, const std::vector<QuarantineSummary>& summaries) {
  for (const QuarantineSummary& summary : summaries) {
    out << printable(summary.id.partition_name()) << "  " << printable(summary.id.version)
        << (summary.is_current ? "" : "  (not current)") << "  " << plural(summary.rows, "row");
    const std::string money = money_text(summary.unblended_cost);
    if (!money.empty()) out << "  unblended cost " << printable(money);
    out << '\n';
    for (const auto& [reason, count] : summary.reasons) {
      out << "  " << count_text(count) << " × " << printable(reason) << '\n';
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

}  // namespace

void add_quarantine_commands(CommandTree& tree) {
  CLI::App& group = tree.group("quarantine");
  auto ls = std::make_shared<SelectionOptions>();
  CLI::App& list_command =
      tree.add(group, "ls", "Count quarantined rows by delivery and reason, with their money",
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
}

}  // namespace finops
