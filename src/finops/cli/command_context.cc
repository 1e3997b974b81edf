#include "finops/cli/command_context.h"

#include "finops/core/error.h"

namespace finops {

Configuration CommandContext::configuration(std::vector<FlagSetting> flags) const {
  ConfigSources sources{global.config_file, host.environment, {}};
  for (const std::string& setting : global.settings) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      // What stands there may be a secret, so it is not repeated.
      throw Error(ErrorKind::kUsage,
                  "--set takes KEY=VALUE, for example --set aws.bucket=my-bucket");
    }
    sources.flags.push_back({setting.substr(0, equals), setting.substr(equals + 1), "--set"});
  }
  // A command's own option is the more special one and comes last.
  for (FlagSetting& flag : flags) sources.flags.push_back(std::move(flag));
  return load_configuration(sources);
}

}  // namespace finops
