#include "tests/chaos/chaos_world.h"

#include <algorithm>
#include <stdexcept>

#include "finops/engines/duckdb/views_file.h"
#include "finops/lake/faulty_catalog.h"
#include "finops/lake/lake_check.h"
#include "finops/lake/make_lake.h"
#include "finops/lake/memory/memory_catalog.h"
#include "finops/lake/sqlite/sqlite_catalog.h"
#include "finops/pipeline/lake_expiry.h"
#include "finops/sources/aws_cur/aws_cur_source.h"
#include "finops/stores/faulty/faulty_store.h"
#include "finops/stores/local/local_store.h"

namespace finops::chaos {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kFirstMoment = 1'780'000'000'000;  // of worlds in memory
constexpr std::uint64_t kLargestObject = 1 << 26;
constexpr const char* kSavedFolders[] = {"lake", "machine"};
constexpr const char* kSavedFiles[] = {"catalog.db", "finops.duckdb", ".finops.duckdb.stamp"};

std::int64_t first_moment(bool is_on_disk) {
  return is_on_disk ? system_clock().now().time_since_epoch().count() : kFirstMoment;
}

void copy_state(const fs::path& from, const fs::path& to) {
  for (const char* name : kSavedFolders) {
    fs::remove_all(to / name);
    if (fs::exists(from / name)) fs::copy(from / name, to / name, fs::copy_options::recursive);
  }
  for (const char* name : kSavedFiles) {
    fs::remove(to / name);
    if (fs::exists(from / name)) fs::copy_file(from / name, to / name);
  }
}

PipelineSettings settings_of(const fs::path& folder, Rules rules) {
  PipelineSettings settings;
  settings.thresholds = {.rows = Decimal::parse("0.001")->value,
                         .cost = Decimal::parse("0.001")->value,
                         .min_rows = 10};
  settings.memory_bytes = 64 << 20;  // one load at a time
  settings.threads = 1;
  settings.lock_folder = (folder / "locks").string();
  settings.staging_folder = (folder / "staging").string();
  settings.finops_version = "chaos";
  if (rules == Rules::kOfBefore) settings.cell_limit = kLongestCellOfBefore;
  return settings;
}

}  // namespace

ChaosWorld::ChaosWorld(fs::path folder, std::vector<ChaosSource> sources, bool is_on_disk)
    : clock(first_moment(is_on_disk)),
      folder_(std::move(folder)),
      sources_(std::move(sources)),
      is_on_disk_(is_on_disk),
      root_uri_(is_on_disk ? "file://" + (folder_ / "lake").string() : "file:///lake") {
  fs::remove_all(folder_);
  fs::create_directories(folder_ / "saved");
  for (auto& source : sources_) source.bucket = std::make_shared<MemoryStore>(clock);
  open();
}

ChaosWorld::~ChaosWorld() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void ChaosWorld::open() {
  if (is_on_disk_) {
    store_ = make_local_store(folder_ / "lake");
    catalog_ = lake::make_sqlite_catalog((folder_ / "catalog.db").string(), "finops");
    return;
  }
  store_ = std::make_shared<MemoryStore>(clock);
  catalog_ = std::make_shared<lake::MemoryCatalog>();
}

void ChaosWorld::deliver(const ChaosSource& source, BillingPeriod period, const TrueBill& bill) {
  chaos::deliver(*source.bucket, source.shape, period, bill);
  TrueBill truth = bill;
  if (!source.shape.has_limited_cells()) {
    truth.lines.insert(truth.lines.end(), bill.late_lines.begin(), bill.late_lines.end());
    std::ranges::sort(truth.lines);
    truth.late_lines.clear();
  }
  delivered_[{source.name, period}].push_back(std::move(truth));
}

const ChaosSource& ChaosWorld::source(const std::string& name) const {
  const auto found = std::ranges::find(sources_, name, &ChaosSource::name);
  if (found == sources_.end()) throw std::logic_error("no source " + name);
  return *found;
}

