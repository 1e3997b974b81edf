#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "finops/core/export_id.h"
#include "finops/ledger/bill_mark.h"
#include "finops/ledger/ledger.h"
#include "finops/sources/billing_source.h"

namespace finops {

struct PipelineSettings;

/// A month of one source that is in the lake.
struct BillInLake {
  ExportId id;
  BillMark mark;
};

/// The current deliveries of one period, of all tables and sources. Those whose receipts are of
/// before there were marks overlap nothing.
std::vector<BillInLake> bills_of_period(const Ledger& ledger, const std::string& period);

/// Why `id` must not be loaded: a payer of its bill is in its table from another source already, or
/// one of the two tells no payer and their costs by service are the same. Nothing for what its own
/// source has there already: replacing that counts nothing once more.
std::optional<std::string> overlap_of(const ExportId& id, const BillMark& mark,
                                      const std::vector<BillInLake>& bills);

/// overlap_of() with what the lake holds now; nothing where the settings allow the source of `id`
/// to overlap.
std::optional<std::string> overlap_in_lake(lake::Lake& lake, const PipelineSettings& settings,
                                           const ExportId& id, const BillMark& mark);

/// What people should know of bills that are loaded all the same: the same costs by service in
/// another table or of another payer, and months that overlap since before.
std::vector<std::string> overlap_warnings(const ExportId& id, const BillMark& mark,
                                          const std::vector<BillInLake>& bills);

/// What a refusal for overlap is judged by (DeliveryRecord::judged_by): the mark, so that each plan
/// judges again without reading the bill again.
std::string judged_by_overlap(const BillMark& mark);

/// What is known of a delivery before it is read: its mark when it was refused for overlap before
/// and has not changed, else the account that its manifest names. `records` are the ledger's of the
/// delivery's partition and table.
BillMark mark_before_reading(const Delivery& delivery, const std::vector<DeliveryRecord>& records);

}  // namespace finops
