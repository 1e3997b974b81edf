#include "finops/cli/remote_results.h"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "finops/cli/human_text.h"
#include "finops/cli/text_table.h"

namespace finops {
namespace {

using Remote = RemotePeriod::Outcome;

/// BigQuery's price of queries on demand (cloud.google.com/bigquery/pricing, US, 2026): per TiB
/// read, the first of a month free. Loads and copies cost nothing.
constexpr UInt128 kCentsPerTib = 625;

std::string price_of(std::uint64_t bytes) {
  const auto cents = static_cast<std::uint64_t>((bytes * kCentsPerTib) >> 40);
  if (cents == 0) return "less than 0.01 USD";
  const std::string rest = std::to_string(cents % 100);
  return "about " + std::to_string(cents / 100) + "." + (rest.size() < 2 ? "0" : "") + rest +
         " USD";
}

/// `told`: the last message; what is wrong with a whole table is told once.
void show_period(CommandContext& context, const RemotePeriod& period, bool is_dry_run,
                 std::string& told) {
  const std::string name = printable(period.id.partition_name()) + " in " + printable(period.table);
  if (!period.message.empty()) {
    if (period.message != told) context.console.warning(name + ": " + printable(period.message));
    told = period.message;
  } else if (period.is_changed() && !is_dry_run) {
    context.console.note(name + ": " + std::string(to_string(period.outcome)) + ", " +
                         plural(period.rows, "row") + ", " + seconds_text(period.seconds));
  }
}

void print_dry_run(CommandContext& context, const WarehouseReport& report) {
  using enum TextTable::Align;
  TextTable table({{"PERIOD"}, {"TABLE"}, {"WOULD BE"}, {"ROWS", kRight}, {"BYTES", kRight}});
  std::uint64_t sent = 0, checked = 0;
  for (const RemotePeriod& period : report.periods) {
    table.add({period.id.partition_name(), period.table, std::string(to_string(period.outcome)),
               count_text(period.rows), bytes_text(period.lake_bytes)});
    if (!period.is_changed()) continue;
    sent += period.lake_bytes;
    checked += period.checked_bytes;
  }
  std::ostream& out = context.console.out();
  table.print(out);
  out << "About " << bytes_text(sent) << " would be sent to " << printable(report.warehouse)
      << ". Loads cost nothing there; the checks read about " << bytes_text(checked)
      << ", which is " << price_of(checked) << " on demand. Nothing was changed.\n";
}

}  // namespace

WarehouseReport sync_with_display(CommandContext& context, const Configuration& configuration,
                                  const RemoteRequest& request) {
  std::string told;
  return context.services.load_remote(
      configuration, request,
      [&](const RemotePeriod& period) { show_period(context, period, request.is_dry_run, told); },
      context.stop());
}

void print_remote(CommandContext& context, const WarehouseReport& report) {
  for (const std::string& note : report.notes) context.console.note(printable(note));
  std::ostream& out = context.console.out();
  if (report.periods.empty()) {
    out << printable(report.warehouse) << ": the lake holds nothing to load.\n";
    return;
  }
  if (report.is_dry_run) return print_dry_run(context, report);
  std::map<Remote, std::uint64_t> counts;
  std::uint64_t rows = 0, bytes = 0, billed = 0;
  for (const RemotePeriod& period : report.periods) {
    ++counts[period.outcome];
    if (!period.is_changed()) continue;
    rows += period.rows;
    bytes += period.replaced.bytes_sent;
    billed += period.replaced.bytes_billed;
  }
  out << printable(report.warehouse) << ": ";
  const char* between = "";
  for (const auto& [outcome, count] : counts) {
    out << between << count_text(count) << " " << to_string(outcome);
    between = ", ";
  }
  if (rows > 0) {
    out << "; " << plural(rows, "row") << ", " << bytes_text(bytes) << " sent, "
        << bytes_text(billed) << " billed for checks";
  }
  out << ".\n";
}

nlohmann::ordered_json remote_document(const WarehouseReport& report) {
  nlohmann::ordered_json periods = nlohmann::ordered_json::array();
  for (const RemotePeriod& period : report.periods) {
    nlohmann::ordered_json one = {{"table", period.id.table},
                                  {"remote_table", period.table},
                                  {"source", period.id.source},
                                  {"billing_period", period.id.partition},
                                  {"execution_id", period.id.version},
                                  {"outcome", to_string(period.outcome)},
                                  {"rows", period.rows},
                                  {"lake_bytes", period.lake_bytes},
                                  {"estimated_check_bytes", period.checked_bytes}};
    if (!period.held_version.empty()) one["replaced_execution_id"] = period.held_version;
    if (!period.message.empty()) one["message"] = period.message;
    if (!report.is_dry_run && period.is_changed()) {
      one["way"] = period.replaced.way;
      one["bytes_sent"] = period.replaced.bytes_sent;
      one["bytes_billed"] = period.replaced.bytes_billed;
      one["jobs"] = period.replaced.jobs;
      one["seconds"] = period.seconds;
    }
    periods.push_back(std::move(one));
  }
  return {{"warehouse", report.warehouse},
          {"dry_run", report.is_dry_run},
          {"changed", report.is_changed()},
          {"periods", std::move(periods)},
          {"notes", report.notes}};
}

}  // namespace finops
