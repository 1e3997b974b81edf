#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <string_view>

#include "finops/cli/commands/commands.h"
#include "finops/config/default_config.h"
#include "finops/core/error.h"

namespace finops {
namespace {

/// Never over an existing file; readable by its owner alone, because secrets may come into it.
void write_new_file(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) {
    throw Error(ErrorKind::kAlreadyExists,
                "write the configuration '" + path +
                    "': the file exists and is left as it is; remove it or give another --config");
  }
  if (file < 0) throw error_from_errno(errno, "write the configuration", path);
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int number = errno;
      ::close(file);
      ::unlink(path.c_str());  // half a file would keep the next `init` out
      throw error_from_errno(number, "write the configuration", path);
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(file);
}

int init(CommandContext& context) {
  const std::string* variable = context.host.environment.find("CONFIG_PATH");
  const std::string path = !context.global.config_file.empty() ? context.global.config_file
                           : variable != nullptr               ? *variable
                                                               : "config.toml";
  write_new_file(path, default_config_text());
  if (context.console.is_json()) {
    nlohmann::ordered_json document;
    document["written"] = path;
    context.console.print_document(document);
  } else {
    context.console.out() << "Wrote " << path
                          << ". Set bucket, prefix and export_name in [aws], then run\n"
                             "  finops doctor\n"
                             "  finops aws run-pipeline --dry-run\n";
  }
  return 0;
}

}  // namespace

void add_init_command(CommandTree& tree) {
  tree.add(tree.root(), "init", "Write a commented configuration, never over an existing one",
           "  finops init\n  finops --config /etc/finops.toml init\n", init);
}

}  // namespace finops
