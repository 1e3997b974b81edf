#include <memory>
#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"
#include "finops/cli/selection_options.h"
#include "finops/cli/text_table.h"

namespace finops {
namespace {

struct GenerateOptions {
  DemoOptions demo;
  std::string out, start, cur_version = "both", delivery = "create-new";
};

DemoOptions demo_options(const GenerateOptions& options) {
  DemoOptions demo = options.demo;
  demo.out = options.out;
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

int generate(CommandContext& context, const GenerateOptions& options) {
  const DemoSummary summary = context.services.generate_demo(demo_options(options), context.stop());
  if (context.console.is_json()) {
    context.console.print_document(demo_document(summary));
  } else {
    print_summary(context.console.out(), summary);
  }
  return 0;
}

void add_demo_options(CLI::App& command, GenerateOptions& options) {
  command
      .add_option("--out", options.out, "Folder for the bills; new, empty or of the same options")
      ->required()
      ->type_name("DIR");
  command.add_option("--seed", options.demo.seed, "Another seed, other bills; default: 1")
      ->type_name("N");
  command.add_option("--rows", options.demo.rows, "Of each month of each payer; default: 7000")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}), "");
  command.add_option("--months", options.demo.months, "Default: 3")
      ->type_name("N")
      ->check(CLI::Range(1, 120), "");
  command.add_option("--start", options.start, "First month; default: 2025-11")
      ->type_name("YYYY-MM")
      ->check(check_period, "");
  command.add_option("--cur-version", options.cur_version, "both: payer-a v1, payer-b v2; default")
      ->type_name("v1|v2|both")
      ->check(one_of({"v1", "v2", "both"}));
  command.add_option("--files", options.demo.files, "Of each delivery; default: 2")
      ->type_name("N")
      ->check(CLI::Range(1, 1000), "");
  command.add_option("--delivery", options.delivery, "How AWS would deliver; default: create-new")
      ->type_name("create-new|overwrite")
      ->check(one_of({"create-new", "overwrite"}));
  command.add_flag("--restate", options.demo.restate,
                   "Deliver a next version of one month of the bills in --out");
}

}  // namespace

void add_demo_commands(CommandTree& tree) {
  auto options = std::make_shared<GenerateOptions>();
  CLI::App& command = tree.add(
      tree.group("demo"), "generate", "Write bills of two payers whose exact totals are known",
      "  finops demo generate --out bills\n"
      "  finops demo generate --out bills --restate              AWS corrects a month\n"
      "  finops demo generate --out big --rows 1000000 --months 1 --cur-version v1\n",
      [options](CommandContext& context) { return generate(context, *options); });
  add_demo_options(command, *options);
}

}  // namespace finops
