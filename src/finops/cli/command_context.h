#pragma once

#include <stop_token>
#include <vector>

#include "finops/cli/console.h"
#include "finops/cli/services.h"
#include "finops/config/configuration.h"

namespace finops {

/// What a command works with, for the time of one call.
class CommandContext {
 public:
  CommandContext(CliHost& of_process, const GlobalOptions& options, const Services& of_app)
      : console(of_process, options), services(of_app), host(of_process), global(options) {}

  /// The configuration in force, `flags` of the command over it. Throws kInvalidConfig, and kUsage
  /// for a --set that is not KEY=VALUE.
  Configuration configuration(std::vector<FlagSetting> flags = {}) const;
  std::stop_token stop() const { return host.stop; }

  Console console;
  const Services& services;
  CliHost& host;
  const GlobalOptions& global;
};

}  // namespace finops
