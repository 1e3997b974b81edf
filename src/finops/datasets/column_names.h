#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/table_schema.h"

namespace finops::datasets {

/// Names that people choose: [a-z][a-z0-9_]*.
bool is_identifier(std::string_view name);

/// "write a to z, 0 to 9 and _, a letter first".
std::string identifier_advice();

/// A column that finops adds to the rows of bronze, silver or their quarantine, in any case of its
/// letters.
bool is_added_column(std::string_view name);

/// "; did you mean 'x'?" for the nearest of `known`, else "; <what> are a, b, c" or "; there are no
/// <what>".
std::string advice(std::string_view name, const std::vector<std::string>& known,
                   std::string_view what);

/// Columns that a name may mean, in their order. SQL does not tell letter cases apart, so no two
/// names differ only in case; but who names a column writes it as it is.
class ColumnNames {
 public:
  struct Entry {
    std::string name;
    std::optional<ColumnType> type;  // nothing: not known here
  };

  /// False when there is one of that name, which stays.
  bool add(std::string_view name, std::optional<ColumnType> type);
  const Entry* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  bool empty() const { return entries_.empty(); }

  /// advice() of a name that is not here.
  std::string advice_for(std::string_view name) const;

 private:
  std::vector<Entry> entries_;
};

/// As in the files: "decimal"; nothing for types that no column of a dataset has.
std::string_view name_of(ColumnType type);

}  // namespace finops::datasets
