#include "finops/demo/demo_bills.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "finops/core/error.h"
#include "finops/demo/demo_delivery.h"
#include "finops/demo/demo_file.h"
#include "finops/demo/demo_folder.h"
#include "finops/demo/demo_month.h"
#include "finops/demo/demo_payer.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMostMonths = 240;
constexpr int kMostFiles = 999;
constexpr std::int64_t kMostRows = 1'000'000'000;

void check(const DemoOptions& options) {
  const auto demand = [](bool holds, const std::string& message) {
    if (!holds) throw Error(ErrorKind::kUsage, "demo generate: " + message);
  };
  demand(!options.out.empty(), "--out is missing: the folder to write to");
  demand(options.rows >= 1 && options.rows <= kMostRows,
         fmt::format("--rows is {}, but must be 1 to {}", options.rows, kMostRows));
  demand(options.months >= 1 && options.months <= kMostMonths,
         fmt::format("--months is {}, but must be 1 to {}", options.months, kMostMonths));
  demand(options.files >= 1 && options.files <= kMostFiles,
         fmt::format("--files is {}, but must be 1 to {}", options.files, kMostFiles));
}

std::string_view name_of(DemoCurVersion version) {
  switch (version) {
    case DemoCurVersion::kV1: return "v1";
    case DemoCurVersion::kV2: return "v2";
    case DemoCurVersion::kBoth: break;
  }
  return "both";
}

std::string_view name_of(DemoDeliveryMode mode) {
  return mode == DemoDeliveryMode::kOverwrite ? "overwrite" : "create-new";
}

Json options_json(const DemoOptions& options) {
  return {{"seed", options.seed},
          {"rows", options.rows},
          {"months", options.months},
          {"start", options.start.to_string()},
          {"cur_version", name_of(options.cur_version)},
          {"files", options.files},
          {"delivery", name_of(options.delivery)}};
}

/// The options that made what is in `out`.
DemoOptions options_from(const Json& json, const std::filesystem::path& out) {
  DemoOptions options;
  options.out = out;
  options.seed = json.at("seed").get<std::uint64_t>();
  options.rows = json.at("rows").get<std::int64_t>();
  options.months = json.at("months").get<int>();
  options.start = BillingPeriod::parse(json.at("start").get<std::string>()).value();
  const auto version = json.at("cur_version").get<std::string>();
  for (const auto known : {DemoCurVersion::kV1, DemoCurVersion::kV2}) {
    if (name_of(known) == version) options.cur_version = known;
  }
  options.files = json.at("files").get<int>();
  const bool is_overwrite =
      json.at("delivery").get<std::string>() == name_of(DemoDeliveryMode::kOverwrite);
  options.delivery = is_overwrite ? DemoDeliveryMode::kOverwrite : DemoDeliveryMode::kCreateNew;
  check(options);
  return options;
}

DemoMonthPlan plan_of(const DemoPayer& payer, const DemoOptions& options, int month, int version) {
  DemoMonthPlan plan;
  plan.period = options.start.plus(month);
  plan.version = version;
  plan.is_first = month == 0;
  plan.is_last = month == options.months - 1;
  plan.has_split_rows = payer.is_v2 || month > 0 || options.months == 1;
  plan.rows = options.rows;
  return plan;
}

Json sources_json(const std::vector<DemoPayer>& payers) {
  Json sources = Json::array();
  for (const auto& payer : payers) {
    sources.push_back({{"name", payer.name},
                       {"folder", payer.name},
                       {"bucket", payer.bucket},
                       {"prefix", "cur"},
                       {"export_name", payer.export_name},
                       {"cur_version", payer.is_v2 ? "v2" : "v1"},
                       {"payer_account_id", payer.account_id},
                       {"has_net_columns", payer.has_net_columns}});
  }
  return sources;
}

/// For `finops --config <out>/config.toml aws run-pipeline`.
std::string config_toml(const std::vector<DemoPayer>& payers, const std::filesystem::path& out) {
  const std::string folder = std::filesystem::absolute(out).lexically_normal().string();
  std::string text = demo_data_dir_line(out);
  for (const auto& payer : payers) {
    text += fmt::format(
        "\n[[aws.exports]]\nname = \"{0}\"\nbucket = {1}\nprefix = \"cur\"\nexport_name = "
        "\"{2}\"\n",
        payer.name, demo_toml_text("file://" + folder + "/" + payer.name), payer.export_name);
  }
  return text;
}

/// One delivery, written and added to `truth`.
void deliver(const DemoPayer& payer, const DemoMonthPlan& plan, const DemoOptions& options,
             const std::stop_token& stop, Json& truth, DemoSummary& summary) {
  DemoDelivery delivery(payer, plan, options);
  DemoMonth(payer, plan, delivery, stop).run();
  const DemoDeliveryInfo info = delivery.finish();
  summary.rows += info.rows;
  summary.bytes += info.bytes;
  summary.written.push_back(info);
  truth["deliveries"].push_back(delivery.truth());
}

void finish(Json& truth, DemoSummary& summary) {
  truth["totals"] = demo_overall_totals(truth["deliveries"]);
  write_demo_text(summary.truth_file, truth.dump(1) + "\n");
}

void generate(const DemoOptions& options, const std::stop_token& stop, DemoSummary& summary) {
  const auto payers = demo_payers(options);
  Json truth{{"format", kDemoTruthFormat},
             {"options", options_json(options)},
             {"sources", sources_json(payers)},
             {"deliveries", Json::array()}};
  for (const auto& payer : payers) {
    for (int month = 0; month < options.months; ++month) {
      deliver(payer, plan_of(payer, options, month, 1), options, stop, truth, summary);
    }
  }
  write_demo_text(summary.config_file, config_toml(payers, options.out));
  finish(truth, summary);
}

void restate(const DemoOptions& options, const std::stop_token& stop, Json& truth,
             DemoSummary& summary) {
  const int month = std::max(0, options.months - 2);
  const std::string period = options.start.plus(month).to_string();
  for (const auto& payer : demo_payers(options)) {
    int version = 1;
    for (Json& old : truth.at("deliveries")) {
      if (old.at("source") != payer.name || old.at("period") != period) continue;
      old["current"] = false;
      version = std::max(version, old.at("version").get<int>() + 1);
    }
    deliver(payer, plan_of(payer, options, month, version), options, stop, truth, summary);
  }
  finish(truth, summary);
}

}  // namespace

DemoSummary generate_demo_bills(const DemoOptions& options, const std::stop_token& stop) {
  check(options);
  DemoSummary summary;
  summary.truth_file = demo_truth_file(options.out);
  summary.config_file = demo_config_file(options.out);
  Json truth = read_demo_truth(options.out, "");
  if (options.restate) {
    if (truth.is_null()) {
      throw Error(ErrorKind::kNotFound,
                  "restate the bills in '" + options.out.string() +
                      "': there are none; generate them without --restate first");
    }
    restate(options_from(truth.at("options"), options.out), stop, truth, summary);
    return summary;
  }
  if (!truth.is_null() && truth.at("options") == options_json(options) &&
      std::ranges::all_of(truth.at("deliveries"),
                          [](const Json& d) { return d.at("current") == true; })) {
    summary.changed = false;
    return summary;
  }
  demand_empty_demo_folder(options.out, "bills");
  generate(options, stop, summary);
  return summary;
}

}  // namespace finops
