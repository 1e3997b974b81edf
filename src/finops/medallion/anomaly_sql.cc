#include "finops/medallion/anomaly_sql.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "finops/anomaly/outlier_detector.h"
#include "finops/core/error.h"
#include "finops/engines/sql_text.h"
#include "finops/medallion/query_results.h"

namespace finops::medallion {
namespace {

using anomaly::OutlierDetector;
using anomaly::WeightedValue;

constexpr const char* kGroups = "finops_populations";
constexpr const char* kScore = "\"finops:score\"";  // a column; those of projects have no colon

anomaly::Rules rules_of(const datasets::AnomalyStep& step) {
  anomaly::Rules rules;
  rules.z_threshold = step.z_threshold;
  rules.mad_threshold = step.mad_threshold;
  rules.lower_percentile = step.lower_percentile;
  rules.upper_percentile = step.upper_percentile;
  rules.min_rows = static_cast<std::uint64_t>(step.min_rows);
  rules.mad_of_zero =
      step.is_tiny_mad ? anomaly::MadOfZero::kTiny : anomaly::MadOfZero::kMeanAbsoluteDeviation;
  rules.deciding = {.z_score = step.deciding.contains("z_score"),
                    .mad = step.deciding.contains("mad"),
                    .percentile = step.deciding.contains("percentile")};
  rules.votes = step.votes;
  rules.takes_refunds = step.takes_refunds;
  return rules;
}

/// One population: its key as texts, and what its amounts are like.
struct Population {
  std::vector<std::optional<std::string>> key;
  OutlierDetector detector;
};
using Populations = std::vector<Population>;

std::string key_text(const std::string& column) {
  return "CAST(" + quoted_identifier(column) + " AS VARCHAR)";
}

/// Takes amounts as they come, population by population, and holds those of one at a time.
class PopulationReading {
 public:
  explicit PopulationReading(const datasets::AnomalyStep& step)
      : step_(step), rules_(rules_of(step)) {}

  std::shared_ptr<const Populations> read(TransformEngine& engine, const std::string& select,
                                          const std::stop_token& stop) {
    const std::string amount = quoted_identifier(step_.amount);
    std::string keys, order;
    for (std::size_t i = 0; i < step_.group_by.size(); ++i) {
      keys += key_text(step_.group_by[i]) + " AS k" + std::to_string(i) + ", ";
      order += "k" + std::to_string(i) + ", ";
    }
    for_each_row(engine,
                 "SELECT " + keys + "CAST(" + amount +
                     " AS DECIMAL(38,18)) AS amount, count(*) FROM (" + select + "\n) WHERE " +
                     amount + " IS NOT NULL GROUP BY ALL ORDER BY " + order + "amount",
                 stop, [&](const ResultRow& row) { add(row); });
    end_population();
    return std::move(populations_);
  }

 private:
  void add(const ResultRow& row) {
    const auto keys = static_cast<std::ptrdiff_t>(step_.group_by.size());
    if (!std::equal(row.begin(), row.begin() + keys, key_.begin(), key_.end())) end_population();
    key_.assign(row.begin(), row.begin() + keys);
    values_.push_back({decimal_of(*row[step_.group_by.size()]),
                       std::stoull(row[step_.group_by.size() + 1].value_or("0"))});
  }

  void end_population() {
    if (!values_.empty()) populations_->push_back({key_, OutlierDetector(values_, rules_)});
    values_.clear();
  }

