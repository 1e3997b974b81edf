#include "finops/app/selftest.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "finops/app/pipeline_session.h"
#include "finops/cli/human_text.h"
#include "finops/core/error.h"
#include "finops/core/unique_ids.h"
#include "finops/demo/demo_bills.h"

namespace finops {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Result = DoctorCheck::Result;

constexpr const char* kReportIt =
    "do not rely on this build on this machine; please report it with the output of `finops "
    "doctor --json`";

/// A folder of its own, removed with all that is in it.
class ScratchFolder {
 public:
  explicit ScratchFolder(const fs::path& parent)
      : path_(fs::absolute(parent) / ("finops-selftest-" + random_uuid().substr(0, 8))) {
    std::error_code code;
    fs::create_directories(path_, code);
    if (code) throw error_from_errno(code.value(), "create the folder", path_.string());
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;  // what is left costs space only
    fs::remove_all(path_, ignored);
  }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// The same bills and limits, and another lake.
Configuration with_lake_in(Configuration configuration, const fs::path& folder) {
  configuration.data_dir = folder.string();
  configuration.staging_dir = (folder / "staging").string();
  configuration.lake_dir = (folder / "lake").string();
  configuration.lake_bucket.reset();
  configuration.catalog.type = CatalogType::kSqlite;
  configuration.catalog.uri = (folder / "catalog.db").string();
  for (auto& configured : configuration.exports) configured.keep_staging = false;
  return configuration;
}

DoctorCheck bad(std::string finding, std::string advice) {
  return {"", Result::kBad, std::move(finding), std::move(advice)};
}

/// Rows and money of the receipt against the generator's own numbers.
std::vector<std::string> against_truth(const Receipt& receipt, const Json& truth) {
  std::vector<std::string> differences;
  const auto rows = truth.at("rows").get<std::uint64_t>();
  if (receipt.loaded_rows != rows) {
    differences.push_back(std::to_string(rows) + " rows were made, " +
                          std::to_string(receipt.loaded_rows) + " are in the lake");
  }
  for (const auto& [currency, columns] : truth.at("sums").items()) {
    for (const auto& [column, sum] : columns.items()) {
      const auto known = ExactSum::parse(sum.at("sum").get<std::string>());
      const auto found = receipt.sums.find(currency);
      ExactSum loaded;
      if (found != receipt.sums.end() && found->second.contains(column)) {
        loaded = found->second.at(column).loaded;
      }
      if (known && *known == loaded) continue;
      differences.push_back(column + " in " + currency + " is " + sum.at("sum").dump() +
                            ", in the lake " + loaded.to_string());
    }
  }
  return differences;
}

/// In which of rows, sums and columns two loads of one delivery differ.
std::optional<std::string> difference(const Receipt& here, const Receipt& there) {
  if (here.source_rows != there.source_rows || here.loaded_rows != there.loaded_rows) {
    return std::to_string(there.loaded_rows) + " of " + std::to_string(there.source_rows) +
           " rows instead of " + std::to_string(here.loaded_rows) + " of " +
           std::to_string(here.source_rows);
  }
  for (const auto& [currency, columns] : here.sums) {
    for (const auto& [column, sum] : columns) {
      const auto other = there.sums.find(currency);
      const bool agrees = other != there.sums.end() && other->second.contains(column) &&
                          other->second.at(column).loaded == sum.loaded;
      if (!agrees) return "another sum of " + column + " in '" + currency + "'";
    }
  }
  for (const auto& [name, content] : here.columns) {
    // Those that only later deliveries brought are in no older receipt: all NULL.
    const auto other = there.columns.find(name);
    if (other != there.columns.end() && other->second != content) return "other values in " + name;
  }
  return std::nullopt;
}

class Selftest {
 public:
  Selftest(const Configuration& configuration, const SelftestRequest& request,
           const RunHooks& hooks, const std::stop_token& stop)
      : configuration_(configuration),
        request_(request),
        stop_(stop),
        scratch_(request.work_folder.empty() ? configuration.data_dir : request.work_folder) {
    hooks_.on_progress = hooks.on_progress;
  }

  std::vector<DoctorCheck> run() {
    add("bills of known truth", [&] { return known_truth(); });
    if (request_.is_own) own_deliveries();
    return std::move(checks_);
  }

 private:
  void add(std::string subject, const std::function<DoctorCheck()>& look) {
    DoctorCheck found;
    try {
      found = look();
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled) throw;
      found = bad(error.what(), "");
    }
    found.subject = std::move(subject);
    checks_.push_back(std::move(found));
  }

  DoctorCheck known_truth() {
    const fs::path folder = scratch_.path() / "demo";
    const DemoSummary demo = generate_demo_bills({.out = folder, .rows = 2000, .months = 2}, stop_);
    Configuration configuration = load_configuration(
        {.file = demo.config_file.string(), .environment = Environment(), .flags = {}});
    configuration.memory_limit = configuration_.memory_limit;
    PipelineSession session(configuration, stop_);
    const RunReport run = session.pipeline.run({}, hooks_, stop_);
    for (const auto& one : run.partitions) {
      if (one.outcome == Outcome::kLoaded) continue;
      return bad(one.id.partition_name() + ": " + one.message, kReportIt);
    }
    std::ifstream file(demo.truth_file);
    const Json truth = Json::parse(file);
    std::uint64_t rows = 0, sums = 0;
    for (const Receipt& receipt : session.pipeline.receipts({})) {
      for (const auto& delivery : truth.at("deliveries")) {
        const bool is_it = delivery.at("source") == receipt.id.source &&
                           delivery.at("period") == receipt.id.partition;
        if (!is_it) continue;
        const auto differences = against_truth(receipt, delivery);
        if (!differences.empty()) {
          return bad(receipt.id.partition_name() + ": " + differences.front(), kReportIt);
        }
        rows += receipt.loaded_rows;
        for (const auto& [currency, columns] : delivery.at("sums").items()) sums += columns.size();
      }
    }
    if (rows != truth.at("totals").at("rows").get<std::uint64_t>()) {
      return bad("the lake has " + std::to_string(rows) + " rows of those that were made",
                 kReportIt);
    }
    if (const auto why = second_reading(session)) return bad(*why, kReportIt);
    return {"", Result::kGood,
            plural(rows, "row") + " and " + plural(sums, "sum") +
                " are in the lake as they were made, and a second reader agrees",
            ""};
  }

