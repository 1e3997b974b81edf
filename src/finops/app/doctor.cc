#include "finops/app/doctor.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <system_error>

#include "finops/app/aws_connections.h"
#include "finops/app/connectors.h"
#include "finops/app/notifying.h"
#include "finops/app/warehouse_loads.h"
#include "finops/cli/human_text.h"
#include "finops/core/error.h"
#include "finops/core/unique_ids.h"
#include "finops/ledger/bill_partition.h"
#include "finops/ledger/ledger.h"
#include "finops/medallion/table_states.h"
#include "finops/tabular/bill_converter.h"

namespace finops {
namespace {

namespace fs = std::filesystem;
using Result = DoctorCheck::Result;

constexpr std::uintmax_t kLittleSpace = std::uintmax_t{2} << 30;

DoctorCheck check(std::string subject, const std::function<DoctorCheck()>& look) {
  DoctorCheck found;
  try {
    found = look();
  } catch (const Error& error) {
    found.result = Result::kBad;
    found.finding = error.what();
  }
  found.subject = std::move(subject);
  return found;
}

DoctorCheck good(std::string finding) { return {"", Result::kGood, std::move(finding), ""}; }

/// The folder itself, or the nearest one above it that exists: where it would be made.
fs::path existing_part(fs::path path) {
  path = fs::absolute(path);
  std::error_code code;
  while (!fs::exists(path, code) && path.has_parent_path() && path != path.parent_path()) {
    path = path.parent_path();
  }
  return path;
}

DoctorCheck check_folder(const std::string& folder) {
  const fs::path there = existing_part(folder);
  const std::string where = there.string();
  if (::access(where.c_str(), W_OK | X_OK) != 0) {
    return {"", Result::kBad, "'" + where + "' cannot be written",
            "give this user the right to write there, or set another folder in the configuration"};
  }
  std::error_code code;
  const auto space = fs::space(there, code);
  const std::string text = fs::absolute(folder).lexically_normal().string() + ", " +
                           bytes_text(space.available) + " free";
  if (!code && space.available < kLittleSpace) {
    return {"", Result::kWarning, text,
            "make room: a load needs about the size of its csv.gz files"};
  }
  return good(text);
}

/// Reads, writes and removes an object of its own, as a load does.
DoctorCheck check_lake_bucket(const Configuration& configuration, const AwsConnections& aws) {
  const auto store = aws.lake(configuration);
  const std::string key = "finops-doctor-" + random_uuid();
  put_if_absent(*store, key, "written by finops doctor, which removes it again");
  const bool is_seen = store->stat(key).has_value();
  store->remove(key);
  if (!is_seen) {
    return {"", Result::kBad, configuration.lake_dir + " does not show what was just written to it",
            "finops needs a server whose reads follow its writes, as S3's do"};
  }
  return {"", Result::kGood,
          configuration.lake_dir + " can be read and written; the catalog (" +
              configuration.catalog.uri +
              ") is a file of this machine, so only this machine may load into the lake",
          ""};
}

DoctorCheck check_export(const PipelineExport& configured, TimePoint now) {
  const FoundManifests found = configured.source->discover({});
  if (!found.failures.empty()) {
    const auto& failure = found.failures.front();
    return {
        "", Result::kBad,
        std::to_string(found.failures.size()) + " manifest(s) cannot be used: " + failure.message,
        "'finops aws discover-manifests' lists them all"};
  }
  if (found.deliveries.empty()) {
    return {"", Result::kWarning, "no manifest found below " + configured.location,
            "check bucket, prefix and export_name; AWS needs up to a day for the first delivery"};
  }
  const std::string months = std::to_string(found.deliveries.size()) +
                             " month(s) delivered, the newest " +
                             found.deliveries.back().period.to_string();
  const auto stale =
      judge_freshness(configured.name, configured.max_age, found.newest_manifest, now);
  if (!stale) return good(months);
  return {"", Result::kWarning, months + ", but stale: " + stale->describe(), kAdviceForStale};
}

/// Every partition's rows must be those of the delivery that the ledger calls current.
DoctorCheck check_ledger(lake::Lake& lake) {
  std::map<std::tuple<std::string, std::string, std::string>, std::string> current;
  std::set<std::string> tables;
  for (const auto& record : Ledger(lake).records(false)) {
    tables.insert(record.id.table);
    if (record.state != DeliveryState::kCurrent) continue;
    current[{record.id.table, record.id.source, record.id.partition}] = record.id.version;
  }
  std::size_t files = 0;
  for (const auto& table : tables) {
    for (const auto& file : lake.view({"billing", table}).files) {
      ++files;
      const auto partition = BillPartition::of(file.partition);
      const auto it = current.find({table, partition.source, partition.billing_period});
      const bool agrees = it != current.end() && it->second == file.execution_id;
      if (agrees) continue;
      return {"", Result::kWarning,
              table + " has rows of " + partition.source + " " + partition.billing_period + " in " +
                  file.uri + " that no delivery of the ledger brought",
              "another program wrote them; 'finops receipt verify' says what differs"};
    }
  }
  return good(std::to_string(current.size()) + " current deliveries in " + std::to_string(files) +
              " files, ledger and data agree");
}

DoctorCheck check_catalog(const Configuration& configuration, lake::Lake& lake) {
  const auto tables = lake.tables();
  if (tables.empty()) {
    return good("no tables yet; the first run makes them (" + configuration.catalog.uri + ")");
  }
  for (const auto& table : tables) lake.view(table);
  return good(std::to_string(tables.size()) + " tables in " + configuration.catalog.uri);
}

/// Datasets need no export; a lake that has nothing else has been set up for them.
DoctorCheck judge_no_exports(lake::Lake* lake) {
  const auto is_of_dataset = [](const lake::TableName& table) {
    return table.name == medallion::kTableStates;
  };
  if (lake != nullptr && std::ranges::any_of(lake->tables(), is_of_dataset)) {
    return good("none is configured, so there are no bills to load; the lake has datasets");
  }
  return {
      "", Result::kWarning, "none is configured, so there are no bills to load",
      "set bucket and export_name in [aws]; 'finops init' writes an example. Datasets need none"};
}

}  // namespace

std::vector<DoctorCheck> examine(const Configuration& configuration, Clock& clock) {
  std::vector<DoctorCheck> checks;
  checks.push_back(check("configuration", [&] {
    return good(configuration.file.empty() ? "no file: defaults and environment"
                                           : configuration.file);
  }));
  checks.push_back(
      check("processor", [] { return good(std::string(converter_kernels()) + " kernels"); }));
  checks.push_back(check("data folder", [&] { return check_folder(configuration.data_dir); }));
  const AwsConnections aws(Environment::of_process(), clock, {});
  if (configuration.lake_bucket) {
    checks.push_back(check("lake bucket", [&] { return check_lake_bucket(configuration, aws); }));
  } else {
    checks.push_back(check("lake folder", [&] { return check_folder(configuration.lake_dir); }));
  }
  checks.push_back(check("catalog folder", [&] {
    return check_folder(fs::absolute(configuration.catalog.uri).parent_path().string());
  }));
  OpenLake lake;
  checks.push_back(check("catalog", [&] {
    lake = open_lake(configuration, aws, clock);
    return check_catalog(configuration, *lake.tables);
  }));
  if (lake.tables && checks.back().result == Result::kGood) {
    checks.push_back(check("ledger", [&] { return check_ledger(*lake.tables); }));
  }
  if (configuration.notify.webhook_url.is_set()) {
    checks.push_back(check("webhook", [&] {
      make_webhook_way(configuration, aws, clock);
      return good("its URL is right; nothing was sent");
    }));
  }
  if (configuration.notify.email) {
    checks.push_back(check("e-mail", [&] {
      make_email_way(*configuration.notify.email, aws, clock, nullptr);
      return good("its addresses are right; nothing was sent, and no server was asked");
    }));
  }
  if (configuration.bigquery) {
    checks.push_back(
        check("BigQuery", [&] { return good(describe_warehouse(*configuration.bigquery, aws)); }));
  }
  if (configuration.exports.empty()) {
    checks.push_back(check("exports", [&] { return judge_no_exports(lake.tables.get()); }));
    return checks;
  }
  for (const auto& configured : make_exports(configuration, aws)) {
    checks.push_back(
        check("export " + configured.name, [&] { return check_export(configured, clock.now()); }));
  }
  return checks;
}

}  // namespace finops
