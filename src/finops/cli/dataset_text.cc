#include "finops/cli/dataset_text.h"

#include <map>
#include <string>

#include "finops/cli/human_text.h"
#include "finops/cli/run_display.h"
#include "finops/cli/text_table.h"

namespace finops {
namespace {

using Align = TextTable::Align;

std::string count(std::int64_t number) { return count_text(static_cast<std::uint64_t>(number)); }

/// "2 new, 1 changed"; "" for none.
std::string files_text(const medallion::DatasetReport& report) {
  std::string text;
  const auto add = [&](std::size_t files, const char* how) {
    if (files == 0) return;
    text += (text.empty() ? "" : ", ") + count_text(files) + " " + how;
  };
  add(report.new_files, "new");
  add(report.changed_files, "changed");
  add(report.deleted_files, "deleted");
  return text.empty() ? "none new" : text;
}

void print_datasets(std::ostream& out, const medallion::DatasetRunReport& report) {
  TextTable table({{"DATASET"},
                   {"FILES", Align::kRight},
                   {"LANDED"},
                   {"BRONZE", Align::kRight},
                   {"VALID", Align::kRight},
                   {"QUARANTINED", Align::kRight},
                   {"SILVER"}});
  for (const auto& one : report.datasets) {
    table.add({one.dataset, count_text(one.files), files_text(one), count(one.bronze_rows),
               count(one.valid_rows), count(one.quarantined_rows),
               one.is_rebuilt ? "made anew" : "as it was"});
  }
  table.print(out);
}

void print_codes(std::ostream& out, const std::string& dataset, const char* what,
                 const std::map<std::string, std::int64_t>& codes) {
  for (const auto& [code, rows] : codes) {
    out << "  " << printable(dataset) << "  " << what << "  " << printable(code) << "  "
        << count(rows) << '\n';
  }
}

void print_quality(std::ostream& out, const medallion::DatasetRunReport& report) {
  bool has_codes = false, has_money = false;
  for (const auto& one : report.datasets) {
    has_codes |= !one.reasons.empty() || !one.flags.empty();
    has_money |= !one.money.empty();
  }
  if (has_codes) out << "\nRules that hold:\n";
  for (const auto& one : report.datasets) {
    print_codes(out, one.dataset, "quarantined", one.reasons);
    print_codes(out, one.dataset, "flagged", one.flags);
  }
  print_waivers(out, report.waivers);
  if (!has_money) return;
  out << "\nMoney: bronze = silver + quarantine\n";
  TextTable table({{"COLUMN"},
                   {"CURRENCY"},
                   {"BRONZE", Align::kRight},
                   {"SILVER", Align::kRight},
                   {"QUARANTINE", Align::kRight}});
  for (const auto& one : report.datasets) {
    for (const auto& proof : one.money) {
      table.add({one.dataset + "." + proof.column, currency_text(proof.currency),
                 proof.bronze.to_string(), proof.silver.to_string(),
                 proof.quarantined.to_string()});
    }
  }
  table.print(out, 2);
}

void print_models(std::ostream& out, const medallion::DatasetRunReport& report) {
  if (report.models.empty()) return;
  out << '\n';
  TextTable table({{"MODEL"}, {"ROWS", Align::kRight}, {"TESTS", Align::kRight}, {"GOLD"}});
  for (const auto& one : report.models) {
    table.add({one.model, count(one.rows), count_text(one.tests.size()),
               one.is_rebuilt ? "made anew" : "as it was"});
  }
  table.print(out);
}

std::string listed(const std::vector<std::string>& texts) {
  std::string list;
  for (const auto& text : texts) list += (list.empty() ? "" : ", ") + text;
  return list;
}

/// Of a cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

void print_table_docs(std::ostream& out, const medallion::DescribedTable& table) {
  out << "\n### " << table.layer << '.' << table.name << "\n\n";
  if (!table.description.empty()) out << table.description << "\n\n";
  out << "Table `" << table.table << "`, made from `" << listed(table.reads) << "`.\n\n";
  out << "| column | type | |\n|---|---|---|\n";
  for (const auto& column : table.columns) {
    out << "| `" << cell(column.name) << "` | " << to_string(column.type) << " | "
        << cell(column.description) << " |\n";
  }
  if (!table.rules.empty()) out << "\nRules: " << listed(table.rules) << ".\n";
  if (!table.tests.empty()) out << "\nTests: " << listed(table.tests) << ".\n";
}

/// Why a run ends with exit code 3, or would but for a waiver.
void print_new_quarantine(std::ostream& out, const medallion::DatasetRunReport& report) {
  std::string list;
  for (const auto& one : report.datasets) {
    const medallion::QuarantineMoves& moves = one.moves;
    if (moves.came == 0) continue;
    list += (list.empty() ? "" : ", ") + printable(one.dataset) + " " + count(moves.came);
    if (moves.waived == 0) continue;
    list += moves.unwaived() == 0 ? " (all waived)" : " (" + count(moves.waived) + " waived)";
  }
  if (!list.empty()) out << "\nNew in quarantine: " << list << '\n';
}

}  // namespace

std::string waiver_text(const medallion::Waiver& waiver) {
  const std::int64_t since_ms = waiver.since_time().time_since_epoch().count();
  return printable(waiver.dataset) + "  " +
         (waiver.code.empty() ? "all reasons" : printable(waiver.code)) +
         (waiver.file.empty() ? "" : " of " + printable(waiver.file)) + ": " +
         printable(waiver.reason) + "  (since " + time_text(since_ms) + ", " +
         plural(static_cast<std::uint64_t>(waiver.rows), "row") + " then)";
}

void print_waivers(std::ostream& out, const std::vector<medallion::Waiver>& waivers) {
  if (waivers.empty()) return;
  out << "\nWaived:\n";
  for (const auto& waiver : waivers) out << "  " << waiver_text(waiver) << '\n';
}

void print_dataset_run(std::ostream& out, const medallion::DatasetRunReport& report,
                       bool is_dry_run) {
  if (!report.is_changed) {
    out << "Nothing has changed since the last run; nothing was made.\n\n";
  }
  print_datasets(out, report);
  print_quality(out, report);
  print_models(out, report);
  print_new_quarantine(out, report);
  if (is_dry_run && report.is_changed) {
    out << "\nNothing was made; numbers are those of the tables as they are.\n";
  } else if (!is_dry_run) {
    out << '\n' << stages_text(report.stages) << '\n';
  }
}

void print_dataset_status(std::ostream& out, const medallion::DatasetRunReport& report) {
  out << report.project << ", semantics " << report.semantics << ": "
      << (report.is_changed ? "a run would make what is marked as made anew"
                            : "everything is as the landing folder and the project say")
      << ".\n\n";
  print_datasets(out, report);
  print_quality(out, report);
  print_models(out, report);
}

void print_dataset_check(std::ostream& out,
                         const std::vector<medallion::ProjectDescription>& described) {
  for (const auto& one : described) {
    std::map<std::string, std::size_t> tables;
    for (const auto& table : one.tables) ++tables[table.layer];
    out << one.name << ", semantics " << one.semantics << ": "
        << plural(tables["silver"], "dataset") << " and " << plural(tables["gold"], "model")
        << " are sound.\n";
  }
}

void print_lineage(std::ostream& out, const medallion::ProjectDescription& described) {
  for (const auto& table : described.tables) {
    out << table.layer << '.' << table.name << "  <-  " << listed(table.reads) << '\n';
  }
}

void print_trino_models(std::ostream& out, const std::vector<medallion::TrinoModel>& models) {
  for (const auto& model : models) {
    if (&model != &models.front()) out << '\n';
    out << "-- " << model.table;
    if (model.is_scored) out << ", without the columns of [anomaly]";
    out << '\n' << model.sql << ";\n";
  }
}

void print_dataset_docs(std::ostream& out, const medallion::ProjectDescription& described) {
  out << "# " << described.name << "\n\n";
  if (!described.description.empty()) out << described.description << "\n\n";
  out << "Semantics: " << described.semantics << ".\n";
  std::string layer;
  for (const auto& table : described.tables) {
    if (table.layer != layer) out << "\n## " << table.layer << '\n';
    layer = table.layer;
    print_table_docs(out, table);
  }
}

}  // namespace finops
