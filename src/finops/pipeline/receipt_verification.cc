#include <algorithm>
#include <iterator>
#include <set>
#include <utility>
#include <variant>

#include "finops/core/error.h"
#include "finops/pipeline/delivery_rows.h"
#include "finops/pipeline/part_opening.h"
#include "finops/pipeline/partition_history.h"
#include "finops/pipeline/pipeline.h"
#include "finops/pipeline/receipt_check.h"
#include "finops/pipeline/table_columns.h"
#include "finops/tabular/simple_bill_reader.h"

namespace finops {
namespace {

/// The Parquet files of the partition against the receipt's list: none missing, none more, same
/// bytes.
void check_files_of_lake(lake::Lake& lake, const std::vector<lake::LakeFile>& files,
                         const Receipt& receipt, std::vector<std::string>& differences) {
  std::set<std::string> live;
  for (const auto& file : files) live.insert(lake.key_of(file.uri));
  for (const auto& known : receipt.data_files) {
    if (live.erase(known.key) == 0) {
      differences.push_back("the lake has lost the file " + known.key);
      continue;
    }
    const std::string found = sha256_of_object(lake.store(), known.key);
    if (found == known.sha256) continue;
    differences.push_back("the bytes of " + known.key + " changed: SHA-256 " + found +
                          ", the receipt says " + known.sha256);
  }
  for (const auto& key : live) {
    differences.push_back("the lake has a file that this delivery did not bring: " + key);
  }
}

DataFiles files_in_lake(lake::Lake& lake, const std::vector<lake::LakeFile>& files) {
  DataFiles opened;
  for (const auto& file : files) {
    opened.push_back(open_random(lake.store(), lake.key_of(file.uri)));
  }
  return opened;
}

/// A place of delivered files, with its name for people; without a bucket, why it cannot be read.
struct FoundPlace {
  DeliveredPlace place;
  std::string name;
};

FoundPlace place_of(const std::vector<PipelineExport>& exports, const DeliveryRecord& record,
                    const PipelineSettings& settings) {
  const std::string& manifest = record.manifest_key;
  if (!had_manifest(record)) {
    try {
      return {settings.open_place(manifest), manifest};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNotFound) throw;
      return {{}, error.what()};
    }
  }
  const auto from = std::ranges::find(exports, record.id.source, &PipelineExport::name);
  if (from == exports.end()) {
    return {{},
            "no export called '" + record.id.source +
                "' is configured, so its delivered files cannot be found"};
  }
  if (from->bucket == nullptr) return {{}, from->location + " cannot be opened"};
  return {{from->bucket, from->is_remote}, from->location};
}

std::string has_other_bytes(const std::string& key) {
  return "'" + key + "' has other bytes now than were loaded";
}

/// Whether the files that were delivered are still there: when not, why nothing can be proved.
std::optional<std::string> changed_meanwhile(ObjectStore& bucket, const Receipt& receipt) {
  for (const auto& file : receipt.files) {
    if (sha256_of_object(bucket, file.key) != file.sha256) return has_other_bytes(file.key);
  }
  return std::nullopt;
}

/// What the delivered files say today, or why that proves nothing: they are gone, or others.
std::variant<SimpleReadReport, std::string> read_again(const FoundPlace& found,
                                                       const Receipt& receipt,
                                                       const BillLayout& layout,
                                                       const PipelineSettings& settings) {
  const auto& [place, name] = found;
  if (place.bucket == nullptr) return name;
  std::vector<BillPart> parts;
  for (const auto& file : receipt.files) {
    const auto object = place.bucket->stat(file.key);
    if (!object) return "the delivered file '" + file.key + "' is gone from " + name;
    if (object->size != file.bytes) return has_other_bytes(file.key);
    parts.push_back(part_of_delivery(
        {place.bucket, place.is_remote, nullptr, settings.staging_folder}, *object));
  }
  try {
    SimpleReadReport again = read_bill_simply(parts, layout, settings.cell_limit, {});
    for (std::size_t i = 0; i < receipt.files.size(); ++i) {
      if (again.parts[i].sha256 != receipt.files[i].sha256) {
        return has_other_bytes(receipt.files[i].key);
      }
    }
    return again;
  } catch (const Error&) {
    // A newer delivery under the same names need not fit into the columns of this one.
    if (auto why = changed_meanwhile(*place.bucket, receipt)) return *why;
    throw;
  }
}

void check_source_side(const Receipt& receipt, const SimpleReadReport& again,
                       std::vector<std::string>& differences) {
  if (again.source_rows != receipt.source_rows || again.rejected_rows != receipt.quarantined_rows) {
    differences.push_back("the delivered files have " + std::to_string(again.source_rows) +
                          " rows of which " + std::to_string(again.rejected_rows) +
                          " do not fit; the receipt says " + std::to_string(receipt.source_rows) +
                          " and " + std::to_string(receipt.quarantined_rows));
  }
  const auto sums = join_sums(again.source, {}, {});
  for (const auto& [currency, columns] : receipt.sums) {
    for (const auto& [column, sum] : columns) {
      const auto by_currency = sums.find(currency);
      ReceiptSum found;
      if (by_currency != sums.end() && by_currency->second.contains(column)) {
        found = by_currency->second.at(column);
      }
      const bool agrees = found.source == sum.source &&
                          found.unreadable_cells == sum.unreadable_cells &&
                          found.rounded_cells == sum.rounded_cells &&
                          found.rounding_residual == sum.rounding_residual;
      if (agrees) continue;
      differences.push_back("delivered sum of " + column + " in '" + currency +
                            "': " + found.source.to_string() + ", the receipt says " +
                            sum.source.to_string());
    }
  }
}

void append(std::vector<std::string>& all, std::vector<std::string> more) {
  std::ranges::move(more, std::back_inserter(all));
}

VerifyReport verify_one(lake::Lake& lake, const std::vector<PipelineExport>& exports,
                        const DeliveryRecord& record, const PipelineSettings& settings) {
  const lake::TableView view = lake.view({"billing", record.id.table});
  std::vector<lake::LakeFile> files = view.files;
  const lake::PartitionKey partition{record.id.source, record.id.partition};
  std::erase_if(files, [&](const auto& file) { return file.partition != partition; });
  const Receipt receipt = receipt_from_json(record.receipt);
  BillLayout layout = recorded_layout(view, record.columns);
  layout.source = record.id.source;
  layout.billing_period = record.id.partition;
  layout.execution_id = record.id.version;

  VerifyReport report;
  report.id = record.id;
  report.rows = record.loaded_rows;
  check_files_of_lake(lake, files, receipt, report.differences);
  std::optional<RowsTotals> in_lake;
  try {
    in_lake = totals_of(files_in_lake(lake, files), layout, settings.threads);
    append(report.differences, differences(receipt, *in_lake, "the lake"));
  } catch (const Error& error) {
    // A damaged file is a finding, not a failure of the verification.
    if (error.kind() != ErrorKind::kInvalidData && error.kind() != ErrorKind::kNotFound) throw;
    report.differences.emplace_back(error.what());
  }
  const auto again = read_again(place_of(exports, record, settings), receipt, layout, settings);
  if (const auto* delivered = std::get_if<SimpleReadReport>(&again)) {
    check_source_side(receipt, *delivered, report.differences);
    if (in_lake) append(report.differences, differences(delivered->loaded, *in_lake));
  } else {
    report.verdict = VerifyReport::Verdict::kCannotBeVerified;
    report.message =
        std::get<std::string>(again) + ": the lake was checked against the receipt only";
  }
  if (!report.differences.empty()) report.verdict = VerifyReport::Verdict::kDiffers;
  return report;
}

}  // namespace

std::vector<VerifyReport> Pipeline::verify(const Selection& selection, std::stop_token stop) {
  std::vector<VerifyReport> reports;
  for (const auto& record : ledger_records(selection, true)) {
    if (record.state != DeliveryState::kCurrent) continue;
    if (stop.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
    reports.push_back(verify_one(lake_, exports_, record, settings_));
  }
  return reports;
}

}  // namespace finops
