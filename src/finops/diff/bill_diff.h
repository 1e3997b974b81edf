#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"
#include "finops/diff/change.h"
#include "finops/diff/change_cause.h"
#include "finops/engines/sql_engine.h"

namespace finops {

/// What changed of one value of a dimension, such as one account.
struct ValueChange {
  std::optional<std::string> key;  // nothing: lines that have none
  Change change;
};

/// What changed of the lines that share a key (line_expressions.h).
struct LineChange {
  std::vector<std::optional<std::string>> key;  // as BillDiff::key_names
  LineChangeKind kind = LineChangeKind::kChanged;
  Cause cause = Cause::kOther;
  ExactSum amount_before, amount_after;  // of usage
  Change change;
};

/// Groups of lines that changed, and what that makes.
struct ChangedGroups {
  std::uint64_t groups = 0;
  Change change;
};

struct CurrencyDiff {
  Change total;
  std::map<std::string, ChangeList<ValueChange>> dimensions;  // "type", "service", …
  std::map<std::string, ChangeList<ValueChange>> tags;        // by tag key
  std::map<LineChangeKind, ChangedGroups> kinds;
  std::map<Cause, std::map<LineChangeKind, ChangedGroups>> causes;
  ChangeList<LineChange> lines;
};

/// What is different between two deliveries, by currency. Every list, and the kinds and the causes,
/// sum exactly to the difference of the totals.
struct BillDiff {
  std::vector<std::string> key_names;
  std::map<std::string, CurrencyDiff> currencies;
};

/// Which tables of an engine hold the two deliveries, both of them with the columns of `schema`.
struct BillPair {
  std::string before, after;  // as SQL
  TableSchema schema;
  std::string cost_column, currency_column;
};

/// Compares in the engine's bounded memory; `limit` items of each list are kept, 0 all of them.
/// Throws kInternal when a list does not sum to the difference, and what the engine throws.
BillDiff compare_bills(SqlEngine& engine, const BillPair& bills, std::size_t limit,
                       const std::stop_token& stop);

}  // namespace finops
