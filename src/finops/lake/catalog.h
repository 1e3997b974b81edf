#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "finops/lake/lake.h"

namespace finops::lake {

/// Which metadata file is the current one of each table; the only thing of the lake that changes in
/// place. A catalog is asked for several swaps at once: all happen, or none.
/// Safe to call from several threads and processes. Throws kUnavailable when it is busy or cannot
/// be reached (nothing was changed), kPermissionDenied, kNoSpace.
class Catalog {
 public:
  virtual ~Catalog() = default;

  struct Swap {
    TableName table;
    std::string from;  // empty: the table must not exist yet
    std::string to;
  };
  enum class Outcome { kDone, kBaseChanged, kUnknown };

  virtual std::vector<TableName> tables() = 0;
  virtual std::optional<std::string> metadata_location(const TableName& table) = 0;
  virtual Outcome swap(const std::vector<Swap>& swaps) = 0;
};

}  // namespace finops::lake
