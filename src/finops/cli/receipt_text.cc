#include "finops/cli/receipt_text.h"

#include "finops/cli/human_text.h"
#include "finops/cli/text_table.h"

namespace finops {
namespace {

using enum TextTable::Align;

bool is_worth_a_line(const ReceiptSum& sum) {
  return !sum.source.is_zero() || !sum.loaded.is_zero() || !sum.quarantined.is_zero() ||
         sum.unreadable_cells > 0 || sum.rounded_cells > 0;
}

std::string remark_of(const ReceiptSum& sum) {
  std::string text;
  if (sum.unreadable_cells > 0) text = plural(sum.unreadable_cells, "unreadable cell");
  if (sum.rounded_cells > 0) {
    text += (text.empty() ? "" : "; ") + plural(sum.rounded_cells, "cell") + " rounded by " +
            sum.rounding_residual.to_string();
  }
  return text;
}

void print_sums(std::ostream& out, const std::string& currency,
                const std::map<std::string, ReceiptSum>& columns, bool all_columns) {
  out << "\n  " << (currency.empty() ? "no currency" : printable(currency)) << '\n';
  TextTable table({{"COLUMN"},
                   {"SOURCE", kRight},
                   {"IN THE LAKE", kRight},
                   {"QUARANTINED", kRight},
                   {"REMARK"}});
  std::uint64_t hidden = 0;
  for (const auto& [name, sum] : columns) {
    if (!all_columns && !is_worth_a_line(sum)) {
      ++hidden;
      continue;
    }
    table.add({name, sum.source.to_string(), sum.loaded.to_string(),
               sum.quarantined.is_zero() ? "" : sum.quarantined.to_string(), remark_of(sum)});
  }
  if (!table.is_empty()) table.print(out, 4);
  if (hidden > 0) out << "    " << plural(hidden, "more column") << " of zeros only\n";
}

void print_files(std::ostream& out, const Receipt& receipt) {
  out << "\n  delivered\n";
  TextTable table(
      {{"FILE"}, {"BYTES", kRight}, {"ROWS", kRight}, {"REJECTED", kRight}, {"SHA-256"}});
  for (const ReceiptFile& file : receipt.files) {
    table.add({file.key, count_text(file.bytes), count_text(file.rows), count_text(file.rejected),
               file.sha256.substr(0, 16) + "…"});
  }
  table.print(out, 4);
}

std::string_view words_of(ResidualReason reason) {
  switch (reason) {
    case ResidualReason::kUpfrontRefunded:
      return "refund of an upfront fee, which is in no month's amortized cost";
    case ResidualReason::kNegationDiffers:
      return "what plans covered at on-demand prices is not what was negated";
    case ResidualReason::kUsedPartDiffers:
      return "the used part of plans is not the effective cost of what they covered";
    case ResidualReason::kCommitmentDiffers:
      return "the commitment of plans is not its recurring and upfront part";
    case ResidualReason::kReservationDiffers:
      return "fees of reservations are not their used and unused part";
    case ResidualReason::kMissingColumns: return "columns are missing";
  }
  return "";
}

std::string first_lines(const ResidualCause& cause) {
  std::string text;
  for (const FileLine& at : cause.first) {
    const std::string name = at.file.substr(at.file.rfind('/') + 1);
    text += (text.empty() ? "" : ", ") + printable(name) + ":" + std::to_string(at.line);
  }
  return text;
}

void print_causes(std::ostream& out, const BillCosts& costs) {
  TextTable table(
      {{"LINE ITEM TYPE"}, {"LINES", kRight}, {"RESIDUAL", kRight}, {"WHY"}, {"FIRST"}});
  for (const PayerCosts& payer : costs.payers) {
    for (const ResidualCause& cause : payer.causes) {
      table.add({printable(cause.line_item_type), count_text(cause.lines),
                 cause.amount.to_string() + " " + printable(payer.currency),
                 std::string(words_of(cause.reason)), first_lines(cause)});
    }
  }
  if (!table.is_empty()) table.print(out, 4);
  if (costs.missing_columns.empty()) return;
  out << "    missing:";
  for (const auto& column : costs.missing_columns) out << ' ' << printable(column);
  out << '\n';
}

/// The identity of costs: amortized + true-up + upfront fees = unblended, but for the residual.
void print_costs(std::ostream& out, const BillCosts& costs) {
  if (costs.payers.empty()) return;
  out << "\n  costs: unblended = amortized + true-up + upfront fees + residual\n";
  TextTable table({{"PAYER"},
                   {"CURRENCY"},
                   {"UNBLENDED", kRight},
                   {"AMORTIZED", kRight},
                   {"TRUE-UP", kRight},
                   {"UPFRONT FEES", kRight},
                   {"RESIDUAL", kRight},
                   {"NET UNBLENDED", kRight},
                   {"NET AMORTIZED", kRight}});
  for (const PayerCosts& payer : costs.payers) {
    table.add({payer.payer.empty() ? "unknown" : printable(payer.payer), printable(payer.currency),
               payer.unblended.to_string(), payer.amortized.to_string(), payer.true_up.to_string(),
               payer.upfront_fees.to_string(), payer.residual().to_string(),
               payer.net_unblended.to_string(), payer.net_amortized.to_string()});
  }
  table.print(out, 4);
  print_causes(out, costs);
}

}  // namespace

void print_receipt(std::ostream& out, const Receipt& receipt, bool all_columns) {
  const auto imbalance = receipt.imbalance();
  out << printable(receipt.id.partition_name()) << "  " << printable(receipt.id.version)
      << (receipt.revision > 1 ? "  revision " + std::to_string(receipt.revision) : "") << "  "
      << (imbalance ? "DOES NOT BALANCE: " + printable(*imbalance) : "balanced") << '\n';
  out << "  table " << printable(receipt.id.table) << ", loaded " << printable(receipt.loaded_at);
  if (receipt.snapshot_id) out << ", snapshot " << *receipt.snapshot_id;
  out << "\n  rows: " << count_text(receipt.source_rows)
      << " delivered = " << count_text(receipt.loaded_rows) << " in the lake + "
      << count_text(receipt.quarantined_rows) << " in quarantine\n";
  if (!receipt.waiver.empty()) out << "  quarantine waived: " << printable(receipt.waiver) << '\n';
  for (const auto& [currency, columns] : receipt.sums) {
    print_sums(out, currency, columns, all_columns);
  }
  if (receipt.costs) print_costs(out, *receipt.costs);
  print_files(out, receipt);
}

}  // namespace finops
