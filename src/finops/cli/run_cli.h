#pragma once

#include <string>
#include <vector>

#include "finops/cli/console.h"
#include "finops/cli/services.h"

namespace finops {

/// One call of `finops`: reads the arguments (behind the program's name), calls the command, tells
/// errors, and returns the exit code. The one place of the command line that catches; it never
/// throws.
int run_cli(const std::vector<std::string>& arguments, const Services& services, CliHost& host);

/// 2 for usage and configuration, 5 for locks, 130 when cancelled, else 1.
int exit_code_of(ErrorKind kind);

}  // namespace finops
