#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/datasets/project.h"
#include "finops/medallion/landing.h"
#include "finops/medallion/run_tables.h"
#include "finops/stores/object_store.h"

namespace finops::medallion {

struct BronzeSettings {
  std::shared_ptr<ObjectStore> landing;
  bool is_remote = false;    // the landing store
  std::string spool_folder;  // for Parquet of a remote one
  unsigned threads = 1;
  std::uint64_t memory_bytes = 512ull << 20;
  std::int64_t ingestion_time = 0;  // microseconds since 1970
};

lake::TableName bronze_table(const std::string& project, const std::string& dataset);

/// What bronze has of a dataset before anything is delivered: the declared columns as texts, then
/// finops' own.
std::vector<Column> declared_bronze_columns(const datasets::Dataset& dataset);

/// Loads landing files into a dataset's table of bronze, as landed: all cells are texts, columns
/// that are not declared are added to the table, a record without readable cells is a row with its
/// raw bytes. The files' rows are planned in `tables`, nothing is committed. Several files at once,
/// in bounded memory. Throws kInvalidData, naming the file, for one that cannot be decoded at all.
std::vector<LandedFile> load_bronze(RunTables& tables, const std::string& project,
                                    const datasets::Dataset& dataset,
                                    const std::vector<ObjectInfo>& files,
                                    const BronzeSettings& settings, const std::stop_token& stop);

}  // namespace finops::medallion