void ChaosWorld::save() {
  saved_records_ = known_records;
  copy_state(folder_, folder_ / "saved");
  if (is_on_disk_) return;
  saved_objects_.clear();
  saved_tables_.clear();
  for (const auto& object : store_->list("")) {
    saved_objects_[object.key] = read_all(*store_, object.key, kLargestObject);
  }
  for (const auto& table : catalog_->tables()) {
    saved_tables_[table] = catalog_->metadata_location(table).value_or("");
  }
}

void ChaosWorld::restore() {
  known_records = saved_records_;
  copy_state(folder_ / "saved", folder_);
  open();
  if (is_on_disk_) return;
  for (const auto& [key, content] : saved_objects_) put_text(*store_, key, content);
  for (const auto& [table, location] : saved_tables_) catalog_->swap({{table, "", location}});
}

ChaosProcess::ChaosProcess(ChaosWorld& world, std::shared_ptr<FaultPlan> plan, Clock& clock,
                           const std::string& machine, Rules rules)
    : world_(world),
      clock_(clock),
      store_(with_faults(world.store(), plan)),
      catalog_(lake::with_faults(world.catalog(), plan)),
      lake_(lake::make_lake(store_, world.root_uri(), catalog_, clock)) {
  std::vector<PipelineExport> exports;
  for (const auto& source : world.sources()) {
    AwsCurOptions options{.prefix = "cur", .export_name = "report"};
    options.clock = &clock;
    PipelineExport made;
    made.name = source.name;
    made.location = "memory";
    made.bucket = source.bucket;
    made.source = make_aws_cur_source(source.bucket, options);
    made.is_remote = source.is_remote;
    made.keep_staging = source.is_remote;
    exports.push_back(std::move(made));
  }
  pipeline_ = std::make_unique<Pipeline>(std::move(exports), *lake_,
                                         settings_of(world.folder() / machine, rules), clock);
  if (plan) files_ = std::make_unique<BreakableFiles>(world.folder().string(), *plan);
}

RunReport ChaosProcess::load(bool overwrite) {
  RunHooks hooks;
  hooks.on_commit = [this] { publish_views(); };
  RunReport report = pipeline_->run({.selection = {}, .overwrite = overwrite}, hooks, {});
  publish_views();
  return report;
}

void ChaosProcess::roll_back(const PartitionName& partition, const std::string& version) {
  pipeline_->rollback({.of = {.source = partition.first, .table = {}, .period = partition.second},
                       .version = version,
                       .reason = "chaos"});
  publish_views();
}

std::vector<ReplayReport> ChaosProcess::replay() {
  auto reports = pipeline_->replay({}, false, {});
  publish_views();
  return reports;
}

void ChaosProcess::waive(const PartitionName& partition, const std::string& version) {
  pipeline_->waive({.of = {.source = partition.first, .table = {}, .period = partition.second},
                    .version = version,
                    .reason = "chaos"});
  publish_views();
}

void ChaosProcess::expire(int keep_versions) {
  const LakeExpiry expiry =
      expire_lake(*lake_, {.days = 30, .versions = keep_versions}, clock_, false);
  for (const auto& table : expiry.tables) {
    if (!table.failure.empty()) throw Error(table.error_kind, table.failure);
  }
  publish_views();
}

void ChaosProcess::remove_orphans() {
  const lake::LakePaths paths(world_.root_uri());
  const auto check = lake::check_lake(*store_, paths, *catalog_);
  lake::remove_orphans(*store_, paths, *catalog_, clock_, check, lake::kShortestOrphanAge);
}

void ChaosProcess::publish_views() {
  if (!world_.is_on_disk()) return;
  const auto versions = [&] {
    TableVersions current;
    for (const auto& table : catalog_->tables()) {
      current[table] = catalog_->metadata_location(table).value_or("");
    }
    return current;
  };
  if (versions().empty()) return;
  publish_views_if_changed(world_.database(), versions, [&] {
    std::vector<lake::TableView> views;
    for (const auto& table : lake_->tables()) views.push_back(lake_->view(table));
    return views;
  });
}

}  // namespace finops::chaos
