#include "finops/datasets/model_reading.h"

#include <algorithm>
#include <array>
#include <utility>

#include "finops/datasets/table_reader.h"

namespace finops::datasets {
namespace {

using Kind = TomlNode::Kind;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

class ModelReading {
 public:
  ModelReading(const std::string& name, const TomlNode& document, const LakeTables& tables,
               Mistakes& mistakes)
      : tables_(tables),
        mistakes_(mistakes),
        file_(document, "a model's file", mistakes),
        names_(gold_columns(&document)) {
    model_.name = name;
    model_.origin = document.origin;
  }

  Model read() {
    model_.description = file_.required_text("description");
    read_columns();
    for (const WrittenName& column : file_.names("incremental_by")) {
      check_own(column, "incremental_by");
      model_.incremental_by.push_back(column.name);
    }
    model_.partition_by = file_.partitions();
    for (const PartitionColumn& column : model_.partition_by) {
      check_own({column.name, column.origin}, "partition_by");
    }
    for (const TomlNode* test : file_.tables("test")) read_test(*test);
    if (const TomlNode* anomaly = file_.find("anomaly", Kind::kTable)) read_anomaly(*anomaly);
    if (const TomlNode* plot = file_.find("plot", Kind::kTable)) read_plot(*plot);
    file_.refuse_others();
    return std::move(model_);
  }

 private:
  void read_columns() {
    for (const auto& [name, description] : file_.text_pairs("columns")) {
      if (!is_identifier(name.name)) {
        mistakes_.add(name.origin,
                      "a column cannot be named " + quoted(name.name) + "; " + identifier_advice());
      }
      model_.columns.push_back({name.name, description.name, name.origin});
    }
  }

  void check_own(const WrittenName& column, std::string_view key) {
    if (names_.empty() || names_.has(column.name)) return;
    mistakes_.add(column.origin, quoted(key) + " names a column that [columns] does not: " +
                                     quoted(column.name) + names_.advice_for(column.name));
  }

  void read_test(const TomlNode& table) {
    static constexpr std::array<std::string_view, 5> kKinds = {"unique", "not_null", "relation",
                                                               "sum_equals", "no_rows"};
    TableReader reader(table, "a [[test]]", mistakes_);
    const auto written = std::ranges::count_if(
        kKinds, [&](std::string_view kind) { return reader.is_written(kind); });
    ModelTest test{.origin = table.origin};
    read_columns_test(reader, "unique", ModelTest::Kind::kUnique, test);
    read_columns_test(reader, "not_null", ModelTest::Kind::kNotNull, test);
    read_other_table_test(reader, "relation", ModelTest::Kind::kRelation, "to", test);
    read_other_table_test(reader, "sum_equals", ModelTest::Kind::kSumEquals, "source", test);
    const SqlText no_rows = reader.sql("no_rows");
    if (reader.is_written("no_rows")) {
      test.kind = ModelTest::Kind::kNoRows;
      test.sql = no_rows;
    }
    reader.refuse_others();
    if (written != 1) {
      mistakes_.add(
          table.origin,
          "a [[test]] has exactly one of unique, not_null, relation, sum_equals, no_rows, "
          "not " +
              std::to_string(written));
    }
    model_.tests.push_back(std::move(test));
  }

  void read_columns_test(TableReader& reader, std::string_view key, ModelTest::Kind kind,
                         ModelTest& test) {
    const std::vector<WrittenName> columns = reader.names(key);
    if (!reader.is_written(key)) return;
    test.kind = kind;
    test.columns.clear();
    for (const WrittenName& column : columns) {
      check_own(column, key);
      test.columns.push_back(column.name);
    }
    const TomlNode* array = reader.find(key, Kind::kArray);
    if (array != nullptr && array->elements.empty()) {
      mistakes_.add(array->origin, quoted(key) + " names no column");
    }
  }

