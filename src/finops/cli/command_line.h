#pragma once

#include <string>
#include <vector>

#include "finops/cli/command_tree.h"

namespace finops {

/// What the arguments ask for: text to print (help, version), or a command to call.
struct ParsedCommand {
  GlobalOptions global;
  std::string text;  // --help, --version
  CommandFunction function;
};

/// Reads the arguments behind the program's name. Throws kUsage, with the nearest command or option
/// for one that does not exist.
ParsedCommand parse_command_line(const std::vector<std::string>& arguments);

}  // namespace finops
