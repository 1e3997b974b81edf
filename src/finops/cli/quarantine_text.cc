#include "finops/cli/quarantine_text.h"

#include <algorithm>
#include <string>

#include "finops/cli/dataset_text.h"
#include "finops/cli/human_text.h"

namespace finops {
namespace {

constexpr const char* kEmpty = "The quarantine is empty.\n";

std::string rows_text(std::int64_t rows) { return plural(static_cast<std::uint64_t>(rows), "row"); }

/// "  amount EUR 5, USD 3"; nothing is not worth a word.
std::string with_money(const std::string& what, const std::map<std::string, ExactSum>& amounts) {
  std::map<std::string, ExactSum> some;
  for (const auto& [currency, sum] : amounts) {
    if (!sum.is_zero()) some.emplace(currency, sum);
  }
  return some.empty() ? "" : "  " + printable(what) + " " + printable(money_text(some));
}

void print_currencies(std::ostream& out, const std::string& what,
                      const std::map<std::string, QuarantineOfCurrency>& currencies) {
  for (const auto& [currency, of_currency] : currencies) {
    const std::string name = currency.empty()  ? "without a currency"
                             : currency == "?" ? "of unreadable currency"
                                               : currency;
    const auto& all = of_currency.all;
    out << "  " << printable(name) << ": " << plural(all.rows, "row")
        << with_money(what, {{currency, all.cost}}) << '\n';
    for (const auto& [reason, count] : of_currency.reasons) {
      out << "    " << count_text(count.rows) << " × " << printable(reason)
          << with_money(what, {{currency, count.cost}}) << '\n';
    }
  }
}

void print_reasons(std::ostream& out, const std::vector<std::string>& reasons) {
  for (const std::string& reason : reasons) out << "  reason: " << printable(reason) << '\n';
}

void print_raw(std::ostream& out, const std::string& raw) {
  out << "  raw: " << printable(raw) << '\n';
}

/// "2 of 3 rows moved into the lake"
std::string moved_text(std::uint64_t moved, std::uint64_t rows, bool is_dry_run,
                       const std::string& where) {
  return count_text(moved) + " of " + plural(rows, "row") +
         (is_dry_run ? " would move into " : " moved into ") + where;
}

/// What quarantine has of one dataset, or of one of its landing files.
void print_counts(std::ostream& out, const medallion::DatasetQuarantine& one) {
  out << printable(one.dataset) << (one.file.empty() ? "" : "  " + printable(one.file)) << "  "
      << rows_text(one.rows);
  if (one.waived > 0) {
    out << ", " << (one.waived == one.rows ? "all" : count_text(std::uint64_t(one.waived)))
        << " waived";
  }
  out << '\n';
  for (const auto& [column, currencies] : one.money) print_currencies(out, column, currencies);
  if (!one.money.empty()) return;  // that has the reasons too
  for (const auto& [reason, rows] : one.reasons) {
    out << "    " << count_text(static_cast<std::uint64_t>(rows)) << " × " << printable(reason)
        << '\n';
  }
}

}  // namespace

void print_quarantine(std::ostream& out, const std::vector<QuarantineSummary>& summaries) {
  for (const QuarantineSummary& summary : summaries) {
    out << printable(summary.id.partition_name()) << "  " << printable(summary.id.version)
        << (summary.is_current ? "" : "  (not current)") << "  " << plural(summary.rows, "row")
        << '\n';
    if (!summary.waiver.empty()) out << "  waived: " << printable(summary.waiver) << '\n';
    print_currencies(out, "unblended cost", summary.currencies);
  }
  if (summaries.empty()) out << kEmpty;
}

void print_quarantine(std::ostream& out, const medallion::ProjectQuarantine& quarantine) {
  for (const auto& one : quarantine.datasets) print_counts(out, one);
  if (quarantine.datasets.empty()) out << kEmpty;
  print_waivers(out, quarantine.waivers);
}

void print_quarantined_rows(std::ostream& out, const std::vector<QuarantinedRow>& rows) {
  for (const QuarantinedRow& row : rows) {
    out << printable(row.id.partition_name()) << "  " << printable(row.file) << ":" << row.line
        << '\n';
    print_reasons(out, row.reasons);
    print_raw(out, row.raw);
  }
  if (rows.empty()) out << kEmpty;
}

void print_quarantined_rows(std::ostream& out,
                            const std::vector<medallion::QuarantinedRecord>& rows) {
  for (const auto& row : rows) {
    out << printable(row.dataset) << "  " << printable(row.file) << ":" << row.line
        << (row.is_waived ? "  (waived)" : "") << '\n';
    print_reasons(out, row.reasons);
    for (const auto& [column, text] : row.cells) {
      out << "  " << printable(column) << " = " << printable(text) << '\n';
    }
    if (!row.raw.empty()) print_raw(out, row.raw);
  }
  if (rows.empty()) out << "There are no such rows in quarantine.\n";
}

void print_replay(std::ostream& out, const ReplayReport& report, bool is_dry_run) {
  out << printable(report.id.partition_name()) << "  " << printable(report.id.version) << "  "
      << moved_text(report.loaded, report.rows, is_dry_run, "the lake")
      << with_money("unblended cost", report.unblended_cost);
  if (report.is_changed && !is_dry_run) out << "  revision " << report.revision;
  out << '\n';
}

void print_replay(std::ostream& out, const medallion::DatasetRunReport& report, bool is_dry_run) {
  bool has_rows = false;
  for (const auto& one : report.datasets) {
    if (one.quarantined_before() == 0 && one.moves.came == 0) continue;
    has_rows = true;
    out << printable(one.dataset) << "  "
        << moved_text(static_cast<std::uint64_t>(one.moves.left),
                      static_cast<std::uint64_t>(one.quarantined_before()), is_dry_run, "silver");
    for (const auto& [column, amounts] : one.moves.left_money) {
      out << with_money(column, amounts);
    }
    if (one.moves.came > 0) {
      out << "; " << rows_text(one.moves.came)
          << (is_dry_run ? " would go to quarantine" : " went to quarantine");
    }
    out << '\n';
  }
  if (!has_rows) out << kEmpty;
  if (!report.is_changed) {
    out << "Neither the project's files nor what they are read by has changed since the last run; "
           "nothing was made.\n";
  }
}

void print_waiver(std::ostream& out, const WaiverReport& report, bool is_dry_run) {
  out << printable(report.id.partition_name()) << "  " << printable(report.id.version) << ": "
      << plural(report.quarantined_rows, "quarantined row") << (is_dry_run ? " would be" : " are")
      << " accepted as they are.\n"
      << (report.was_refused ? "The next run loads the delivery; these rows stay in quarantine.\n"
                             : "No row and no sum changes; the receipt tells the waiver.\n");
}

void print_waiver(std::ostream& out, const medallion::DatasetWaiverReport& report,
                  const medallion::DatasetWaiverRequest& request) {
  const char* would = request.is_dry_run ? " would be" : " is";
  if (request.withdraws && !report.is_changed) {
    out << "There is no such waiver. Nothing was changed.\n";
  } else if (!report.is_changed) {
    out << waiver_text(report.waiver) << "\nThis waiver is there already. Nothing was changed.\n";
  } else if (request.withdraws) {
    out << waiver_text(report.waiver) << "\nThis waiver" << would << " withdrawn.\n";
  } else {
    out << waiver_text(report.waiver) << "\nThis waiver" << would
        << " recorded. No row and no sum changes; such rows are no reason for exit code 3.\n";
  }
}

}  // namespace finops
