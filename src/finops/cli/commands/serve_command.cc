#include <memory>
#include <string>

#include "finops/cli/commands/commands.h"

namespace finops {

void add_serve_command(CommandTree& tree) {
  struct Options {
    std::string listen;
    ServeRequest request;
  };
  auto options = std::make_shared<Options>();
  CLI::App& command = tree.add(
      tree.root(), "serve",
      "Run the job service: copies of billing exports by message or request, until it is stopped",
      "  finops serve --migrate\n"
      "  finops serve --listen 0.0.0.0:8080              with service.api_token, behind a proxy "
      "with TLS\n"
      "  curl -X POST -H 'Content-Type: application/json' -d '{\"org_id\": \"7\"}' "
      "localhost:8080/v1/jobs\n",
      [options](CommandContext& context) {
        std::vector<FlagSetting> flags;
        if (!options->listen.empty()) {
          flags.push_back({"service.listen", options->listen, "--listen"});
        }
        context.services.serve(context.configuration(std::move(flags)), options->request,
                               context.console.out(), context.stop());
        return 0;
      });
  command.add_option("--listen", options->listen,
                     "ADDRESS:PORT, instead of service.listen (127.0.0.1:8080); port 0: any free");
  command.add_flag("--migrate", options->request.migrates_journal,
                   "Make the journal's tables, or bring them to this version, before");
}

}  // namespace finops
