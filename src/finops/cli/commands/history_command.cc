#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/selection_options.h"
#include "finops/cli/text_table.h"

namespace finops {
namespace {

void print_records(std::ostream& out, const std::vector<HistoryEntry>& entries) {
  using enum TextTable::Align;
  TextTable table({{"PERIOD"},
                   {"SOURCE"},
                   {"EXECUTION ID"},
                   {"REV", kRight},
                   {"STATE"},
                   {"RECORDED (UTC)"},
                   {"ROWS", kRight},
                   {"QUARANTINED", kRight},
                   {"COST CHANGE", kRight},
                   {"REMARK"}});
  for (const auto& [record, change] : entries) {
    const bool is_closed = change && change->has_moved_closed_month();
    const std::string remark = !record.refusal.empty() ? record.refusal
                               : !record.hold.empty()  ? "held: newer deliveries wait"
                               : is_closed             ? "a closed month changed"
                                                       : "";
    table.add({record.id.partition, record.id.source, record.id.version,
               std::to_string(record.revision), std::string(to_string(record.state)),
               time_text(record.recorded_ms), count_text(record.loaded_rows),
               record.quarantined_rows > 0 ? count_text(record.quarantined_rows) : "",
               change ? signed_money_text(change->moved()) : "", remark});
  }
  table.print(out);
}

int show_history(CommandContext& context, const SelectionOptions& options) {
  const std::vector<HistoryEntry> records =
      context.services.history(context.configuration(), options.selection());
  if (context.console.is_json()) {
    context.console.print_document(history_document(records));
  } else if (records.empty()) {
    context.console.out() << "The ledger holds no delivery.\n";
  } else {
    print_records(context.console.out(), records);
  }
  return 0;
}

}  // namespace

void add_history_command(CommandTree& tree) {
  auto options = std::make_shared<SelectionOptions>();
  CLI::App& command =
      tree.add(tree.root(), "history", "List every delivery that was taken, oldest first",
               "  finops history\n  finops history --period 2026-05 --json\n",
               [options](CommandContext& context) { return show_history(context, *options); });
  options->add_period(command);
  options->add_sources(command);
}

}  // namespace finops
