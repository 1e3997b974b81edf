#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "finops/cli/commands/commands.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/plan_table.h"
#include "finops/cli/selection_options.h"

namespace finops {
namespace {

struct DiscoverOptions {
  SelectionOptions selection;
  std::string bucket, prefix, export_name, cur_version, region;

  std::vector<FlagSetting> flags() const {
    std::vector<FlagSetting> result;
    const auto add = [&result](const char* key, const std::string& value, const char* option) {
      if (!value.empty()) result.push_back({key, value, option});
    };
    add("aws.bucket", bucket, "--bucket");
    add("aws.prefix", prefix, "--prefix");
    add("aws.export_name", export_name, "--export-name");
    add("aws.cur_version", cur_version, "--cur-version");
    add("aws.region", region, "--region");
    // Looking at one place for several sources is no double count: nothing is loaded.
    if (!result.empty()) result.push_back({"aws.allow_overlap", "true", result.front().option});
    return result;
  }
};

/// Options may give several exports one place: then it is shown once.
void drop_repeated_places(std::vector<AwsExport>& exports) {
  std::set<std::tuple<std::string, std::string, std::string>> places;
  std::erase_if(exports, [&places](const AwsExport& one) {
    return !places.emplace(one.bucket, one.prefix, one.export_name).second;
  });
}

int discover(CommandContext& context, const DiscoverOptions& options) {
  Configuration configuration = context.configuration(options.flags());
  if (options.selection.sources.empty() && !options.flags().empty()) {
    drop_repeated_places(configuration.exports);
  }
  const Selection selection = options.selection.selection();
  require_exports(configuration, selection);
  const auto [plan, notes] = context.services.plan(configuration, selection, false);
  if (context.console.is_json()) {
    nlohmann::ordered_json document;
    document["manifests"] = plan_document(plan);
    document["notes"] = notes;
    context.console.print_document(document);
  } else if (plan.empty()) {
    context.console.out() << "No manifest was found. `finops doctor` checks bucket, prefix and "
                             "export_name.\n";
  } else {
    print_plan(context.console.out(), plan);
    context.console.out() << plan_summary(plan) << '\n';
  }
  for (const std::string& note : notes) context.console.note(note);
  return has_unusable_item(plan) ? 1 : 0;
}

}  // namespace

void add_discover_manifests_command(CommandTree& tree) {
  auto options = std::make_shared<DiscoverOptions>();
  CLI::App& command =
      tree.add(tree.group("aws"), "discover-manifests",
               "List the deliveries that the exports offer, beside what the lake holds",
               "  finops aws discover-manifests\n"
               "  finops aws discover-manifests --bucket file:///srv/cur --export-name my-export\n"
               "  finops aws discover-manifests --source payer-a --json\n",
               [options](CommandContext& context) { return discover(context, *options); });
  command.add_option("--bucket", options->bucket, "Instead of the configured one")->type_name("B");
  command.add_option("--prefix", options->prefix, "Instead of the configured one")->type_name("P");
  command.add_option("--export-name", options->export_name, "Instead of the configured one")
      ->type_name("N");
  command.add_option("--cur-version", options->cur_version, "Instead of finding it out")
      ->type_name("v1|v2")
      ->check(one_of({"v1", "v2"}));
  command.add_option("--region", options->region, "Instead of the configured one")->type_name("R");
  options->selection.add_range(command);
  options->selection.add_sources(command);
}

}  // namespace finops
