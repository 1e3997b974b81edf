#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/quarantine_documents.h"
#include "finops/cli/quarantine_text.h"
#include "finops/cli/selection_options.h"
#include "finops/core/error.h"

namespace finops {
namespace {

/// An option, and whether it was written.
struct WrittenOption {
  const char* name;
  bool is_written;
};

/// The options that say which project's datasets a command is about. Without --project it is about
/// bills, and the options of the one are refused with those of the other.
struct ProjectOptions {
  DatasetQuarantineRequest request;

  void add(CLI::App& command) {
    command
        .add_option("--project", request.of.project,
                    "The quarantine of this project's datasets, not of bills: its folder")
        ->type_name("DIR");
    command
        .add_option("--semantics", request.of.semantics,
                    "Of datasets: one of those that project.toml names; default: the first of them")
        ->type_name("NAME");
  }
  void add_datasets(CLI::App& command) {
    command
        .add_option("--dataset", request.choice.datasets,
                    "Of datasets: only this one; may be given more than once")
        ->type_name("NAME")
        ->expected(1)
        ->take_all()
        ->allow_extra_args(false);
  }
  void add_rows(CLI::App& command, const std::string& code_names) {
    command.add_option(code_names, request.choice.code, "Of datasets: only rows with this reason")
        ->type_name("CODE");
    command
        .add_option("--file", request.choice.file,
                    "Of datasets: only rows of this landing file, as `ls --by-file` tells it")
        ->type_name("FILE");
  }

  bool is_about_datasets(const std::vector<WrittenOption>& of_bills,
                         std::vector<WrittenOption> of_datasets = {}) const {
    of_datasets.push_back({"--semantics", !request.of.semantics.empty()});
    of_datasets.push_back({"--dataset", !request.choice.datasets.empty()});
    of_datasets.push_back({"--code", !request.choice.code.empty()});
    of_datasets.push_back({"--file", !request.choice.file.empty()});
    const bool has_project = !request.of.project.empty();
    for (const WrittenOption& option : has_project ? of_bills : of_datasets) {
      if (!option.is_written) continue;
      throw Error(ErrorKind::kUsage,
                  std::string(option.name) +
                      (has_project ? " is about bills and --project about datasets; give one of "
                                     "the two"
                                   : " is about datasets; name their project with --project DIR"));
    }
    return has_project;
  }
};

struct QuarantineOptions {
  SelectionOptions bills;
  ProjectOptions project;
  std::uint64_t limit = 20;
  bool is_dry_run = false;

  bool is_about_datasets() const {
    return project.is_about_datasets(
        {{"--period", !bills.period.empty()}, {"--source", !bills.sources.empty()}},
        {{"--by-file", project.request.by_file}});
  }
};

struct WaiveOptions {
  PartitionOptions bill;
  std::string delivery;
  ProjectOptions project;
  std::string reason;
  bool withdraws = false, is_dry_run = false;

