#pragma once

#include <string>
#include <vector>

#include "finops/core/error.h"
#include "finops/lake/lake.h"

namespace finops {

/// The unit that providers restate, and by which all tables of bills are partitioned: one month of
/// one source.
struct BillPartition {
  std::string source, billing_period;

  operator lake::PartitionKey() const { return {source, billing_period}; }

  static std::vector<std::string> columns() { return {"source", "billing_period"}; }

  /// Of a file of a table of bills. kUnsupported when its table is partitioned in another way.
  static BillPartition of(const lake::PartitionKey& key) {
    if (key.values.size() != columns().size()) {
      throw Error(ErrorKind::kUnsupported,
                  "a table of bills is not partitioned by source and billing_period; finops did "
                  "not make it");
    }
    return {key.values[0], key.values[1]};
  }
};

}  // namespace finops
