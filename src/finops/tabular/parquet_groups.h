#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/core/decimal.h"
#include "finops/core/table_schema.h"

namespace finops {

/// A text column by which rows are grouped.
struct GroupColumn {
  std::string column;
  /// What a value counts as; of NULL, and of all rows of a file without the column, that is "".
  /// Nothing: itself. Called for each distinct value of a row group, not for each row.
  std::function<std::string(std::string_view)> key;
  /// Whether rows whose keys so far are these are told apart by this column; the others get "".
  /// Nothing: all are. A column that no row of a row group needs is not read there.
  std::function<bool(std::span<const std::string> keys)> applies;
};

/// Where a row stands in the files that were read.
struct RowPlace {
  std::size_t file = 0;
  int row_group = 0;
  std::int64_t row = 0;  // of the row group
  auto operator<=>(const RowPlace&) const = default;
};

struct GroupTotals {
  static constexpr std::size_t kFirstRows = 3;

  std::uint64_t rows = 0;
  std::vector<ExactSum> sums;   // as GroupQuery::decimals; NULL adds nothing
  ExactSum derived;             // of GroupQuery::derive
  std::vector<RowPlace> first;  // of its rows, the first few in the order of the files
};

/// What is asked of the rows. The functions may be called by several threads.
struct GroupQuery {
  std::vector<GroupColumn> keys;
  std::vector<std::string> decimals;
  /// For rows of groups that `is_derived` accepts: a number of the row's own decimals (as
  /// `decimals`, NULL and missing ones 0), of which the sum is wanted.
  std::function<bool(std::span<const std::string> keys)> is_derived;
  std::function<Int128(std::span<const Int128> decimals)> derive;
};

/// By the keys, in the order of GroupQuery::keys.
using GroupsByKeys = std::map<std::vector<std::string>, GroupTotals>;

/// Adds the groups of a Parquet file of the lake, whose columns are found by the field ids of
/// `columns`. Reads values, not statistics, `threads` row groups at a time (0: as many as there are
/// processors). Memory grows with the rows of a row group (some bytes each) and with the number of
/// groups. Throws kInvalidData for a file that is damaged or whose column has another type.
void add_parquet_groups(std::shared_ptr<const RandomAccessBytes> file, std::size_t file_number,
                        const std::vector<Column>& columns, const GroupQuery& query,
                        unsigned threads, GroupsByKeys& groups);

/// A text and a number of single rows of one file: where a line was delivered.
struct TextAndNumber {
  std::string text;
  std::int64_t number = 0;
};
/// In the order of `places`, whose `file` is not looked at; NULL is "" and 0.
std::vector<TextAndNumber> read_text_and_number(std::shared_ptr<const RandomAccessBytes> file,
                                                std::span<const RowPlace> places,
                                                const Column& text, const Column& number);

}  // namespace finops