  const datasets::AnomalyStep& step_;
  const anomaly::Rules rules_;
  std::vector<std::optional<std::string>> key_;
  std::vector<WeightedValue> values_;
  std::shared_ptr<Populations> populations_ = std::make_shared<Populations>();
};

TransformCell cell_of(const std::optional<Decimal>& value) {
  return value ? TransformCell(*value) : TransformCell();
}

Column column(const std::string& name, ColumnType type) {
  return {.name = name, .type = type, .doc = name};
}

/// What is told of each amount; the rest of anomaly_columns() of its population.
std::vector<Column> score_columns() {
  return {column("z_score", ColumnType::kDecimal),
          column("mad_score", ColumnType::kDecimal),
          column("is_zscore", ColumnType::kBoolean),
          column("is_mad", ColumnType::kBoolean),
          column("is_percentile", ColumnType::kBoolean),
          column("is_anomaly", ColumnType::kBoolean),
          column("votes", ColumnType::kLong)};
}

bool is_score(const Column& one) {
  return std::ranges::any_of(score_columns(),
                             [&](const Column& score) { return score.name == one.name; });
}

std::vector<Column> statistics_columns() {
  std::vector<Column> columns;
  for (const Column& one : datasets::anomaly_columns()) {
    if (!is_score(one)) columns.push_back(one);
  }
  return columns;
}

TransformCell statistic(const anomaly::PopulationStatistics& of, const std::string& name) {
  if (name == "population_rows") return static_cast<std::int64_t>(of.rows);
  if (name == "mean") return cell_of(of.mean);
  if (name == "stddev") return cell_of(of.standard_deviation);
  if (name == "median") return cell_of(of.median);
  if (name == "mad") return cell_of(of.mad);
  if (name == "lower_percentile") return cell_of(of.lower_percentile);
  if (name == "upper_percentile") return cell_of(of.upper_percentile);
  throw Error(ErrorKind::kInternal, "no statistic is called " + name);
}

void keep_populations(TransformEngine& engine, const datasets::AnomalyStep& step,
                      const Populations& populations) {
  std::vector<Column> columns = {column("population", ColumnType::kLong)};
  for (std::size_t i = 0; i < step.group_by.size(); ++i) {
    columns.push_back(column("k" + std::to_string(i), ColumnType::kText));
  }
  const auto statistics = statistics_columns();
  columns.insert(columns.end(), statistics.begin(), statistics.end());
  std::size_t next = 0;
  engine.keep_rows(kGroups, columns, [&]() -> std::optional<TransformRow> {
    if (next == populations.size()) return std::nullopt;
    const auto& [key, detector] = populations[next];
    const bool is_judged = detector.outcome() != anomaly::Outcome::kTooFewRows;
    TransformRow row = {static_cast<std::int64_t>(next++)};
    for (const auto& text : key) row.push_back(text ? TransformCell(*text) : TransformCell());
    for (const Column& one : statistics) {
      row.push_back(is_judged ? statistic(detector.statistics(), one.name) : TransformCell());
    }
    return row;
  });
}

void define_score(TransformEngine& engine, const std::string& function,
                  std::shared_ptr<const Populations> populations) {
  engine.define(function, score_columns(),
                [populations = std::move(populations)](std::int64_t population, Decimal amount,
                                                       TransformRow& result) {
                  const auto& judge = populations->at(static_cast<std::size_t>(population));
                  const anomaly::Score score = judge.detector.score(amount);
                  result = {cell_of(score.z),         cell_of(score.mad),     score.flags.z_score,
                            score.flags.mad,          score.flags.percentile, score.is_anomaly,
                            std::int64_t{score.votes}};
                });
}

/// Refunds are in no population that leaves them out, so they have none.
std::string population_of(const datasets::AnomalyStep& step) {
  std::string on = step.takes_refunds ? "true" : "m." + quoted_identifier(step.amount) + " >= 0";
  on += " AND m." + quoted_identifier(step.amount) + " IS NOT NULL";
  for (std::size_t i = 0; i < step.group_by.size(); ++i) {
    on += " AND CAST(m." + quoted_identifier(step.group_by[i]) +
          " AS VARCHAR) IS NOT DISTINCT FROM p.k" + std::to_string(i);
  }
  return on;
}

}  // namespace

std::string scored_query(TransformEngine& engine, const datasets::AnomalyStep& step,
                         const std::string& name, const std::string& select,
                         const std::vector<Column>& columns, const std::stop_token& stop) {
  const auto populations = PopulationReading(step).read(engine, select, stop);
  keep_populations(engine, step, *populations);
  // A function cannot be taken back, so each model has one of its own.
  const std::string function = "finops_score_" + name;
  define_score(engine, function, populations);
  std::string list, inner;
  for (const Column& one : columns) list += quoted_identifier(one.name) + ", ";
  for (const Column& one : datasets::anomaly_columns()) {
    std::string value =
        is_score(one) ? kScore + ("." + one.name) : quoted_identifier("finops:" + one.name);
    if (one.type == ColumnType::kBoolean) value = "coalesce(" + value + ", false)";
    if (one.name == "votes") value = "coalesce(" + value + ", 0)";
    list += value + " AS " + one.name + ", ";
    if (!is_score(one))
      inner += ", p." + one.name + " AS " + quoted_identifier("finops:" + one.name);
  }
  list.resize(list.size() - 2);
  return "SELECT " + list + " FROM (SELECT m.*" + inner + ", " + quoted_identifier(function) +
         "(p.population, CAST(m." + quoted_identifier(step.amount) + " AS DECIMAL(38,18))) AS " +
         kScore + " FROM (" + select + "\n) AS m LEFT JOIN " + kGroups + " AS p ON " +
         population_of(step) + ")";
}

void forget_scores(TransformEngine& engine) { engine.forget(kGroups); }

}  // namespace finops::medallion
