#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "finops/lake/catalog.h"
#include "finops/lake/lake.h"
#include "finops/pipeline/pipeline.h"
#include "finops/stores/fault_plan.h"
#include "finops/stores/memory/memory_store.h"
#include "tests/chaos/chaos_bills.h"
#include "tests/chaos/file_calls.h"
#include "tests/chaos/jumping_clock.h"

namespace finops::chaos {

/// One payer's export in a bucket of its own.
struct ChaosSource {
  std::string name;
  Shape shape;
  bool is_remote = false;  // its deliveries are staged
  std::shared_ptr<MemoryStore> bucket = {};
};

using PartitionName = std::pair<std::string, BillingPeriod>;  // source, period

/// A lake, the buckets that fill it, and the truth about both. What outlives every process.
class ChaosWorld {
 public:
  /// `folder` is emptied; it holds locks, staging areas and, when `is_on_disk`, the lake with its
  /// SQLite catalog and views, which otherwise is in memory and has no views.
  ChaosWorld(std::filesystem::path folder, std::vector<ChaosSource> sources, bool is_on_disk);
  ~ChaosWorld();
  ChaosWorld(const ChaosWorld&) = delete;
  ChaosWorld& operator=(const ChaosWorld&) = delete;

  /// The next delivery of (source, period).
  void deliver(const ChaosSource& source, BillingPeriod period, const TrueBill& bill);

  /// What save() remembered is there again: lake, catalog, staging areas and views; buckets, truth
  /// and the clock stay.
  void save();
  void restore();

  const std::vector<ChaosSource>& sources() const { return sources_; }
  const std::map<PartitionName, std::vector<TrueBill>>& delivered() const { return delivered_; }
  const ChaosSource& source(const std::string& name) const;
  bool is_on_disk() const { return is_on_disk_; }
  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path database() const { return folder_ / "finops.duckdb"; }
  const std::string& root_uri() const { return root_uri_; }
  const std::shared_ptr<ObjectStore>& store() const { return store_; }
  const std::shared_ptr<lake::Catalog>& catalog() const { return catalog_; }

  JumpingClock clock;  // by which objects get their times

  /// What the last look at the ledger found: nothing of it may ever go away.
  std::set<std::string> known_records;

 private:
  void open();

  const std::filesystem::path folder_;
  std::vector<ChaosSource> sources_;
  const bool is_on_disk_;
  std::string root_uri_;
  std::shared_ptr<ObjectStore> store_;
  std::shared_ptr<lake::Catalog> catalog_;
  std::map<PartitionName, std::vector<TrueBill>> delivered_;
  std::map<std::string, std::string> saved_objects_;
  std::map<lake::TableName, std::string> saved_tables_;
  std::set<std::string> saved_records_;
};

/// What a version of finops takes: the one of before sets aside late lines (TrueBill).
enum class Rules { kOfBefore, kOfNow };

/// One start of finops on a machine: its own objects over the world's stores, with faults.
class ChaosProcess {
 public:
  /// `machine` names a folder for locks and staging. Without a plan nothing is broken.
  ChaosProcess(ChaosWorld& world, std::shared_ptr<FaultPlan> plan, Clock& clock,
               const std::string& machine = "machine", Rules rules = Rules::kOfNow);

  RunReport load(bool overwrite = false);
  /// Takes all holds away.
  void release() { pipeline_->release({}); }
  void roll_back(const PartitionName& partition, const std::string& version);
  std::vector<ReplayReport> replay();
  void waive(const PartitionName& partition, const std::string& version);
  void expire(int keep_versions);
  void remove_orphans();
  Pipeline& pipeline() { return *pipeline_; }
  lake::Lake& lake() { return *lake_; }

 private:
  void publish_views();

  ChaosWorld& world_;
  Clock& clock_;
  std::shared_ptr<ObjectStore> store_;
  std::shared_ptr<lake::Catalog> catalog_;
  std::unique_ptr<lake::Lake> lake_;
  std::unique_ptr<Pipeline> pipeline_;
  std::unique_ptr<BreakableFiles> files_;
};

}  // namespace finops::chaos
