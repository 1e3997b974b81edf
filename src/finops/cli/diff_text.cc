#include "finops/cli/diff_text.h"

#include <algorithm>
#include <string>

#include "finops/cli/diff_document.h"
#include "finops/cli/human_text.h"
#include "finops/cli/text_table.h"

namespace finops {
namespace {

using enum TextTable::Align;

std::string count_change(std::uint64_t before, std::uint64_t after) {
  return before == after ? count_text(after) : count_text(before) + " → " + count_text(after);
}

void print_rows(std::ostream& out, const BillComparison& comparison) {
  const ComparedDelivery &from = comparison.from, &to = comparison.to;
  out << "Rows delivered " << count_change(from.source_rows, to.source_rows) << ", in the lake "
      << count_change(from.loaded_rows, to.loaded_rows);
  if (from.quarantined_rows + to.quarantined_rows > 0) {
    out << ", in quarantine " << count_change(from.quarantined_rows, to.quarantined_rows);
  }
  out << ".\n";
}

void print_totals(std::ostream& out, const BillComparison& comparison,
                  const std::string& currency) {
  const auto sum_of = [&](const ComparedDelivery& delivery) {
    const auto sum = delivery.cost.find(currency);
    return sum == delivery.cost.end() ? ReceiptSum() : sum->second;
  };
  const ReceiptSum before = sum_of(comparison.from), after = sum_of(comparison.to);
  TextTable table(
      {{currency_text(currency)}, {"BEFORE", kRight}, {"AFTER", kRight}, {"DIFFERENCE", kRight}});
  const auto add = [&](const char* name, const ExactSum& one, const ExactSum& other) {
    ExactSum difference = other;
    difference.subtract(one);
    table.add({name, one.to_string(), other.to_string(), signed_text(difference)});
  };
  const bool has_quarantine = !before.quarantined.is_zero() || !after.quarantined.is_zero();
  add("in the lake", before.loaded, after.loaded);
  if (has_quarantine) {
    add("in quarantine", before.quarantined, after.quarantined);
    add("delivered", before.source, after.source);
  }
  table.print(out);
}

void print_causes(std::ostream& out, const CurrencyDiff& diff) {
  TextTable table(
      {{"CAUSE"}, {"DIFFERENCE", kRight}, {"NEW", kRight}, {"GONE", kRight}, {"CHANGED", kRight}});
  for (const auto& [cause, kinds] : diff.causes) {
    ExactSum sum;
    for (const auto& [kind, groups] : kinds) sum.add(groups.change.difference());
    const auto groups = [&](LineChangeKind kind) {
      const auto found = kinds.find(kind);
      return found == kinds.end() ? std::string() : count_text(found->second.groups);
    };
    std::string name(to_string(cause));
    std::ranges::replace(name, '_', ' ');
    table.add({name, signed_text(sum), groups(LineChangeKind::kNew), groups(LineChangeKind::kGone),
               groups(LineChangeKind::kChanged)});
  }
  out << '\n';
  table.print(out, 2);
}

std::string upper_case(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

void print_values(std::ostream& out, const std::string& heading,
                  const ChangeList<ValueChange>& list) {
  TextTable table(
      {{heading}, {"BEFORE", kRight}, {"AFTER", kRight}, {"DIFFERENCE", kRight}, {"ROWS", kRight}});
  const auto add = [&](const std::string& name, const Change& change) {
    table.add({name, change.before.to_string(), change.after.to_string(),
               signed_text(change.difference()),
               count_change(change.rows_before, change.rows_after)});
  };
  for (const ValueChange& one : list.largest) add(one.key.value_or("(none)"), one.change);
  if (list.other_items > 0) add("(" + count_text(list.other_items) + " others)", list.others);
  if (table.is_empty()) return;
  out << '\n';
  table.print(out, 2);
}

/// A key of which only lines without it changed says nothing of its own.
bool says_something(const ChangeList<ValueChange>& list) {
  return std::ranges::any_of(list.largest,
                             [](const ValueChange& one) { return one.key.has_value(); });
}

void print_lines(std::ostream& out, const CurrencyDiff& diff,
                 const std::vector<std::string>& names) {
  TextTable table({{"LINES"}, {"CAUSE"}, {"DIFFERENCE", kRight}, {"ROWS", kRight}, {"WHICH"}});
  const auto text = [&](const LineChange& line, std::string_view name) -> std::string {
    const auto at = std::ranges::find(names, name);
    if (at == names.end()) return "";
    return line.key[static_cast<std::size_t>(at - names.begin())].value_or("");
  };
  for (const LineChange& line : diff.lines.largest) {
    std::string which;
    for (const char* name :
         {"account", "service", "type", "usage_type", "resource", "start", "description"}) {
      const std::string part = text(line, name);
      if (!part.empty()) which += (which.empty() ? "" : " · ") + part;
    }
    std::string cause(to_string(line.cause));
    std::ranges::replace(cause, '_', ' ');
    table.add({std::string(to_string(line.kind)), cause, signed_text(line.change.difference()),
               count_change(line.change.rows_before, line.change.rows_after), which});
  }
  if (diff.lines.other_items > 0) {
    const Change& others = diff.lines.others;
    table.add({"others", "", signed_text(others.difference()),
               count_change(others.rows_before, others.rows_after),
               "(" + count_text(diff.lines.other_items) + " others)"});
  }
  out << '\n';
  table.print(out, 2);
}

void print_currency(std::ostream& out, const CurrencyDiff& diff,
                    const std::vector<std::string>& names) {
  if (diff.kinds.empty() && diff.total.is_none()) return;
  print_causes(out, diff);
  for (const char* name : {"type", "service", "account", "region", "day"}) {
    const auto list = diff.dimensions.find(name);
    if (list != diff.dimensions.end()) print_values(out, upper_case(name), list->second);
  }
  for (const auto& [key, list] : diff.tags) {
    if (says_something(list)) print_values(out, "TAG " + key, list);
  }
  print_lines(out, diff, names);
}

}  // namespace

void print_diff(std::ostream& out, const BillComparison& comparison) {
  out << printable(comparison.to.id.partition_name()) << ": "
      << printable(comparison.from.id.version) << " → " << printable(comparison.to.id.version);
  if (!has_changes(comparison)) {
    out << ": the same rows and the same money.\n";
    return;
  }
  out << '\n';
  print_rows(out, comparison);
  for (const std::string& currency : currencies_of(comparison)) {
    out << '\n';
    print_totals(out, comparison, currency);
    const auto diff = comparison.diff.currencies.find(currency);
    if (diff == comparison.diff.currencies.end()) continue;
    print_currency(out, diff->second, comparison.diff.key_names);
  }
}

}  // namespace finops