  bool is_about_datasets() const {
    return project.is_about_datasets({{"--period", !bill.period.empty()},
                                      {"--source", !bill.source.empty()},
                                      {"--table", !bill.table.empty()},
                                      {"--delivery", !delivery.empty()}},
                                     {{"--withdraw", withdraws}});
  }
};

int list(CommandContext& context, const QuarantineOptions& options) {
  const auto tell = [&](const auto& quarantine) {
    if (context.console.is_json()) {
      context.console.print_document(quarantine_document(quarantine));
    } else {
      print_quarantine(context.console.out(), quarantine);
    }
  };
  if (options.is_about_datasets()) {
    tell(context.services.dataset_quarantine(context.configuration(), options.project.request,
                                             context.stop()));
  } else {
    tell(context.services.quarantine_summaries(context.configuration(), options.bills.selection()));
  }
  return 0;
}

/// `read` gives at most as many rows as it is told.
template <typename Read>
void show_rows(CommandContext& context, std::uint64_t wanted, const Read& read) {
  constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
  const std::uint64_t limit = wanted == 0 ? kNoLimit : wanted;
  // One more than wanted tells whether there are more.
  auto rows = read(limit == kNoLimit ? limit : limit + 1);
  const bool has_more = rows.size() > limit;
  if (has_more) rows.resize(limit);
  if (context.console.is_json()) {
    nlohmann::ordered_json document = quarantine_document(rows);
    document["has_more"] = has_more;
    context.console.print_document(document);
  } else {
    print_quarantined_rows(context.console.out(), rows);
    if (has_more) context.console.note("there are more rows; --limit 0 shows all");
  }
}

int show(CommandContext& context, const QuarantineOptions& options) {
  if (options.is_about_datasets()) {
    show_rows(context, options.limit, [&](std::uint64_t limit) {
      DatasetQuarantineRequest request = options.project.request;
      request.limit = limit;
      return context.services.dataset_quarantined_rows(context.configuration(), request,
                                                       context.stop());
    });
  } else {
    show_rows(context, options.limit, [&](std::uint64_t limit) {
      return context.services.quarantined_rows(context.configuration(), options.bills.selection(),
                                               limit);
    });
  }
  return 0;
}

/// As runs do: 3 when something was published and another delivery could not be tried.
int exit_code_of(const std::vector<ReplayReport>& reports) {
  RunEnding ending;
  for (const ReplayReport& report : reports) {
    ending.is_published |= report.is_changed;
    if (report.message.empty()) continue;
    const bool is_locked = report.error_kind == ErrorKind::kLocked;
    (is_locked ? ending.is_locked : ending.has_failed) = true;
  }
  return ending.exit_code();
}

int replay_bills(CommandContext& context, const QuarantineOptions& options) {
  const std::vector<ReplayReport> reports = context.services.replay_quarantine(
      context.configuration(), options.bills.selection(), options.is_dry_run, context.stop());
  if (context.console.is_json()) {
    context.console.print_document(replay_document(reports, options.is_dry_run));
    return exit_code_of(reports);
  }
  for (const ReplayReport& report : reports) {
    if (report.message.empty()) {
      print_replay(context.console.out(), report, options.is_dry_run);
    } else {
      context.console.warning(printable(report.id.partition_name()) + "  " +
                              printable(report.id.version) + ": " + printable(report.message));
    }
  }
  if (reports.empty()) {
    context.console.out() << "No current delivery has quarantined rows. Nothing was changed.\n";
  }
  return exit_code_of(reports);
}

int replay_datasets(CommandContext& context, const QuarantineOptions& options) {
  DatasetRequest request = options.project.request.of;
  request.is_dry_run = options.is_dry_run;
  request.datasets = options.project.request.choice.datasets;
  const auto on_stage = [&](const std::string& stage) { context.console.detail(stage); };
  const auto report =
      context.services.replay_datasets(context.configuration(), request, on_stage, context.stop());
  if (context.console.is_json()) {
    context.console.print_document(replay_document(report, options.is_dry_run));
  } else {
    print_replay(context.console.out(), report, options.is_dry_run);
  }
  return report.has_new_quarantine() && !options.is_dry_run ? 3 : 0;
}

int replay(CommandContext& context, const QuarantineOptions& options) {
  return options.is_about_datasets() ? replay_datasets(context, options)
                                     : replay_bills(context, options);
}

int waive_bill(CommandContext& context, const WaiveOptions& options) {
  const WaiverRequest request{.of = options.bill.choice(),
                              .version = options.delivery,
                              .reason = options.reason,
                              .is_dry_run = options.is_dry_run};
  const WaiverReport report = context.services.waive_quarantine(context.configuration(), request);
  if (context.console.is_json()) {
    context.console.print_document(waiver_document(report, options.is_dry_run));
  } else {
    print_waiver(context.console.out(), report, options.is_dry_run);
  }
  return 0;
}

int waive_dataset(CommandContext& context, const WaiveOptions& options) {
  const medallion::QuarantineChoice& choice = options.project.request.choice;
  if (choice.datasets.size() != 1) {
    throw Error(ErrorKind::kUsage, "one --dataset is required: whose rows are accepted");
  }
  const medallion::DatasetWaiverRequest request{.dataset = choice.datasets.front(),
                                                .code = choice.code,
                                                .file = choice.file,
                                                .reason = options.reason,
                                                .withdraws = options.withdraws,
                                                .is_dry_run = options.is_dry_run};
  const auto report = context.services.waive_datasets(
      context.configuration(), options.project.request.of, request, context.stop());
  if (context.console.is_json()) {
    context.console.print_document(waiver_document(report, request));
  } else {
    print_waiver(context.console.out(), report, request);
  }
  return 0;
}

int waive(CommandContext& context, const WaiveOptions& options) {
  const bool is_about_datasets = options.is_about_datasets();
  if (options.reason.empty() == !options.withdraws) {
    throw Error(ErrorKind::kUsage, options.withdraws
                                       ? "--withdraw takes no --reason: the waiver goes with it"
                                       : "--reason is required: why these rows are accepted");
  }
  return is_about_datasets ? waive_dataset(context, options) : waive_bill(context, options);
}

using Command = int (*)(CommandContext&, const QuarantineOptions&);

/// A command with the options that choose rows of bills or of datasets.
CLI::App& add(CommandTree& tree, const std::string& name, const std::string& description,
              const std::string& examples, const std::shared_ptr<QuarantineOptions>& options,
              Command command) {
  CLI::App& added =
      tree.add(tree.group("quarantine"), name, description, examples,
               [options, command](CommandContext& context) { return command(context, *options); });
  options->bills.add_period(added);
  options->bills.add_sources(added);
  options->project.add(added);
  return added;
}

void add_waive_command(CommandTree& tree) {
  auto options = std::make_shared<WaiveOptions>();
  CLI::App& command = tree.add(
      tree.group("quarantine"), "waive",
      "Accept quarantined rows as they are: of a delivery (a refused one is loaded then), or of a "
      "dataset",
      "  finops quarantine show --period 2026-05 --source payer-a       what does not fit\n"
      "  finops quarantine waive --period 2026-05 --source payer-a --reason \"AWS case 1234\"\n"
      "  finops aws run-pipeline                                        loads a refused one\n"
      "  finops quarantine waive --project my_project --dataset orders --code duplicate_key "
      "--reason \"sent twice by the shop\"\n"
      "  finops quarantine waive --project my_project --dataset orders --code duplicate_key "
      "--withdraw\n",
      [options](CommandContext& context) { return waive(context, *options); });
  options->bill.add(command, "`finops quarantine ls`", /*is_required=*/false);
  command.add_option("--reason", options->reason, "Why; kept in the lake with the waiver")
      ->type_name("TEXT");
  command
      .add_option("--delivery", options->delivery,
                  "An execution id, or a unique beginning of one, when two have quarantined rows")
      ->type_name("V");
  options->project.add(command);
  options->project.add_datasets(command);
  options->project.add_rows(command, "--code");
  command.add_flag("--withdraw", options->withdraws, "Of datasets: take such a waiver away again");
  command.add_flag("--dry-run", options->is_dry_run, "Say what would be waived; change nothing");
}

}  // namespace

void add_quarantine_commands(CommandTree& tree) {
  const auto options = [] { return std::make_shared<QuarantineOptions>(); };
  const auto of_list = options();
  CLI::App& listing = add(
      tree, "ls", "Count quarantined rows by delivery or dataset, currency and reason, with money",
      "  finops quarantine ls\n"
      "  finops quarantine ls --period 2026-05 --json\n"
      "  finops quarantine ls --project my_project --by-file\n",
      of_list, list);
  of_list->project.add_datasets(listing);
  listing.add_flag("--by-file", of_list->project.request.by_file,
                   "Of datasets: each landing file by itself");

  const auto of_show = options();
  CLI::App& showing =
      add(tree, "show", "Show quarantined rows as delivered, with file, line and reasons",
          "  finops quarantine show --period 2026-05 --source payer-a\n"
          "  finops quarantine show --limit 0 --json > rows.json\n"
          "  finops quarantine show --project my_project --dataset orders --code duplicate_key\n",
          of_show, show);
  showing.add_option("--limit", of_show->limit, "Most rows to show; 0: all; default: 20")
      ->type_name("N");
  of_show->project.add_datasets(showing);
  of_show->project.add_rows(showing, "--code,--reason");

  const auto of_replay = options();
  CLI::App& replaying = add(
      tree, "replay", "Try quarantined rows again: with this version, or a project's rules of now",
      "  finops quarantine replay --dry-run\n"
      "  finops quarantine replay --period 2026-05 --source payer-a\n"
      "  finops quarantine replay --project my_project --dry-run\n"
      "  finops quarantine replay --project my_project --dataset orders\n",
      of_replay, replay);
  of_replay->project.add_datasets(replaying);
  replaying.add_flag("--dry-run", of_replay->is_dry_run, "Say what would move; change nothing");
  add_waive_command(tree);
}

}  // namespace finops
