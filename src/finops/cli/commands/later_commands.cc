#include "finops/cli/commands/commands.h"
#include "finops/core/error.h"

namespace finops {
namespace {

/// A command that is promised and not there yet: known to the help, refused when called.
void add_later(CommandTree& tree, CLI::App& parent, const std::string& name,
               const std::string& description, const std::string& meanwhile) {
  const std::string whole = (&parent == &tree.root() ? "" : parent.get_name() + " ") + name;
  CLI::App& command = tree.add(
      parent, name, description + " (comes with a later version)", "  " + meanwhile + "\n",
      [whole, meanwhile](CommandContext&) -> int {
        throw Error(ErrorKind::kUnsupported,
                    "`finops " + whole + "` comes with a later version of finops; " + meanwhile);
      });
  // Whatever options it will have: the answer is the same.
  tree.accept_anything(command);
}

}  // namespace

void add_commands_of_later_versions(CommandTree& tree) {
  add_later(tree, tree.root(), "reconcile", "Compare a billing period with its invoices",
            "until then, `finops query` gives the sums by bill_invoice_id");
}

}  // namespace finops
