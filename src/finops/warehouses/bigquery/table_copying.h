#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "finops/warehouses/bigquery/copy_staging.h"
#include "finops/warehouses/bigquery/result_rows.h"
#include "finops/warehouses/bigquery/transformed_days.h"
#include "finops/warehouses/row_transform.h"
#include "finops/warehouses/table_copy.h"

namespace finops::bigquery {

/// One call of TableCopier::copy(), which run() is once: looks at the source, provides the copy,
/// ends what earlier calls left, compares the days, and replaces those that differ, some at a time:
/// staged, compared with the source, published, and compared again. The clients outlive it.
class TableCopying {
 public:
  TableCopying(Client& reader, Client& writer, bool is_on_server, std::size_t days_at_once,
               const TableCopyRequest& request)
      : reader_(reader),
        writer_(writer),
        days_at_once_(days_at_once),
        request_(request),
        transform_(request.transform.get()),
        is_on_server_(is_on_server),
        from_{request.source.project, request.source.dataset, request.source.table},
        to_{request.destination.project, request.destination.dataset, request.destination.table} {
    report_.way = is_on_server && !transform_ ? "server" : "client";
  }

  TableCopyReport run();

 private:
  template <typename Action>
  auto as(const Client& client, Action action);
  void look_at_source();
  void prepare_copy();
  void end_earlier_copies();
  std::vector<TimeRange> wanted_range() const;
  void compare();
  bool is_current(Day day) const;
  std::uint64_t rows_before(Day day) const;
  bool is_wanted(Day day);
  void replace_days(const std::vector<Day>& days);
  void copy_days(std::vector<Day> days);
  std::unique_ptr<CopyStaging> filled(const std::vector<Day>& days);
  void fill_on_server(const CopyStaging& staging, const std::vector<Day>& days);
  void send(const CopyStaging& staging, const std::vector<Day>& days);
  void load(const CopyStaging& staging, const std::function<void(const TakeLines&)>& give);
  std::uint64_t change(const CopyStaging& raw, const CopyStaging& changed,
                       const std::vector<Day>& days);
  void check_changed(const DaySums& made, std::uint64_t rows, const std::vector<Day>& days) const;
  void publish_changed(const CopyStaging& raw, const std::vector<Day>& days);
  std::vector<Day> agree(const CopyStaging& staging, const std::vector<Day>& days);
  void publish(const TableRef& staging, Day day, const DaySum& sum);
  void check_copied();
  void tell_days();

  RowSource as_in(const TableRef& table) const {
    return {.table = table, .time_column = request_.time_column, .fields = source_fields_};
  }
  RowSource source() const;
  Jobs reading() { return {reader_, location_}; }
  Jobs writing() { return {writer_, location_}; }
  DaySums sums(Jobs jobs, const RowSource& of, const std::vector<TimeRange>& ranges);
  void note_job(const Client& client, const FinishedJob& job);
  std::string publishing_prefix() const { return job_id_prefix("copy into " + to_.to_string()); }

  Client& reader_;
  Client& writer_;
  const std::size_t days_at_once_;
  const TableCopyRequest& request_;
  RowTransform* const transform_;  // null: rows stay as they are
  const bool is_on_server_;        // rows get into their first table without us
  const TableRef from_, to_;
  std::string location_;
  Json source_fields_;
  bool is_by_arrival_ = false;
  Json copy_;  // the copy's resource
  DaySums there_, here_;
  std::optional<TransformedDays> kept_;
  std::map<Day, TransformedDay> known_;
  std::map<Day, DaySum> copied_;  // what the copy has of the days that were published
  TableCopyReport report_;
};

}  // namespace finops::bigquery
