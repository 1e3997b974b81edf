#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"

namespace finops {
namespace {

int migrate(CommandContext& context) {
  const JournalMigrationReport report =
      context.services.migrate_journal(context.configuration(), context.stop());
  const auto [from, to] = report.migration;
  if (context.console.is_json()) {
    context.console.print_document({{"journal", report.journal},
                                    {"changed", from != to},
                                    {"from_version", from},
                                    {"to_version", to}});
    return 0;
  }
  auto& out = context.console.out();
  out << "The journal " << printable(report.journal);
  if (from == to) {
    out << " has version " << to << " already; nothing was changed.\n";
  } else if (from == 0) {
    out << " was made, with version " << to << ".\n";
  } else {
    out << " was brought from version " << from << " to " << to << ".\n";
  }
  return 0;
}

}  // namespace

void add_journal_commands(CommandTree& tree) {
  tree.add(tree.group("journal"), "migrate",
           "Make the journal's tables, or bring older ones to this version; rows stay",
           "  finops journal migrate\n"
           "  finops journal migrate --set service.journal=mysql://db.example/finops\n",
           migrate);
}

}  // namespace finops
