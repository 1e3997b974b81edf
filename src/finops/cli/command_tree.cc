#include "finops/cli/command_tree.h"

#include <utility>

namespace finops {
namespace {

void set_up(CLI::App& app) {
  // Global options may stand behind the command, and what is not known is judged by
  // command_line.cc, which can say what was meant.
  app.fallthrough();
  app.allow_extras();
}

}  // namespace

CLI::App& CommandTree::group(const std::string& name) {
  for (CLI::App* known : root_.get_subcommands([](CLI::App*) { return true; })) {
    if (known->get_name() == name) return *known;
  }
  static const std::map<std::string, std::string> descriptions = {
      {"aws", "Bills of AWS: find, load, export"},
      {"quarantine", "Rows that did not fit, kept with their raw bytes and the reason"},
      {"lake", "Care of the lake: old snapshots, files, its place, its catalog"},
      {"dataset", "Datasets of your own: bronze, silver with quality rules, gold marts"},
      {"journal", "The service's jobs and what it copies for whom"},
      {"demo", "Bills with known truth, to try finops without an account"},
  };
  CLI::App& group = *root_.add_subcommand(name, descriptions.at(name));
  set_up(group);
  return group;
}

CLI::App& CommandTree::add(CLI::App& parent, const std::string& name,
                           const std::string& description, const std::string& examples,
                           CommandFunction function) {
  CLI::App& command = *parent.add_subcommand(name, description);
  set_up(command);
  command.footer(
      "\nExamples:\n" + examples +
      "\nThe options of all commands (--config, --json, …) are told by `finops --help`.");
  functions_.emplace(&command, std::move(function));
  return command;
}

const CommandFunction* CommandTree::function_of(const CLI::App* command) const {
  const auto found = functions_.find(command);
  return found == functions_.end() ? nullptr : &found->second;
}

}  // namespace finops
