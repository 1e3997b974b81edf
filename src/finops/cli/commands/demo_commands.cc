#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/selection_options.h"
#include "finops/cli/text_table.h"
#include "finops/core/error.h"

namespace finops {
namespace {

constexpr std::string_view kBills = "aws-bills";
constexpr std::string_view kCloudProvider = "cloud-provider";

struct GenerateOptions {
  DemoOptions demo;
  CloudProviderOptions cloud;
  std::string profile{kBills}, out, start, cur_version = "both", delivery = "create-new";
  std::uint64_t seed = 1;
  std::vector<std::string> of_bills, of_cloud;  // those that were given and one profile only has

  bool is_cloud() const { return profile == kCloudProvider; }
};

/// Throws kUsage for an option that the profile does not have.
void check_profile(const GenerateOptions& options) {
  const auto& foreign = options.is_cloud() ? options.of_bills : options.of_cloud;
  if (foreign.empty()) return;
  throw Error(ErrorKind::kUsage, "demo generate: " + foreign.front() +
                                     " is an option of the profile " +
                                     std::string(options.is_cloud() ? kBills : kCloudProvider) +
                                     ", but the profile is " + options.profile);
}

/// Notes in `given` that the option was.
void note(CLI::Option* option, std::vector<std::string>& given) {
  option->each([name = option->get_name(), &given](const std::string&) { given.push_back(name); });
}

DemoOptions demo_options(const GenerateOptions& options) {
  DemoOptions demo = options.demo;
  demo.out = options.out;
  demo.seed = options.seed;
  if (const auto start = BillingPeriod::parse(options.start)) demo.start = *start;
  demo.cur_version = options.cur_version == "v1"   ? DemoCurVersion::kV1
                     : options.cur_version == "v2" ? DemoCurVersion::kV2
                                                   : DemoCurVersion::kBoth;
  demo.delivery =
      options.delivery == "overwrite" ? DemoDeliveryMode::kOverwrite : DemoDeliveryMode::kCreateNew;
  return demo;
}

void print_summary(std::ostream& out, const DemoSummary& summary) {
  using enum TextTable::Align;
  if (!summary.changed) out << "These bills are there already; nothing was written.\n";
  TextTable table({{"SOURCE"}, {"PERIOD"}, {"EXECUTION ID"}, {"ROWS", kRight}, {"BYTES", kRight}});
  for (const DemoDeliveryInfo& one : summary.written) {
    table.add({one.source, one.period.to_string(), one.execution_id,
               count_text(static_cast<std::uint64_t>(one.rows)), bytes_text(one.bytes)});
  }
  if (!table.is_empty()) table.print(out);
  out << "Exact totals: " << summary.truth_file.string() << "\nLoad them: finops --config "
      << summary.config_file.string() << " aws run-pipeline\n";
}

void print_summary(std::ostream& out, const CloudProviderSummary& summary) {
  using enum TextTable::Align;
  if (!summary.changed) out << "These data are there already; nothing was written.\n";
  TextTable table({{"DATASET"}, {"FILES", kRight}, {"ROWS", kRight}, {"BYTES", kRight}});
  for (const CloudProviderDataset& one : summary.written) {
    table.add({one.name, count_text(static_cast<std::uint64_t>(one.files)),
               count_text(static_cast<std::uint64_t>(one.rows)), bytes_text(one.bytes)});
  }
  if (!table.is_empty()) table.print(out);
  out << "Exact totals: " << summary.truth_file.string()
      << "\nA configuration with a lake beside them: " << summary.config_file.string() << "\n";
}

int generate_cloud(CommandContext& context, const GenerateOptions& options) {
  CloudProviderOptions cloud = options.cloud;
  cloud.out = options.out;
  cloud.seed = options.seed;
  const CloudProviderSummary summary =
      context.services.generate_cloud_provider(cloud, context.stop());
  if (context.console.is_json()) {
    context.console.print_document(cloud_provider_document(summary));
  } else {
    print_summary(context.console.out(), summary);
  }
  return 0;
}

int generate(CommandContext& context, const GenerateOptions& options) {
  check_profile(options);
  if (options.is_cloud()) return generate_cloud(context, options);
  const DemoSummary summary = context.services.generate_demo(demo_options(options), context.stop());
  if (context.console.is_json()) {
    context.console.print_document(demo_document(summary));
  } else {
    print_summary(context.console.out(), summary);
  }
  return 0;
}

void add_bills_options(CLI::App& command, GenerateOptions& options) {
  auto& given = options.of_bills;
  note(
      command.add_option("--rows", options.demo.rows, "Of each month of each payer; default: 7000")
          ->type_name("N")
          ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}), ""),
      given);
  note(command.add_option("--months", options.demo.months, "Default: 3")
           ->type_name("N")
           ->check(CLI::Range(1, 120), ""),
       given);
  note(command.add_option("--start", options.start, "First month; default: 2025-11")
           ->type_name("YYYY-MM")
           ->check(check_period, ""),
       given);
  note(
      command
          .add_option("--cur-version", options.cur_version, "both: payer-a v1, payer-b v2; default")
          ->type_name("v1|v2|both")
          ->check(one_of({"v1", "v2", "both"})),
      given);
  note(command.add_option("--files", options.demo.files, "Of each delivery; default: 2")
           ->type_name("N")
           ->check(CLI::Range(1, 1000), ""),
       given);
  note(command
           .add_option("--delivery", options.delivery, "How AWS would deliver; default: create-new")
           ->type_name("create-new|overwrite")
           ->check(one_of({"create-new", "overwrite"})),
       given);
  note(command.add_flag("--restate", options.demo.restate,
                        "Deliver a next version of one month of the bills in --out"),
       given);
}

void add_cloud_options(CLI::App& command, GenerateOptions& options) {
  auto& given = options.of_cloud;
  note(
      command
          .add_option("--events", options.cloud.events, "Of profile cloud-provider; default: 43200")
          ->type_name("N")
          ->check(CLI::Range(std::int64_t{1'000}, std::int64_t{50'000'000}), ""),
      given);
  note(command.add_flag("--clean", options.cloud.is_clean,
                        "Of profile cloud-provider: without duplicates, unknown and unreadable "
                        "values"),
       given);
}

void add_demo_options(CLI::App& command, GenerateOptions& options) {
  command
      .add_option("--out", options.out, "Folder for the data; new, empty or of the same options")
      ->required()
      ->type_name("DIR");
  command
      .add_option("--profile", options.profile,
                  "aws-bills (default), or eight datasets of a cloud provider: usage events, "
                  "invoices, tickets and more")
      ->type_name("aws-bills|cloud-provider")
      ->check(one_of({std::string(kBills), std::string(kCloudProvider)}));
  command.add_option("--seed", options.seed, "Another seed, other data; default: 1")
      ->type_name("N");
  add_bills_options(command, options);
  add_cloud_options(command, options);
}

}  // namespace

void add_demo_commands(CommandTree& tree) {
  auto options = std::make_shared<GenerateOptions>();
  CLI::App& command =
      tree.add(tree.group("demo"), "generate",
               "Write bills of two payers, or other data, whose exact totals are known",
               "  finops demo generate --out bills\n"
               "  finops demo generate --out bills --restate              AWS corrects a month\n"
               "  finops demo generate --out big --rows 1000000 --months 1 --cur-version v1\n"
               "  finops demo generate --out provider --profile cloud-provider\n",
               [options](CommandContext& context) { return generate(context, *options); });
  add_demo_options(command, *options);
}

}  // namespace finops
