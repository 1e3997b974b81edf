#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "finops/core/export_id.h"
#include "finops/core/fingerprint.h"
#include "finops/ledger/bill_costs.h"
#include "finops/ledger/bill_mark.h"
#include "finops/tabular/bill_totals.h"

namespace finops {

/// One delivered file, as it was read.
struct ReceiptFile {
  std::string key;
  std::uint64_t bytes = 0;
  std::string etag, sha256;
  std::uint64_t rows = 0, rejected = 0;
  /// The exact names of its header, in order, of a file with rejected rows: they are read again by
  /// it.
  std::vector<std::string> header = {};
};

/// One Parquet file that holds the delivery's rows in the lake.
struct ReceiptDataFile {
  std::string key;  // below the lake's root
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;
  std::string sha256;
};

/// One decimal column in one currency: source = loaded + quarantined, exactly.
struct ReceiptSum {
  ExactSum source, loaded, quarantined;
  std::uint64_t unreadable_cells = 0, rounded_cells = 0;
  ExactSum rounding_residual;
  std::uint64_t quarantined_rounded_cells = 0;  // out of rounded_cells
  ExactSum quarantined_rounding_residual;
};

/// How the rows of a delivery without a manifest bear out its period.
struct PeriodOfRows {
  std::string column;    // of the lake: in which each row says when its period begins
  bool is_told = false;  // by people, so that a row may say nothing
};

/// The proof of one delivery: what its files said, what is in the lake, what is in quarantine.
/// `source` comes from the reader of the delivered bytes, `loaded` from reading the written Parquet
/// files back, `quarantined` from the rows set aside. docs/receipts.md explains the JSON form.
struct Receipt {
  ExportId id;
  int revision = 1;
  std::optional<std::int64_t> snapshot_id;  // of the data table; nothing for an empty delivery
  std::string loaded_at;                    // ISO 8601, UTC
  std::vector<ReceiptFile> files;
  std::uint64_t source_rows = 0, loaded_rows = 0, quarantined_rows = 0;
  std::map<std::string, std::map<std::string, ReceiptSum>> sums;  // by currency, by column
  std::map<std::string, ColumnContent> columns;                   // of the loaded rows
  std::vector<ReceiptDataFile> data_files;
  std::string waiver;  // JSON {"since","reason"}: its quarantined rows were accepted; empty: no
  /// Of AWS's bills; nothing for FOCUS, and in receipts of before there were costs.
  std::optional<BillCosts> costs;
  BillMark focus_mark;  // of FOCUS exports, which have no costs
  /// Of deliveries without a manifest; nothing in receipts of before replays asked for it.
  std::optional<PeriodOfRows> period_of_rows;

  /// Nothing when rows and every sum balance; else the first difference, in words.
  std::optional<std::string> imbalance() const;
  /// Empty in receipts of before there were marks.
  BillMark mark() const { return costs ? mark_of(*costs) : focus_mark; }
};

/// Joins the three sides of a receipt's sums.
std::map<std::string, std::map<std::string, ReceiptSum>> join_sums(
    const CurrencyTotals& source, const CurrencyTotals& loaded, const CurrencyTotals& quarantined);

std::string receipt_to_json(const Receipt& receipt);
/// kInvalidData when the text is no receipt.
Receipt receipt_from_json(const std::string& text);

}  // namespace finops
