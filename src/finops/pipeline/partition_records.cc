#include "finops/pipeline/partition_records.h"

#include <nlohmann/json.hpp>
#include <set>

#include "finops/core/error.h"

namespace finops {

PartitionRecords partition_records(lake::Lake& lake, const PartitionChoice& choice) {
  PartitionRecords records;
  const std::string period = choice.period.to_string();
  records.ledger = Ledger(lake).partition(lake::PartitionKey{choice.source, period});
  std::set<std::string> tables;
  for (const auto& record : records.ledger.records) tables.insert(record.id.table);
  if (choice.table) {
    std::erase_if(tables, [&](const std::string& table) { return table != *choice.table; });
  }
  if (tables.empty()) {
    throw Error(ErrorKind::kNotFound, "the ledger has no delivery of " + choice.source + " " +
                                          period + "; `finops history` lists what it has");
  }
  if (tables.size() > 1) {
    throw Error(ErrorKind::kUsage,
                choice.source + " " + period + " is in several tables; name one with --table");
  }
  records.table = *tables.begin();
  records.of_table = records.ledger.records;
  std::erase_if(records.of_table,
                [&](const DeliveryRecord& record) { return record.id.table != records.table; });
  return records;
}

std::string reason_json(Clock& clock, const std::string& reason) {
  const nlohmann::ordered_json json = {{"since", to_iso8601(clock.now())}, {"reason", reason}};
  return json.dump();
}

}  // namespace finops
