#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/ledger/bill_partition.h"
#include "finops/ledger/ledger.h"
#include "finops/pipeline/folder_output.h"
#include "finops/pipeline/pipeline.h"

namespace finops {
namespace {

constexpr const char* kStateKey = "finops.export-of";

/// What an exported file is made from: when this is the same, so are the rows and columns.
std::string state_of(const lake::TableView& view, const std::vector<lake::LakeFile>& files,
                     ParquetCompression compression) {
  std::set<std::string> uris;
  for (const auto& file : files) uris.insert(file.uri);
  std::string text = std::to_string(static_cast<int>(compression)) + "\n";
  for (const auto& column : view.schema.columns) {
    text += std::to_string(column.field_id) + " " + column.name + "\n";
  }
  for (const auto& uri : uris) text += uri + "\n";
  return sha256_of(text);
}

std::string file_name(const std::string& table, const std::string& period) {
  return period + "_" + (table == "aws_billing_data" ? "aws_billing" : table) + ".parquet";
}

ExportedFile export_period(lake::Lake& lake, const lake::TableView& view,
                           const std::vector<lake::LakeFile>& files, const std::string& path,
                           bool overwrite, ParquetCompression compression) {
  const std::string state = state_of(view, files, compression);
  ExportedFile exported{.path = path,
                        .period = BillPartition::of(files.front().partition).billing_period};
  for (const auto& file : files) exported.rows += file.rows;
  const auto existing = open_file_if_there(path);
  if (existing && !overwrite && parquet_metadata(*existing, kStateKey) == state) {
    exported.outcome = "unchanged";
    exported.bytes = existing->size();
    return exported;
  }
  std::vector<std::shared_ptr<const RandomAccessBytes>> inputs;
  for (const auto& file : files) {
    inputs.push_back(open_random(lake.store(), lake.key_of(file.uri)));
  }
  ReplacingFileWriter out(path);
  const std::int64_t rows = merge_parquet(inputs,
                                          {.columns = view.schema.columns,
                                           .compression = compression,
                                           .metadata = {{kStateKey, state}}},
                                          out);
  if (rows != exported.rows) {
    throw Error(ErrorKind::kInternal, "the lake has " + std::to_string(exported.rows) +
                                          " rows of " + exported.period + ", but " +
                                          std::to_string(rows) + " were exported");
  }
  out.finish();
  exported.outcome = "written";
  exported.bytes = std::filesystem::file_size(path);
  return exported;
}

}  // namespace

std::vector<ExportedFile> Pipeline::export_parquet(const std::string& output_folder,
                                                   const Selection& selection, bool overwrite,
                                                   ParquetCompression compression) {
  std::set<std::string> tables;
  for (const auto& record : Ledger(lake_).records(false)) tables.insert(record.id.table);
  std::vector<ExportedFile> exported;
  for (const auto& table : tables) {
    const lake::TableName name{"billing", table};
    if (!lake_.has_table(name)) continue;
    const lake::TableView view = lake_.view(name);
    if (view.has_row_deletes) {
      throw Error(ErrorKind::kUnsupported,
                  "export " + name.to_string() +
                      ": another writer deleted single rows of it; compact the table with that "
                      "writer, then export again");
    }
    std::map<std::string, std::vector<lake::LakeFile>> periods;
    for (const auto& file : view.files) {
      const std::string text = BillPartition::of(file.partition).billing_period;
      const auto period = BillingPeriod::parse(text);
      const bool is_outside = (selection.first && period < selection.first) ||
                              (selection.last && period > selection.last);
      if (!is_outside) periods[text].push_back(file);
    }
    for (const auto& [period, files] : periods) {
      const std::string path = output_folder + "/" + file_name(table, period);
      exported.push_back(export_period(lake_, view, files, path, overwrite, compression));
    }
  }
  return exported;
}

}  // namespace finops