  std::optional<std::string> second_reading(PipelineSession& session) {
    for (const VerifyReport& report : session.pipeline.verify({}, stop_)) {
      if (report.verdict == VerifyReport::Verdict::kAgrees) continue;
      return report.id.partition_name() + ": " +
             (report.differences.empty() ? report.message : report.differences.front());
    }
    return std::nullopt;
  }

  /// Each on its own, so that the scratch folder holds one delivery at a time.
  void own_deliveries() {
    const Configuration plan_with = with_lake_in(configuration_, scratch_.path() / "plan");
    std::vector<PlanItem> items;
    try {
      items = PipelineSession(plan_with, stop_).pipeline.plan(request_.selection).items;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kCancelled || error.kind() == ErrorKind::kUsage) throw;
      add("your exports", [&] { return bad(error.what(), ""); });
      return;
    }
    if (!request_.selection.first && !request_.selection.last) keep_newest(items);
    for (const PlanItem& item : items) {
      add(item.id.partition_name(), [&] { return own_delivery(item); });
    }
    if (items.empty()) {
      add("your exports", [] {
        return DoctorCheck{"", Result::kWarning, "no delivery was found",
                           "`finops aws discover-manifests` tells where it was looked"};
      });
    }
  }

  static void keep_newest(std::vector<PlanItem>& items) {
    std::map<std::string, std::string> newest;
    for (const auto& item : items) {
      std::string& period = newest[item.id.source];
      period = std::max(period, item.id.partition);
    }
    std::erase_if(
        items, [&](const PlanItem& item) { return item.id.partition != newest[item.id.source]; });
  }

  DoctorCheck own_delivery(const PlanItem& item) {
    if (item.action == PlanAction::kBroken) {
      return bad(item.reason, "`finops aws discover-manifests` tells more");
    }
    const ScratchFolder folder(scratch_.path());
    PipelineSession session(with_lake_in(configuration_, folder.path()), stop_);
    const auto period = BillingPeriod::parse(item.id.partition);
    const Selection one{.sources = {item.id.source}, .first = period, .last = period};
    const RunReport run = session.pipeline.run({.selection = one}, hooks_, stop_);
    const PartitionReport& loaded = run.partitions.front();
    if (loaded.outcome == Outcome::kRefused) {
      return {"", Result::kWarning, loaded.message,
              "its rows do not fit: load it, and `finops quarantine show` has them"};
    }
    if (loaded.outcome != Outcome::kLoaded) return bad(loaded.message, "");
    if (const auto why = second_reading(session)) return bad(*why, kReportIt);
    const Receipt receipt = session.pipeline.receipts({}).front();
    std::string finding = plural(receipt.source_rows, "row");
    if (!loaded.unblended_cost.empty()) finding += ", " + money_text(loaded.unblended_cost);
    finding += ": delivered = lake + quarantine, and a second reader agrees";
    const auto known = in_users_lake(receipt);
    if (known) {
      if (const auto why = difference(receipt, *known)) {
        return bad("your lake has " + *why + " than this delivery",
                   "`finops receipt verify` tells all differences; `finops aws run-pipeline "
                   "--overwrite` loads it again");
      }
      finding += "; your lake holds the same";
    } else {
      finding += "; your lake does not hold this delivery";
    }
    if (receipt.quarantined_rows == 0) return {"", Result::kGood, std::move(finding), ""};
    return {"", Result::kWarning,
            finding + "; in quarantine: " + plural(receipt.quarantined_rows, "row"),
            "`finops quarantine show` has them once the delivery is loaded"};
  }

  /// Of the same delivery, when it is the current one there. A lake that was never made stays
  /// unmade.
  std::optional<Receipt> in_users_lake(const Receipt& receipt) {
    if (!fs::exists(configuration_.catalog.uri)) return std::nullopt;
    const auto period = BillingPeriod::parse(receipt.id.partition);
    PipelineSession session(configuration_, stop_);
    for (auto& known : session.pipeline.receipts(
             {.sources = {receipt.id.source}, .first = period, .last = period})) {
      if (known.id == receipt.id) return std::move(known);
    }
    return std::nullopt;
  }

  const Configuration& configuration_;
  const SelftestRequest& request_;
  const std::stop_token& stop_;
  RunHooks hooks_;
  ScratchFolder scratch_;
  std::vector<DoctorCheck> checks_;
};

}  // namespace

std::vector<DoctorCheck> run_selftest(const Configuration& configuration,
                                      const SelftestRequest& request, const RunHooks& hooks,
                                      const std::stop_token& stop) {
  return Selftest(configuration, request, hooks, stop).run();
}

}  // namespace finops