  void read_other_table_test(TableReader& test_reader, std::string_view key, ModelTest::Kind kind,
                             std::string_view other_key, ModelTest& test) {
    const TomlNode* table = test_reader.find(key, Kind::kTable);
    if (table == nullptr) return;
    TableReader reader(*table, quoted(key), mistakes_);
    test.kind = kind;
    const std::string column = reader.required_text("column");
    if (!column.empty()) check_own({column, reader.origin("column")}, "column");
    test.columns = {column};
    const std::string other = reader.required_text(other_key);
    if (!other.empty()) {
      read_other_column({other, reader.origin(other_key)}, other_key, kind, test);
    }
    if (kind == ModelTest::Kind::kSumEquals) {
      test.other_where = reader.sql("where");
    }
    reader.refuse_others();
  }

  /// "silver.usage_events.cost"; what comes after the second point is the column, points and all.
  void read_other_column(const WrittenName& written, std::string_view key, ModelTest::Kind kind,
                         ModelTest& test) {
    const std::string what = quoted(key) + " names ";
    const auto first = written.name.find('.');
    const auto second = first == std::string::npos ? first : written.name.find('.', first + 1);
    if (second == std::string::npos || second + 1 == written.name.size()) {
      mistakes_.add(written.origin, what +
                                        "a column of another table, such as "
                                        "\"silver.usage_events.org_id\", not " +
                                        quoted(written.name));
      return;
    }
    test.other_table = written.name.substr(0, second);
    test.other_column = written.name.substr(second + 1);
    const auto table = tables_.find(test.other_table);
    if (table == tables_.end()) {
      mistakes_.add(written.origin, what + "no table: " + quoted(test.other_table) +
                                        table_advice(test.other_table));
      return;
    }
    if (table->second.empty()) return;  // not known
    const ColumnNames::Entry* column = table->second.find(test.other_column);
    if (column == nullptr) {
      mistakes_.add(written.origin, what + "no column of " + test.other_table + ": " +
                                        quoted(test.other_column) +
                                        table->second.advice_for(test.other_column));
    } else if (kind == ModelTest::Kind::kSumEquals && column->type &&
               column->type != ColumnType::kDecimal) {
      mistakes_.add(written.origin, what + quoted(written.name) + ", which is no decimal");
    }
  }

  std::string table_advice(const std::string& name) const {
    std::vector<std::string> names;
    for (const auto& [table, columns] : tables_) names.push_back(table);
    return advice(name, names, "tables");
  }

