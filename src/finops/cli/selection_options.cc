#include "finops/cli/selection_options.h"

#include <algorithm>

#include "finops/config/nearest_name.h"
#include "finops/core/billing_period.h"
#include "finops/core/error.h"

namespace finops {
namespace {

CLI::Option* add_one_period(CLI::App& command, std::string& period) {
  return command.add_option("--period", period, "The billing period")
      ->type_name("YYYY-MM")
      ->check(check_period, "");
}

}  // namespace

std::string check_period(const std::string& text) {
  if (BillingPeriod::parse(text)) return "";
  return "'" + text + "' is not a month; write YYYY-MM, for example 2026-05";
}

CLI::Validator one_of(const std::vector<std::string>& words) {
  const auto check = [words](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return "";
    std::string list;
    for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
    const auto near = nearest_name(text, words);
    return "'" + text + "' is none of " + list + (near ? "; did you mean " + *near + "?" : "");
  };
  return {check, ""};
}

void SelectionOptions::add_sources(CLI::App& command) {
  command.add_option("--source", sources, "Only this export; may be given more than once")
      ->type_name("NAME")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

void SelectionOptions::add_range(CLI::App& command) {
  command.add_option("--start-date", start, "First billing period")
      ->type_name("YYYY-MM")
      ->check(check_period, "");
  command.add_option("--end-date", end, "Last billing period")
      ->type_name("YYYY-MM")
      ->check(check_period, "");
}

void SelectionOptions::add_period(CLI::App& command) {
  command.add_option("--period", period, "Only this billing period")
      ->type_name("YYYY-MM")
      ->check(check_period, "");
}

Selection SelectionOptions::selection() const {
  Selection result;
  result.sources = sources;
  result.first = BillingPeriod::parse(period.empty() ? start : period);
  result.last = BillingPeriod::parse(period.empty() ? end : period);
  if (result.first && result.last && *result.last < *result.first) {
    throw Error(ErrorKind::kUsage,
                "--end-date " + end + " is before --start-date " + start + "; swap them");
  }
  return result;
}

void add_required_period(CLI::App& command, std::string& period) {
  add_one_period(command, period)->required();
}

void PartitionOptions::add(CLI::App& command, const std::string& told_by, bool is_required) {
  add_one_period(command, period)->required(is_required);
  command.add_option("--source", source, "The source, as " + told_by + " tells it")
      ->type_name("NAME")
      ->required(is_required);
  command.add_option("--table", table, "When the source filled several tables")->type_name("TABLE");
}

PartitionChoice PartitionOptions::choice() const {
  if (period.empty() || source.empty()) {
    throw Error(ErrorKind::kUsage,
                std::string(period.empty() ? "--period" : "--source") + " is required");
  }
  PartitionChoice choice{
      .source = source, .table = std::nullopt, .period = BillingPeriod::parse(period).value()};
  if (!table.empty()) choice.table = table;
  return choice;
}

}  // namespace finops
