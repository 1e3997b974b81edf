#include <cerrno>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/dataset_documents.h"
#include "finops/cli/dataset_text.h"
#include "finops/cli/selection_options.h"
#include "finops/core/error.h"

namespace finops {
namespace {

struct DatasetOptions {
  DatasetRequest request;
  std::string output;
  std::string dialect, catalog, model;
};

constexpr const char* kTrino = "trino";

int run(CommandContext& context, const DatasetOptions& options) {
  const auto on_stage = [&](const std::string& stage) { context.console.detail(stage); };
  const auto report = context.services.run_datasets(context.configuration(), options.request,
                                                    on_stage, context.stop());
  if (context.console.is_json()) {
    context.console.print_document(dataset_run_document(report, options.request.is_dry_run));
  } else {
    print_dataset_run(context.console.out(), report, options.request.is_dry_run);
  }
  return report.has_new_quarantine() ? 3 : 0;
}

/// How things stand: what a run would find to do, and the numbers of the runs before.
int status(CommandContext& context, const DatasetOptions& options) {
  DatasetRequest request = options.request;
  request.is_dry_run = true;
  const auto report =
      context.services.run_datasets(context.configuration(), request, {}, context.stop());
  if (context.console.is_json()) {
    context.console.print_document(dataset_run_document(report, true));
  } else {
    print_dataset_status(context.console.out(), report);
  }
  return 0;
}

int check(CommandContext& context, const DatasetOptions& options) {
  DatasetRequest request = options.request;
  request.is_for_trino = options.dialect == kTrino;
  const auto described = context.services.check_datasets(context.configuration(), request);
  if (context.console.is_json()) {
    context.console.print_document(dataset_check_document(described));
  } else {
    print_dataset_check(context.console.out(), described);
  }
  return 0;
}

int lineage(CommandContext& context, const DatasetOptions& options) {
  const auto described =
      context.services.describe_datasets(context.configuration(), options.request);
  if (context.console.is_json()) {
    context.console.print_document(lineage_document(described));
  } else {
    print_lineage(context.console.out(), described);
  }
  return 0;
}

int sql(CommandContext& context, const DatasetOptions& options) {
  const auto models = context.services.trino_models(
      context.configuration(), {options.request, options.catalog, options.model});
  if (context.console.is_json()) {
    context.console.print_document(trino_models_document(models));
  } else {
    print_trino_models(context.console.out(), models);
  }
  return 0;
}

int docs(CommandContext& context, const DatasetOptions& options) {
  const auto described =
      context.services.describe_datasets(context.configuration(), options.request);
  if (context.console.is_json()) {
    context.console.print_document(dataset_docs_document(described));
    return 0;
  }
  if (options.output.empty()) {
    print_dataset_docs(context.console.out(), described);
    return 0;
  }
  std::ofstream file(options.output);
  print_dataset_docs(file, described);
  file.flush();
  if (!file) {
    throw error_from_errno(errno, "write the documentation", options.output);
  }
  context.console.note("wrote " + options.output);
  return 0;
}

void add_project_options(CLI::App& command, DatasetOptions& options) {
  command
      .add_option("--project", options.request.project,
                  "The project's folder: project.toml, datasets/, rules/, models/")
      ->required()
      ->type_name("DIR");
  command
      .add_option("--semantics", options.request.semantics,
                  "One of those that project.toml names; default: the first of them")
      ->type_name("NAME");
}

void add_landing_option(CLI::App& command, DatasetOptions& options) {
  command
      .add_option("--landing", options.request.landing,
                  "Where files land: a folder or s3://bucket/prefix; default: DIR/landing of the "
                  "project")
      ->type_name("DIR");
}

using Command = int (*)(CommandContext&, const DatasetOptions&);

CLI::App& add(CommandTree& tree, const std::string& name, const std::string& description,
              const std::string& examples, const std::shared_ptr<DatasetOptions>& options,
              Command command) {
  CLI::App& added =
      tree.add(tree.group("dataset"), name, description, examples,
               [options, command](CommandContext& context) { return command(context, *options); });
  add_project_options(added, *options);
  return added;
}

}  // namespace

void add_dataset_commands(CommandTree& tree) {
  const auto options = [] { return std::make_shared<DatasetOptions>(); };
  const auto of_check = options();
  CLI::App& checking =
      add(tree, "check", "Check a project's files as a whole, in all its semantics",
          "  finops dataset check --project examples/cloud_provider_analytics\n"
          "  finops dataset check --project my_project --dialect trino\n",
          of_check, check);
  checking
      .add_option("--dialect", of_check->dialect,
                  "trino: what of the models Trino cannot do the same way is a mistake too")
      ->check(one_of({kTrino}));

  const auto of_run = options();
  CLI::App& running = add(
      tree, "run", "Bring bronze, silver and gold to what has landed, in one commit",
      "  finops dataset run --project examples/cloud_provider_analytics --landing data/landing\n"
      "  finops dataset run --project my_project --landing s3://my-bucket/landing\n"
      "  finops dataset run --project my_project --dry-run\n",
      of_run, run);
  add_landing_option(running, *of_run);
  running.add_flag("--dry-run", of_run->request.is_dry_run,
                   "Tell what would be made, make nothing");
  running.add_flag("--rebuild", of_run->request.rebuilds_all,
                   "Make silver and gold anew, whatever has changed");

  const auto of_status = options();
  CLI::App& standing = add(tree, "status", "What is in the tables, and what a run would do",
                           "  finops dataset status --project my_project --landing data/landing\n",
                           of_status, status);
  add_landing_option(standing, *of_status);

  add(tree, "lineage", "Which table is made from which",
      "  finops dataset lineage --project my_project\n"
      "  finops dataset lineage --project my_project --json\n",
      options(), lineage);

  const auto of_sql = options();
  CLI::App& printing = add(tree, "sql", "The models' SQL in the words of another engine",
                           "  finops dataset sql --project my_project --dialect trino\n"
                           "  finops dataset sql --project my_project --dialect trino --catalog "
                           "lake --model daily_sales\n",
                           of_sql, sql);
  printing.add_option("--dialect", of_sql->dialect, "trino")->required()->check(one_of({kTrino}));
  printing
      .add_option("--catalog", of_sql->catalog,
                  "What Trino calls the lake; default: [catalog] name")
      ->type_name("NAME");
  printing.add_option("--model", of_sql->model, "This model alone; default: all")
      ->type_name("NAME");

  const auto of_docs = options();
  add(tree, "docs", "The project's tables, columns, rules and tests as Markdown",
      "  finops dataset docs --project my_project --output tables.md\n", of_docs, docs)
      .add_option("--output", of_docs->output, "Default: standard output")
      ->type_name("FILE");
}

}  // namespace finops
