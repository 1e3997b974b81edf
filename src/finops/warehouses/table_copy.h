#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace finops {

class RowTransform;

/// A table of a warehouse by its full name.
struct TablePath {
  std::string project, dataset, table;
  std::string to_string() const { return project + "." + dataset + "." + table; }
};

/// A table to which rows are appended, at any time also older ones, and what shall become its copy.
struct TableCopyRequest {
  TablePath source, destination;
  /// A timestamp of every row. The copy is partitioned by its days (UTC).
  std::string time_column = "export_time";
  /// Of the source's dataset and the copy's; empty: wherever the source is.
  std::string location;
  /// The days before it are done, but for late rows; nothing: none is.
  std::optional<std::chrono::sys_days> first_day;
  int look_back_days = 10;  // late rows are looked for so many days before first_day
  /// This day alone, and as the source has it now, even if that is fewer rows than the copy has.
  std::optional<std::chrono::sys_days> only_day;
  /// Changes rows on their way; nothing: they stay as they are.
  std::shared_ptr<RowTransform> transform;
  /// Called before anything changes that readers of the copy see; throws when the caller lost the
  /// right to change it.
  std::function<void()> before_publish;
};

/// A day of the source that was looked at.
struct ComparedDay {
  std::chrono::sys_days day;
  std::uint64_t source_rows = 0, copy_rows = 0;  // before anything was copied
  bool is_copied = false;
};

/// What a copy took.
struct TableCopyReport {
  std::string way;                                // "server" (no row came through us) or "client"
  std::optional<std::chrono::sys_days> from, to;  // half-open: the days that were looked at
  /// Days before it are over and in the copy as the source has them (or noted): at most the
  /// source's current day, and at most the day after the last one that it has rows of, since an
  /// export that stands still goes on with what it owes. Nothing: no rows were there, or one day
  /// alone was looked at.
  std::optional<std::chrono::sys_days> finished_until;
  std::vector<ComparedDay> days;  // those that either side has rows of, in order
  std::uint64_t rows_copied = 0;
  std::uint64_t bytes_sent = 0;                       // through us
  std::map<std::string, std::uint64_t> bytes_billed;  // of queries, by the project that pays
  std::vector<std::string> jobs;                      // ids, for whoever looks them up
  std::vector<std::string> notes;                     // for people: what was left as it is, and why
};

/// Keeps one table a copy of another, day by day. A day is replaced as a whole and at once, by rows
/// that were compared with the source's before anybody can read them: count and a fingerprint that
/// does not depend on their order. One call at a time for a copy: a later one takes an earlier
/// one's place, which then ends with kConflict. Doing it again changes nothing; killed at any
/// moment, the next call completes it. A day never has fewer rows than before, unless only_day asks
/// for it.
///
/// Throws Error: kInvalidConfig and kPermissionDenied for what an operator must mend, kNotFound
/// when there is no such source, kUnsupported for tables that cannot be copied so, kInvalidData
/// when what arrived is not what was sent, kConflict when a later copy took this one's place, and
/// kUnavailable when a later try may do.
class TableCopier {
 public:
  virtual ~TableCopier() = default;

  /// For people: "BigQuery at https://…".
  virtual std::string name() const = 0;
  virtual TableCopyReport copy(const TableCopyRequest& request) = 0;
};

}  // namespace finops
