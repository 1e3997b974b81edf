#include "finops/diff/bill_diff.h"

#include <functional>
#include <utility>

#include "finops/core/error.h"
#include "finops/diff/line_expressions.h"

namespace finops {
namespace {

/// The columns of a result that a Change is made from, after `first` others.
constexpr std::size_t kChangeCells = 6;

/// Whole and decimal places are summed apart: no number of rows can make either leave 38 digits.
std::string exact_sums(const std::string& value, const std::string& name) {
  std::string sql;
  for (const int side : {1, 2}) {
    const std::string of_side = " FILTER (side = " + std::to_string(side) + ") AS " + name + "_";
    const std::string number = std::to_string(side);
    sql += ", sum(trunc(" + value + "))" + of_side + "whole_" + number;
    sql += ", sum(" + value + " - trunc(" + value + "))" + of_side + "places_" + number;
  }
  return sql;
}

std::string change_sums() {
  return "count(*) FILTER (side = 1) AS rows_1, count(*) FILTER (side = 2) AS rows_2" +
         exact_sums("cost", "cost");
}

/// Leaves out most of what did not change; what these let pass is looked at exactly.
constexpr const char* kMayHaveChanged =
    "rows_1 <> rows_2 OR cost_whole_1 IS DISTINCT FROM cost_whole_2 OR "
    "cost_places_1 IS DISTINCT FROM cost_places_2";

/// `columns` of the lines of both deliveries: "expression AS name".
std::string lines_of_both(const BillPair& bills, const LineExpressions& lines,
                          const std::string& columns) {
  const auto side = [&](int number, const std::string& table) {
    return "SELECT " + std::to_string(number) + " AS side, " + lines.currency + " AS currency, " +
           lines.cost + " AS cost" + columns + " FROM " + table;
  };
  return "WITH lines AS (" + side(1, bills.before) + " UNION ALL " + side(2, bills.after) + ") ";
}

class RowSink : public ResultSink {
 public:
  explicit RowSink(std::function<void(const ResultRow&)> take) : take_(std::move(take)) {}
  void columns(const std::vector<ResultColumn>&) override {}
  void row(const ResultRow& row) override { take_(row); }

 private:
  const std::function<void(const ResultRow&)> take_;
};

ExactSum number_in(const ResultRow& row, std::size_t place) {
  const std::optional<std::string>& text = row.at(place);
  if (!text) return {};
  const auto number = ExactSum::parse(*text);
  if (!number) throw Error(ErrorKind::kInternal, "'" + *text + "' is no sum");
  return *number;
}

ExactSum exact_in(const ResultRow& row, std::size_t place) {
  ExactSum sum = number_in(row, place);
  sum.add(number_in(row, place + 1));
  return sum;
}

Change change_in(const ResultRow& row, std::size_t place) {
  const auto count = [&](std::size_t at) -> std::uint64_t {
    return row.at(at) ? std::stoull(*row[at]) : 0;
  };
  return {count(place), count(place + 1), exact_in(row, place + 2), exact_in(row, place + 4)};
}

class Comparison {
 public:
  Comparison(SqlEngine& engine, const BillPair& bills, std::size_t limit, std::stop_token stop)
      : engine_(engine),
        bills_(bills),
        limit_(limit),
        stop_(std::move(stop)),
        lines_(line_expressions(bills.schema, bills.cost_column, bills.currency_column)) {}

  BillDiff run() {
    compare_totals();
    for (const NamedExpression& dimension : lines_.dimensions) compare_by(dimension);
    if (!lines_.tag_entries.empty()) compare_tags();
    compare_lines();
    check();
    return std::move(diff_);
  }

 private:
  using Lists = std::map<std::string, LargestChanges<ValueChange>>;

  void query(const std::string& sql, std::function<void(const ResultRow&)> take) {
    RowSink sink(std::move(take));
    engine_.query(sql, sink, stop_);
  }

  void compare_totals() {
    query(lines_of_both(bills_, lines_, "") + "SELECT currency, " + change_sums() +
              " FROM lines GROUP BY currency",
          [&](const ResultRow& row) {
            diff_.currencies[row.at(0).value_or("")].total = change_in(row, 1);
          });
  }

  void compare_by(const NamedExpression& dimension) {
    Lists lists;
    query(lines_of_both(bills_, lines_, ", " + dimension.sql + " AS value") +
              "SELECT currency, value, " + change_sums() +
              " FROM lines GROUP BY currency, value HAVING " + kMayHaveChanged,
          [&](const ResultRow& row) {
            ValueChange one{row.at(1), change_in(row, 2)};
            if (one.change.is_none()) return;
            lists.try_emplace(row.at(0).value_or(""), limit_).first->second.add(std::move(one));
          });
    for (auto& [currency, diff] : diff_.currencies) {
      auto& list = lists.try_emplace(currency, limit_).first->second;
      diff.dimensions[dimension.name] = list.finish();
    }
  }

