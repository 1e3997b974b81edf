#pragma once

#include <optional>
#include <string>
#include <vector>

#include "finops/core/error.h"
#include "finops/lake/lake.h"
#include "finops/ledger/ledger.h"
#include "finops/ledger/receipt.h"

namespace finops {

/// False when `manifest_key` is the URI of the place that the files were loaded from without one.
bool had_manifest(const DeliveryRecord& record);

/// The URIs of the partition's live files; none when there is no such table.
std::vector<std::string> live_files(lake::Lake& lake, const lake::TableName& table,
                                    const lake::PartitionKey& partition);

/// The files that a delivery had in the lake, out of a snapshot that still has all of them: those
/// that its receipt names, and those of its quarantined rows. kNotFound when no snapshot is left
/// that does.
std::vector<lake::FileCopy> data_files_of(lake::Lake& lake, const DeliveryRecord& record,
                                          const Receipt& receipt);
std::vector<lake::FileCopy> quarantine_files_of(lake::Lake& lake, const DeliveryRecord& record);

/// `gone`, of one of the above, with what can be done.
Error with_ways_back(const Error& gone, const DeliveryRecord& record);

/// The record that a version or a unique beginning of one names, in its last revision. kUsage, with
/// what there is, when there is none or more than one.
const DeliveryRecord& find_version(const std::vector<DeliveryRecord>& records,
                                   const std::string& version);

}  // namespace finops
