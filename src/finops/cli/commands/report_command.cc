#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/core/error.h"
#include "finops/report/html_page.h"

namespace finops {
namespace {

struct ReportOptions {
  DatasetRequest request;
  std::string html;
};

/// Whole or not at all: who has the old page open reloads the new one or still the old one.
void write_file(const std::string& path, const std::string& text) {
  const std::string partial = path + ".partial";
  std::ofstream file(partial, std::ios::binary);
  file << text;
  file.close();
  if (!file) throw error_from_errno(errno, "write the report", partial);
  std::error_code code;
  std::filesystem::rename(partial, path, code);
  if (code) throw error_from_errno(code.value(), "write the report", path);
}

int write_report(CommandContext& context, const ReportOptions& options) {
  const auto data =
      context.services.read_report(context.configuration(), options.request, context.stop());
  const std::string page = report::html_page(data);
  write_file(options.html, page);
  if (context.console.is_json()) {
    const nlohmann::ordered_json document = {
        {"path", options.html}, {"bytes", page.size()}, {"models", data.models.size()}};
    context.console.print_document(document);
  } else {
    context.console.out() << options.html << ": " << plural(data.datasets.size(), "dataset") << ", "
                          << plural(data.models.size(), "table") << " of gold, "
                          << bytes_text(page.size()) << '\n';
  }
  return 0;
}

}  // namespace

void add_report_command(CommandTree& tree) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App& command = tree.add(
      tree.root(), "report", "Show a project's tables as one page: quality, anomalies, gold",
      "  finops report --project examples/cloud_provider_analytics --html report.html\n"
      "  finops report --project my_project --semantics reference --html report.html\n",
      [options](CommandContext& context) { return write_report(context, *options); });
  command
      .add_option("--project", options->request.project,
                  "The project's folder: project.toml, datasets/, rules/, models/")
      ->required()
      ->type_name("DIR");
  command
      .add_option("--semantics", options->request.semantics,
                  "One of those that project.toml names; default: the first of them")
      ->type_name("NAME");
  command
      .add_option("--html", options->html,
                  "The page to write: one file that needs nothing else, and no network")
      ->required()
      ->type_name("FILE");
}

}  // namespace finops
