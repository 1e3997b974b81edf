#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "finops/cli/command_context.h"

namespace finops {

/// Returns the exit code; throws Error.
using CommandFunction = std::function<int(CommandContext&)>;

/// The commands as they are being put together: each file of commands/ adds its own.
class CommandTree {
 public:
  explicit CommandTree(CLI::App& root) : root_(root) {}

  CLI::App& root() { return root_; }

  /// A group such as `finops aws`, made at its first use.
  CLI::App& group(const std::string& name);

  /// A command below `parent`; `examples` are whole lines, shown at the end of its help.
  CLI::App& add(CLI::App& parent, const std::string& name, const std::string& description,
                const std::string& examples, CommandFunction function);

  /// Arguments that the command does not know are no errors.
  void accept_anything(const CLI::App& command) { accepting_.insert(&command); }
  bool accepts_anything(const CLI::App* command) const { return accepting_.contains(command); }

  /// Null for a group.
  const CommandFunction* function_of(const CLI::App* command) const;

 private:
  CLI::App& root_;
  std::map<const CLI::App*, CommandFunction> functions_;
  std::set<const CLI::App*> accepting_;
};

}  // namespace finops
