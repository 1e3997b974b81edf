#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/receipt_text.h"
#include "finops/cli/selection_options.h"
#include "finops/core/error.h"

namespace finops {
namespace {

struct ReceiptOptions {
  SelectionOptions selection;
  bool all_columns = false;
};

/// A question about something that is not there is an error; about everything, it is an empty
/// answer.
void require_found(bool is_found, const Selection& selection) {
  const bool is_about_everything = selection.sources.empty() && !selection.first && !selection.last;
  if (is_found || is_about_everything) return;
  throw Error(ErrorKind::kNotFound,
              "the lake holds no such delivery; `finops history` lists those that it holds");
}

int show_receipts(CommandContext& context, const ReceiptOptions& options) {
  const Selection selection = options.selection.selection();
  const std::vector<Receipt> receipts =
      context.services.receipts(context.configuration(), selection);
  require_found(!receipts.empty(), selection);
  if (context.console.is_json()) {
    nlohmann::ordered_json document = {{"receipts", nlohmann::ordered_json::array()}};
    for (const Receipt& receipt : receipts) {
      document["receipts"].push_back(nlohmann::ordered_json::parse(receipt_to_json(receipt)));
    }
    context.console.print_document(document);
    return 0;
  }
  std::ostream& out = context.console.out();
  if (receipts.empty()) out << "The lake is empty; `finops aws run-pipeline` loads deliveries.\n";
  for (std::size_t i = 0; i < receipts.size(); ++i) {
    if (i > 0) out << '\n';
    print_receipt(out, receipts[i], options.all_columns);
  }
  return 0;
}

std::string_view words_of(VerifyReport::Verdict verdict) {
  switch (verdict) {
    case VerifyReport::Verdict::kAgrees: return "agrees";
    case VerifyReport::Verdict::kDiffers: return "DIFFERS";
    case VerifyReport::Verdict::kCannotBeVerified: return "cannot be verified";
  }
  return "DIFFERS";
}

void print_verdicts(std::ostream& out, const std::vector<VerifyReport>& reports) {
  for (const VerifyReport& report : reports) {
    out << printable(report.id.partition_name()) << "  " << printable(report.id.version) << "  "
        << words_of(report.verdict) << "  " << plural(report.rows, "row") << '\n';
    if (!report.message.empty()) out << "  " << printable(report.message) << '\n';
    for (const std::string& difference : report.differences) {
      out << "  " << printable(difference) << '\n';
    }
  }
  if (reports.empty()) out << "The lake is empty: there is nothing to verify.\n";
}

/// docs/receipts.md: 1 for a difference, 3 when the delivered bytes are gone.
int verify_exit_code(const std::vector<VerifyReport>& reports) {
  const auto has = [&reports](VerifyReport::Verdict verdict) {
    return std::any_of(reports.begin(), reports.end(),
                       [verdict](const VerifyReport& one) { return one.verdict == verdict; });
  };
  if (has(VerifyReport::Verdict::kDiffers)) return 1;
  return has(VerifyReport::Verdict::kCannotBeVerified) ? 3 : 0;
}

int verify(CommandContext& context, const SelectionOptions& options) {
  const Selection selection = options.selection();
  const std::vector<VerifyReport> reports =
      context.services.verify(context.configuration(), selection, context.stop());
  require_found(!reports.empty(), selection);
  if (context.console.is_json()) {
    context.console.print_document(verify_document(reports));
  } else {
    print_verdicts(context.console.out(), reports);
  }
  return verify_exit_code(reports);
}

}  // namespace

void add_receipt_commands(CommandTree& tree) {
  auto options = std::make_shared<ReceiptOptions>();
  CLI::App& receipt =
      tree.add(tree.root(), "receipt",
               "Show the proof that the lake holds what was delivered, or verify it anew",
               "  finops receipt\n"
               "  finops receipt --period 2026-05 --source payer-a --json\n"
               "  finops receipt verify --period 2026-05\n",
               [options](CommandContext& context) { return show_receipts(context, *options); });
  options->selection.add_period(receipt);
  options->selection.add_sources(receipt);
  receipt.add_flag("--all-columns", options->all_columns, "List also columns of zeros only");

  // What stands before `verify` counts as well: `finops receipt --period 2026-05 verify`.
  CLI::App& again = tree.add(
      receipt, "verify",
      "Read the delivered bytes again with a second, simple reader and compare every column",
      "  finops receipt verify\n  finops receipt verify --source payer-a --json\n",
      [options](CommandContext& context) { return verify(context, options->selection); });
  options->selection.add_period(again);
  options->selection.add_sources(again);
}

}  // namespace finops
