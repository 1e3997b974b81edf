#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/lake_documents.h"
#include "finops/cli/text_table.h"
#include "finops/config/value_text.h"

namespace finops {
namespace {

struct CheckOptions {
  bool is_deep = false, removes_orphans = false;
  std::string older_than = "7d";
};

struct RelocateOptions {
  std::string from;
  bool is_dry_run = false;
};

struct RestoreOptions {
  std::vector<std::string> tables;  // NAME=METADATA_FILE
  bool is_dry_run = false;
};

void print_problems(std::ostream& out, const std::vector<lake::LakeProblem>& problems) {
  for (const auto& problem : problems) {
    out << "BAD  " << (problem.file.empty() ? problem.table.to_string() : printable(problem.file))
        << '\n'
        << "     " << printable(problem.finding) << '\n';
  }
}

void print_expiry(std::ostream& out, const LakeExpiry& expiry) {
  using enum TextTable::Align;
  TextTable table({{"table"},
                   {expiry.is_dry_run ? "would expire" : "expired", kRight},
                   {"kept", kRight},
                   {"files", kRight},
                   {"size", kRight}});
  std::uint64_t snapshots = 0, bytes = 0;
  for (const auto& one : expiry.tables) {
    table.add({one.table.to_string(), count_text(one.expired_snapshots),
               count_text(one.kept_snapshots), count_text(one.files), bytes_text(one.bytes)});
    snapshots += one.expired_snapshots;
    bytes += one.bytes;
  }
  if (!table.is_empty()) table.print(out);
  for (const auto& one : expiry.tables) {
    if (!one.failure.empty()) out << "FAILED  " << printable(one.failure) << '\n';
  }
  if (snapshots == 0) {
    out << "No snapshot is old enough to expire; nothing was changed.\n";
  } else if (expiry.is_dry_run) {
    out << bytes_text(bytes) << " would be freed. Nothing was changed.\n";
  } else {
    out << bytes_text(bytes) << " freed.\n";
  }
}

int expire(CommandContext& context, bool is_dry_run) {
  const LakeExpiry expiry = context.services.expire_lake(context.configuration(), is_dry_run);
  if (context.console.is_json()) {
    context.console.print_document(expiry_document(expiry));
  } else {
    print_expiry(context.console.out(), expiry);
  }
  if (!expiry.has_failed()) return 0;
  return expiry.is_changed() ? 3 : 1;
}

void print_orphans(std::ostream& out, const LakeCheckReport& report, TimePoint now) {
  constexpr std::size_t kShown = 20;
  std::uint64_t bytes = 0;
  for (const auto& orphan : report.check.orphans) bytes += orphan.bytes;
  if (report.check.orphans.empty()) return;
  out << plural(report.check.orphans.size(), "file") << " (" << bytes_text(bytes)
      << ") that nothing refers to:\n";
  for (std::size_t i = 0; i < std::min(kShown, report.check.orphans.size()); ++i) {
    const auto& orphan = report.check.orphans[i];
    const auto age = std::chrono::duration<double>(now - orphan.last_modified).count();
    out << "  " << printable(orphan.key) << "  " << bytes_text(orphan.bytes) << ", "
        << count_text(static_cast<std::uint64_t>(std::max(age, 0.0) / 3600)) << " h old"
        << (orphan.is_removable ? "" : ", in no table's folder: never removed") << '\n';
  }
  if (report.check.orphans.size() > kShown) {
    out << "  and " << report.check.orphans.size() - kShown << " more; --json lists all\n";
  }
}

void print_check(std::ostream& out, const LakeCheckReport& report, TimePoint now) {
  using enum TextTable::Align;
  TextTable table({{"table"}, {"snapshots", kRight}, {"files", kRight}, {"size", kRight}});
  for (const auto& one : report.check.tables) {
    table.add({one.name.to_string(), count_text(one.snapshots), count_text(one.files),
               bytes_text(one.bytes)});
  }
  if (!table.is_empty()) table.print(out);
  if (report.deep) {
    out << "Read " << plural(report.deep->files, "file") << ", " << bytes_text(report.deep->bytes)
        << ", " << plural(report.deep->rows, "row") << ".\n";
    if (report.deep->files_without_receipt > 0) {
      out << "No receipt has " << plural(report.deep->files_without_receipt, "file")
          << " of another program.\n";
    }
  }
  print_problems(out, report.check.problems);
  print_orphans(out, report, now);
  if (!report.removed.empty()) out << "Removed " << plural(report.removed.size(), "file") << ".\n";
  out << (report.is_good() ? "Everything that the lake needs is there.\n"
                           : plural(report.check.problems.size(), "problem") + ".\n");
}

int check(CommandContext& context, const CheckOptions& options) {
  const auto older_than = parse_duration(options.older_than);
  if (!older_than) {
    throw Error(ErrorKind::kUsage,
                "--older-than takes a time such as 7d or 36h, not '" + options.older_than + "'");
  }
  LakeCheckRequest request{.is_deep = options.is_deep, .remove_orphans_older_than = {}};
  if (options.removes_orphans) request.remove_orphans_older_than = *older_than;
  const LakeCheckReport report =
      context.services.check_lake(context.configuration(), request, context.stop());
  if (context.console.is_json()) {
    context.console.print_document(lake_check_document(report));
  } else {
    print_check(context.console.out(), report, context.host.clock.now());
  }
  return report.is_good() ? 0 : 1;
}

void print_relocation(std::ostream& out, const RelocationReport& report) {
  for (const auto& table : report.tables) {
    out << printable(table.name.to_string()) << "  " << plural(table.snapshots, "snapshot") << ", "
        << plural(table.manifests, "manifest") << ", " << plural(table.data_files, "data file")
        << '\n';
  }
  if (report.tables.empty()) {
    out << "No table names a file below " << printable(report.from) << "; nothing was changed.\n";
  } else if (report.is_dry_run) {
    out << "All files are at " << printable(report.to) << ". Nothing was changed.\n";
  } else {
    out << "The metadata names " << printable(report.to) << " now.\n";
  }
}

int relocate(CommandContext& context, const RelocateOptions& options) {
  const RelocationReport report =
      context.services.relocate_lake(context.configuration(), options.from, options.is_dry_run);
  if (context.console.is_json()) {
    context.console.print_document(relocation_document(report));
  } else {
    print_relocation(context.console.out(), report);
  }
  return 0;
}

std::map<std::string, std::string> choices_of(const std::vector<std::string>& tables) {
  std::map<std::string, std::string> choices;
  for (const auto& text : tables) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      throw Error(ErrorKind::kUsage, "--table takes NAME=METADATA_FILE, not '" + text + "'");
    }
    choices[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return choices;
}

void print_restoration(std::ostream& out, const CatalogRestoration& restoration) {
  for (const auto& table : restoration.tables) {
    out << printable(table.name.to_string()) << "  " << printable(table.metadata_location) << '\n'
        << "  of " << time_text(table.committed_ms) << ", " << table.reason << '\n';
  }
  for (const auto& note : restoration.notes) out << printable(note) << '\n';
  print_problems(out, restoration.check.problems);
  if (!restoration.former_root.empty()) {
    out << "The lake was moved: now run `finops lake relocate --from "
        << printable(restoration.former_root) << "`.\n";
  }
  out << (restoration.is_dry_run
              ? "Nothing was changed.\n"
              : "The catalog has " + plural(restoration.tables.size(), "table") + ".\n");
}

int restore(CommandContext& context, const RestoreOptions& options) {
  const CatalogRestoration restoration = context.services.restore_catalog(
      context.configuration(), choices_of(options.tables), options.is_dry_run);
  if (context.console.is_json()) {
    context.console.print_document(restoration_document(restoration));
  } else {
    print_restoration(context.console.out(), restoration);
  }
  return restoration.check.problems.empty() ? 0 : 1;
}

void add_expire(CommandTree& tree) {
  auto is_dry_run = std::make_shared<bool>(false);
  CLI::App& command =
      tree.add(tree.group("lake"), "expire",
               "Forget old snapshots by [lake] keep_days and keep_versions, and free their files",
               "  finops lake expire --dry-run\n"
               "  finops lake expire --set lake.keep_days=30\n",
               [is_dry_run](CommandContext& context) { return expire(context, *is_dry_run); });
  command.add_flag("--dry-run", *is_dry_run, "Show what would go; change nothing");
}

void add_check(CommandTree& tree) {
  auto options = std::make_shared<CheckOptions>();
  CLI::App& command =
      tree.add(tree.group("lake"), "check",
               "Check that every file of every snapshot is there, and list files nothing refers to",
               "  finops lake check\n"
               "  finops lake check --deep                                reads the files as well\n"
               "  finops lake check --remove-orphans --older-than 14d\n",
               [options](CommandContext& context) { return check(context, *options); });
  command.add_flag("--deep", options->is_deep,
                   "Read the current files: their SHA-256 and rows must be those of the receipts");
  command.add_flag("--remove-orphans", options->removes_orphans,
                   "Remove what nothing refers to, in folders of tables");
  command
      .add_option("--older-than", options->older_than,
                  "Only orphans last changed so long ago; longer than a run takes; default: 7d")
      ->type_name("AGE");
}

void add_relocate(CommandTree& tree) {
  auto options = std::make_shared<RelocateOptions>();
  CLI::App& command =
      tree.add(tree.group("lake"), "relocate",
               "After the lake was moved to lake_dir: make its metadata name the new place",
               "  finops lake relocate --from /srv/old/lake --dry-run\n"
               "  finops lake relocate --from file:///srv/old/lake\n",
               [options](CommandContext& context) { return relocate(context, *options); });
  command.add_option("--from", options->from, "Where the lake was: a folder or a URI")
      ->type_name("ROOT")
      ->required();
  command.add_flag("--dry-run", options->is_dry_run,
                   "Check that every file is at the new place; change nothing");
}

void add_restore(CommandTree& tree) {
  auto options = std::make_shared<RestoreOptions>();
  CLI::App& command =
      tree.add(tree.group("lake"), "restore-catalog",
               "Make a lost catalog anew from the metadata in the lake",
               "  finops lake restore-catalog --dry-run\n"
               "  finops lake restore-catalog --table aws_billing_data=00042-….metadata.json\n",
               [options](CommandContext& context) { return restore(context, *options); });
  command.add_option("--table", options->tables, "Which metadata file is a table's current one")
      ->type_name("NAME=METADATA_FILE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  command.add_flag("--dry-run", options->is_dry_run, "Show what would be restored; change nothing");
}

}  // namespace

void add_lake_commands(CommandTree& tree) {
  add_expire(tree);
  add_check(tree);
  add_relocate(tree);
  add_restore(tree);
}

}  // namespace finops
