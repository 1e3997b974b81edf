#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "finops/tabular/json_scanner.h"

namespace finops::bill {

/// Whether a line of JSON lines is no row: spaces, tabs and carriage returns only.
bool is_blank_line(std::string_view line);

/// Why a line that is not blank is no row of JSON lines ("text after the object's end, at byte 9"),
/// or an empty string. Slow and complete.
std::string fault_of_json_line(std::string_view line);

/// The keys of JSON objects as columns, numbered from 0 in the order of their first appearance.
/// One thread at a time.
class JsonColumns {
 public:
  using Members = std::vector<JsonScanner::Member>;
  enum class Placed { kAll, kKeyTwice, kUnknownKey };

  /// Which column each member of an object is, for member() until the next call. Of an object that
  /// names a key twice no column is learned.
  Placed learn(const Members& members) { return place(members, true); }
  /// As learn(), but takes no column that is not known already.
  Placed place(const Members& members) { return place(members, false); }

  static constexpr std::uint32_t kNone = UINT32_MAX;
  /// The index of the member that is this column; kNone: the object has none.
  std::uint32_t member(std::size_t column) const {
    return columns_[column].object == objects_ ? columns_[column].member : kNone;
  }

  const std::deque<std::string>& names() const { return names_; }
  std::size_t name_bytes() const { return name_bytes_; }

 private:
  struct State {
    std::uint64_t object;  // the last that had it
    std::uint32_t member;
  };
  Placed place(const Members& members, bool learns);
  std::size_t find(std::string_view key) const;
  void add(std::string_view key);
  void forget_from(std::size_t column);

  std::deque<std::string> names_;  // stay where they are
  std::unordered_map<std::string_view, std::size_t> by_name_;
  std::vector<State> columns_;
  std::uint64_t objects_ = 0;
  std::size_t name_bytes_ = 0;
  std::string unescaped_;
};

}  // namespace finops::bill
