#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "finops/core/decimal.h"

namespace finops {

/// One delivered line.
struct FileLine {
  std::string file;
  std::int64_t line = 0;
};

/// Why amortized cost, true-up and upfront fees of some line items are not their unblended cost.
enum class ResidualReason {
  kUpfrontRefunded,     // a refund of a Savings Plan's upfront fee is in no month's amortized cost
  kNegationDiffers,     // a plan's covered usage at on-demand prices is not what was negated
  kUsedPartDiffers,     // a plan's used commitment is not the effective cost of what it covered
  kCommitmentDiffers,   // a plan's commitment is not its recurring and amortized upfront part
  kReservationDiffers,  // a reservation's fees are not its used and unused part
  kMissingColumns,      // the delivery lacks a column that the formula needs
};
std::string_view to_string(ResidualReason reason);  // "upfront_refunded", …

/// Line items of one type that a residual comes from.
struct ResidualCause {
  std::string line_item_type;
  ResidualReason reason = ResidualReason::kUpfrontRefunded;
  std::uint64_t lines = 0;
  ExactSum amount;              // all causes' amounts add up to the residual
  std::vector<FileLine> first;  // the first few of the lines
};

/// What one payer's line items of one currency add up to, by the formulas of the view of costs
/// (docs/lake-layout.md). Rows of split cost allocation are in none of the sums.
struct PayerCosts {
  std::string payer;  // bill_payer_account_id; "" where it is empty or not delivered
  std::string currency;
  std::uint64_t lines = 0;
  ExactSum unblended, net_unblended, amortized, net_amortized, true_up, upfront_fees;
  std::uint64_t split_lines = 0;  // left out, with their unblended cost
  ExactSum split_unblended;
  std::vector<ResidualCause> causes;

  /// unblended - (amortized + true_up + upfront_fees)
  ExactSum residual() const;
};

/// What one delivery of AWS's bills costs, in proof of the view of costs.
struct BillCosts {
  std::vector<PayerCosts> payers;            // by payer and currency; none of an empty delivery
  std::vector<std::string> missing_columns;  // that formulas of line items that are there need
  /// SHA-256 of the unblended cost by currency and service, zeros left out: equal for two exports
  /// of one bill, whatever their columns and rows. Empty when nothing costs anything.
  std::string service_totals;
};

std::string costs_to_json(const BillCosts& costs);
/// Throws nlohmann::json's exceptions, and kInvalidData, when the text is none.
BillCosts costs_from_json(const std::string& text);

}  // namespace finops