  void read_anomaly(const TomlNode& table) {
    TableReader reader(table, "[anomaly]", mistakes_);
    AnomalyStep step{.amount = reader.required_text("amount"), .origin = table.origin};
    if (!step.amount.empty()) check_own({step.amount, reader.origin("amount")}, "amount");
    for (const WrittenName& column : reader.names("group_by")) {
      check_own(column, "group_by");
      step.group_by.push_back(column.name);
    }
    step.z_threshold = threshold(reader, "z_threshold", "3");
    step.mad_threshold = threshold(reader, "mad_threshold", "4");
    read_percentiles(reader, step);
    step.min_rows = reader.integer("min_rows", 1, 1'000'000'000, 10);
    step.is_tiny_mad =
        reader.choice<bool>("mad_of_zero", {{"mean_deviation", false}, {"tiny", true}}, false);
    read_deciding(reader, step);
    step.takes_refunds =
        reader.choice<bool>("refunds", {{"leave_out", false}, {"take", true}}, false);
    reader.refuse_others();
    model_.anomaly = std::move(step);
  }

  Decimal threshold(TableReader& reader, std::string_view key, std::string_view fallback) {
    const Decimal value = reader.decimal(key, fallback);
    if (value < Decimal()) {
      mistakes_.add(reader.origin(key),
                    quoted(key) + " must not be negative, but is " + value.to_string());
    }
    return value;
  }

  void read_percentiles(TableReader& reader, AnomalyStep& step) {
    static constexpr Decimal kOne = Decimal::from_unscaled(1'000'000'000'000'000'000);
    const auto both = reader.decimals("percentiles");
    step.lower_percentile = both ? both->first : Decimal::parse("0.01")->value;
    step.upper_percentile = both ? both->second : Decimal::parse("0.99")->value;
    if (step.lower_percentile < Decimal() || step.upper_percentile > kOne) {
      mistakes_.add(reader.origin("percentiles"),
                    "'percentiles' are from 0 to 1, such as [\"0.01\", \"0.99\"]");
    }
  }

  void read_deciding(TableReader& reader, AnomalyStep& step) {
    static constexpr std::array<std::string_view, 3> kMethods = {"z_score", "mad", "percentile"};
    for (const WrittenName& method : reader.names("deciding")) {
      if (std::ranges::find(kMethods, method.name) == kMethods.end()) {
        mistakes_.add(method.origin, "'deciding' must hold some of z_score, mad, percentile, not " +
                                         quoted(method.name));
      }
      step.deciding.insert(method.name);
    }
    const TomlNode* array = reader.find("deciding", Kind::kArray);
    if (array != nullptr && array->elements.empty()) {
      mistakes_.add(array->origin,
                    "'deciding' names no method; write some of z_score, mad, "
                    "percentile");
    }
    if (step.deciding.empty()) step.deciding = {"mad"};
    step.votes = reader.integer("votes", 1, static_cast<int>(step.deciding.size()), 1);
  }

  void read_plot(const TomlNode& table) {
    using PlotKind = ModelPlot::Kind;
    TableReader reader(table, "[plot]", mistakes_);
    ModelPlot plot{.origin = table.origin};
    plot.kind = reader.choice<PlotKind>(
        "kind", {{"line", PlotKind::kLine}, {"bar", PlotKind::kBar}, {"none", PlotKind::kNone}},
        PlotKind::kAuto);
    plot.x = plot_column(reader, "x");
    plot.y = plot_column(reader, "y");
    plot.series = plot_column(reader, "series");
    reader.refuse_others();
    if (plot.kind == PlotKind::kBar && !plot.series.empty()) {
      mistakes_.add(reader.origin("series"), "'series' is of lines; a bar is a value of 'x'");
    }
    model_.plot = std::move(plot);
  }

  std::string plot_column(TableReader& reader, std::string_view key) {
    std::string column = reader.text(key);
    if (!column.empty()) check_own({column, reader.origin(key)}, key);
    return column;
  }

  const LakeTables& tables_;
  Mistakes& mistakes_;
  TableReader file_;
  ColumnNames names_;
  Model model_;
};

}  // namespace

const std::vector<Column>& anomaly_columns() {
  static const std::vector<Column> columns = {
      {"z_score", ColumnType::kDecimal, "Standard deviations from the mean of its population"},
      {"mad_score", ColumnType::kDecimal,
       "Robust standard deviations from the median of its population"},
      {"is_zscore", ColumnType::kBoolean, "Whether the z score is an outlier's"},
      {"is_mad", ColumnType::kBoolean, "Whether the MAD score is an outlier's"},
      {"is_percentile", ColumnType::kBoolean,
       "Whether it is below the lower or above the upper percentile"},
      {"is_anomaly", ColumnType::kBoolean,
       "Whether enough of the deciding methods call it an outlier"},
      {"votes", ColumnType::kLong, "How many of the deciding methods call it an outlier"},
      {"population_rows", ColumnType::kLong, "Rows of its population"},
      {"mean", ColumnType::kDecimal, "Mean of its population"},
      {"stddev", ColumnType::kDecimal, "Standard deviation of its population, of a sample"},
      {"median", ColumnType::kDecimal, "Median of its population"},
      {"mad", ColumnType::kDecimal, "Median absolute deviation of its population"},
      {"lower_percentile", ColumnType::kDecimal, "Lower percentile of its population"},
      {"upper_percentile", ColumnType::kDecimal, "Upper percentile of its population"}};
  return columns;
}

ColumnNames gold_columns(const TomlNode* document) {
  ColumnNames result;
  const TomlEntry* columns = document == nullptr ? nullptr : document->find("columns");
  if (columns == nullptr || columns->value.entries.empty()) return result;
  for (const TomlEntry& column : columns->value.entries) result.add(column.key, std::nullopt);
  if (document->find("anomaly") == nullptr) return result;
  for (const Column& column : anomaly_columns()) result.add(column.name, column.type);
  return result;
}

Model read_model(const std::string& name, const TomlNode& document, const LakeTables& tables,
                 Mistakes& mistakes) {
  return ModelReading(name, document, tables, mistakes).read();
}

}  // namespace finops::datasets