  /// Lines that share all their tags are summed first: there are few such sets, and every tag of
  /// each has to be looked at. Of every key the lines without it are what remains of the total.
  void compare_tags() {
    struct OfKey {
      LargestChanges<ValueChange> values;
      Change tagged;
    };
    std::string columns, names;
    for (const std::string& column : lines_.tag_columns) {
      columns += ", " + column;
      names += ", " + column;
    }
    const std::string sums =
        "sum(rows_1), sum(rows_2), sum(cost_whole_1), sum(cost_places_1), sum(cost_whole_2), "
        "sum(cost_places_2)";
    std::map<std::string, std::map<std::string, OfKey>> found;
    query(lines_of_both(bills_, lines_, columns) + ", sets AS (SELECT currency" + names + ", " +
              change_sums() + " FROM lines GROUP BY currency" + names +
              "), entries AS (SELECT *, unnest(" + lines_.tag_entries +
              ") AS entry FROM sets) SELECT currency, entry.key, entry.value, " + sums +
              " FROM entries WHERE entry.value <> '' GROUP BY ALL",
          [&](const ResultRow& row) {
            auto& keys = found[row.at(0).value_or("")];
            OfKey& key = keys.try_emplace(row.at(1).value_or(""),
                                          OfKey{LargestChanges<ValueChange>(limit_), {}})
                             .first->second;
            ValueChange one{row.at(2), change_in(row, 3)};
            key.tagged.add(one.change);
            if (!one.change.is_none()) key.values.add(std::move(one));
          });
    for (auto& [currency, keys] : found) {
      CurrencyDiff& diff = diff_.currencies.at(currency);
      for (auto& [name, key] : keys) {
        ValueChange untagged{std::nullopt, diff.total};
        untagged.change.rows_before -= key.tagged.rows_before;
        untagged.change.rows_after -= key.tagged.rows_after;
        untagged.change.before.subtract(key.tagged.before);
        untagged.change.after.subtract(key.tagged.after);
        if (!untagged.change.is_none()) key.values.add(std::move(untagged));
        diff.tags[name] = key.values.finish();
      }
    }
  }

  void compare_lines() {
    std::string columns = ", " + lines_.amount + " AS amount", names;
    for (const NamedExpression& one : lines_.key) {
      diff_.key_names.push_back(one.name);
      columns += ", " + one.sql + " AS \"" + one.name + "\"";
      names += ", \"" + one.name + "\"";
    }
    std::map<std::string, LargestChanges<LineChange>> lists;
    query(lines_of_both(bills_, lines_, columns) + "SELECT currency" + names + ", " +
              change_sums() + exact_sums("amount", "amount") + " FROM lines GROUP BY currency" +
              names + " HAVING " + kMayHaveChanged +
              " OR amount_whole_1 IS DISTINCT FROM amount_whole_2 OR amount_places_1 IS DISTINCT "
              "FROM amount_places_2",
          [&](const ResultRow& row) { take_line(row, lists); });
    for (auto& [currency, diff] : diff_.currencies) {
      diff.lines = lists.try_emplace(currency, limit_).first->second.finish();
    }
  }

  void take_line(const ResultRow& row, std::map<std::string, LargestChanges<LineChange>>& lists) {
    const std::size_t keys = lines_.key.size();
    LineChange line;
    line.change = change_in(row, 1 + keys);
    line.amount_before = exact_in(row, 1 + keys + kChangeCells);
    line.amount_after = exact_in(row, 1 + keys + kChangeCells + 2);
    if (line.change.is_none() && line.amount_before == line.amount_after) return;
    line.key.assign(row.begin() + 1, row.begin() + 1 + static_cast<std::ptrdiff_t>(keys));
    line.kind = line.change.rows_before == 0  ? LineChangeKind::kNew
                : line.change.rows_after == 0 ? LineChangeKind::kGone
                                              : LineChangeKind::kChanged;
    line.cause = cause_of(facts_of(line));
    CurrencyDiff& diff = diff_.currencies.at(row.at(0).value_or(""));
    for (ChangedGroups* sum : {&diff.kinds[line.kind], &diff.causes[line.cause][line.kind]}) {
      ++sum->groups;
      sum->change.add(line.change);
    }
    lists.try_emplace(row.at(0).value_or(""), limit_).first->second.add(std::move(line));
  }

  LineFacts facts_of(const LineChange& line) const {
    const auto text = [&](std::string_view name) -> std::string_view {
      for (std::size_t i = 0; i < lines_.key.size(); ++i) {
        if (lines_.key[i].name == name && line.key[i]) return *line.key[i];
      }
      return "";
    };
    ExactSum amount = line.amount_after;
    amount.subtract(line.amount_before);
    return {.type = text("type"),
            .charge_class = text("charge_class"),
            .service = text("service"),
            .commitment = text("commitment"),
            .kind = line.kind,
            .amount_sign = amount.sign(),
            .cost_sign = line.change.difference().sign()};
  }

  /// Nothing that does not add up is ever shown.
  void check() const {
    for (const auto& [currency, diff] : diff_.currencies) {
      const ExactSum total = diff.total.difference();
      const auto require = [&](const ExactSum& sum, const std::string& what) {
        if (sum == total) return;
        throw Error(ErrorKind::kInternal, "the differences by " + what + " sum to " +
                                              sum.to_string() + " " + currency + ", not to " +
                                              total.to_string() + ". This is a defect of finops");
      };
      for (const auto& [name, list] : diff.dimensions) require(list.difference(), name);
      for (const auto& [name, list] : diff.tags) require(list.difference(), "tag " + name);
      require(diff.lines.difference(), "line");
      ExactSum kinds, causes;
      for (const auto& [kind, sum] : diff.kinds) kinds.add(sum.change.difference());
      for (const auto& [cause, of_cause] : diff.causes) {
        for (const auto& [kind, sum] : of_cause) causes.add(sum.change.difference());
      }
      require(kinds, "kind");
      require(causes, "cause");
    }
  }

  SqlEngine& engine_;
  const BillPair& bills_;
  const std::size_t limit_;
  const std::stop_token stop_;
  const LineExpressions lines_;
  BillDiff diff_;
};

}  // namespace

BillDiff compare_bills(SqlEngine& engine, const BillPair& bills, std::size_t limit,
                       const std::stop_token& stop) {
  return Comparison(engine, bills, limit, stop).run();
}

}  // namespace finops
