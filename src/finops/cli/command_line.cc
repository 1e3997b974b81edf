#include "finops/cli/command_line.h"

#include <algorithm>

#include "finops/cli/commands/commands.h"
#include "finops/cli/selection_options.h"
#include "finops/cli/version.h"
#include "finops/config/nearest_name.h"
#include "finops/core/error.h"

namespace finops {
namespace {

constexpr const char* kDescription =
    "finops turns the bills of clouds into a lake that provably equals them.";
constexpr const char* kFooter =
    "\nStart here:\n"
    "  finops demo generate --out bills        bills to try it with\n"
    "  finops init                             writes a commented config.toml\n"
    "  finops aws run-pipeline                 loads what is new, with a receipt for each "
    "delivery\n"
    "\nExit codes: 0 done or nothing to do, 1 failed, 2 usage or configuration, 3 published but\n"
    "something is not right, 5 locked by another run, 130 interrupted.";

void add_global_options(CLI::App& root, ParsedCommand& parsed) {
  root.add_option("--config", parsed.global.config_file,
                  "Configuration; default: $CONFIG_PATH, else ./config.toml")
      ->type_name("FILE");
  root.add_option("--set", parsed.global.settings, "One value of the configuration for this run")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  root.add_flag("--json", parsed.global.is_json,
                "One JSON document on stdout and nothing else there");
  root.add_flag("--quiet", parsed.global.is_quiet, "No progress, no notes; errors are still told");
  root.add_flag("--verbose", parsed.global.is_verbose, "More about what is done");
  root.add_option_function<std::string>(
          "--log-format",
          [&parsed](const std::string& format) { parsed.global.is_json_log = format == "json"; },
          "Lines on stderr: text or json")
      ->check(one_of({"text", "json"}))
      ->type_name("text|json");
  root.set_version_flag("--version", "finops " + std::string(finops_version()),
                        "Print the version");
}

std::vector<std::string> commands_below(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// "finops aws run-pipeline"
std::string whole_name(const CLI::App* app) {
  std::string name = app->get_name();
  for (app = app->get_parent(); app != nullptr; app = app->get_parent()) {
    name = app->get_name() + " " + name;
  }
  return name;
}

const CLI::App* innermost_command(const CLI::App& root) {
  const CLI::App* command = &root;
  while (true) {
    const auto below = command->get_subcommands();
    if (below.empty()) return command;
    command = below.back();
  }
}

[[noreturn]] void refuse(const CLI::App* command, const std::string& text) {
  throw Error(ErrorKind::kUsage, text + "\nSee `" + whole_name(command) + " --help`.");
}

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

std::vector<std::string> options_of(const CLI::App* command) {
  std::vector<std::string> names;
  for (; command != nullptr; command = command->get_parent()) {
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

[[noreturn]] void refuse_option(const CLI::App* command, const std::string& argument) {
  const std::string name = argument.substr(0, argument.find('='));
  const auto near = nearest_name(name, options_of(command));
  refuse(command, "`" + whole_name(command) + "` has no option " + name +
                      (near ? "; did you mean " + *near + "?" : ""));
}

[[noreturn]] void refuse_word(const CLI::App* command, const std::string& word) {
  const std::vector<std::string> names = commands_below(*command);
  if (names.empty()) {
    refuse(command, "`" + whole_name(command) + "` does not take '" + word + "'");
  }
  const auto near = nearest_name(word, names);
  refuse(command, "`" + whole_name(command) + "` has no command '" + word + "'" +
                      (near ? "; did you mean '" + *near + "'?" : "; it has " + list_of(names)));
}

/// What CLI11 could not place. It is judged here and not by CLI11, which knows no nearest names.
void check_extras(const CLI::App& root, const CLI::App* command) {
  for (const std::string& argument : root.remaining(true)) {
    if (argument == "--") continue;
    if (argument.size() > 1 && argument.front() == '-') refuse_option(command, argument);
    refuse_word(command, argument);
  }
}

void add_commands(CommandTree& tree) {
  add_init_command(tree);
  add_config_command(tree);
  add_doctor_command(tree);
  add_discover_manifests_command(tree);
  add_run_commands(tree);
  add_load_command(tree);
  add_export_parquet_command(tree);
  add_load_remote_command(tree);
  add_query_command(tree);
  add_receipt_commands(tree);
  add_history_command(tree);
  add_diff_command(tree);
  add_rollback_commands(tree);
  add_quarantine_commands(tree);
  add_lake_commands(tree);
  add_journal_commands(tree);
  add_serve_command(tree);
  add_dataset_commands(tree);
  add_report_command(tree);
  add_demo_commands(tree);
  add_commands_of_later_versions(tree);
}

}  // namespace

ParsedCommand parse_command_line(const std::vector<std::string>& arguments) {
  ParsedCommand parsed;
  CLI::App root(kDescription, "finops");
  root.footer(kFooter);
  root.allow_extras();
  root.set_help_flag("-h,--help", "Print this help");
  add_global_options(root, parsed);
  CommandTree tree(root);
  add_commands(tree);
  try {
    // CLI11 takes a vector from its back.
    root.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::CallForHelp&) {
    parsed.text = root.help();  // of the innermost command
    return parsed;
  } catch (const CLI::CallForVersion& version) {
    parsed.text = std::string(version.what()) + "\n";
    return parsed;
  } catch (const CLI::ParseError& error) {
    const CLI::App* command = innermost_command(root);
    check_extras(root, command);
    refuse(command, error.what());
  }
  const CLI::App* command = innermost_command(root);
  if (!tree.accepts_anything(command)) check_extras(root, command);
  const CommandFunction* function = tree.function_of(command);
  if (function == nullptr) {
    refuse(command,
           "`" + whole_name(command) + "` needs a command: " + list_of(commands_below(*command)));
  }
  parsed.function = *function;
  return parsed;
}

}  // namespace finops
