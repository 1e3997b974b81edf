#include "finops/engines/duckdb/duckdb_row_transform.h"

#include <algorithm>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/json_text.h"
#include "finops/core/sha256.h"
#include "finops/engines/duckdb/duckdb_session.h"
#include "finops/engines/duckdb/view_sql.h"

namespace finops {
namespace {

using duckdb_sql::quoted_identifier;
using duckdb_sql::quoted_literal;
using Appender = Owned<duckdb_appender, duckdb_appender_destroy>;

constexpr std::string_view kMayChange = "-- rows may change";

std::string scalar_type(const RowColumn& column) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"STRING", "VARCHAR"},
      {"BYTES", "VARCHAR"},
      {"INTEGER", "BIGINT"},
      {"FLOAT", "DOUBLE"},
      {"NUMERIC", "DECIMAL(38,9)"},
      {"BIGNUMERIC", "DECIMAL(38,18)"},
      {"BOOLEAN", "BOOLEAN"},
      {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"},
      {"DATE", "DATE"},
      {"TIME", "TIME"},
      {"DATETIME", "TIMESTAMP"},
      {"JSON", "JSON"},
      {"GEOGRAPHY", "VARCHAR"}};
  const auto* found =
      std::ranges::find(kTypes, column.type, &std::pair<std::string_view, std::string_view>::first);
  if (found != std::end(kTypes)) return std::string(found->second);
  throw Error(ErrorKind::kUnsupported, "the column " + column.name + " is " + column.type +
                                           ", which a transform cannot read");
}

/// As from_json wants it: {"id": "BIGINT", "labels": [{"key": "VARCHAR"}]}.
void append_structure(const RowColumn& column, std::string& json);

void append_structure(const std::vector<RowColumn>& columns, std::string& json) {
  char between = '{';
  for (const RowColumn& column : columns) {
    json += between;
    append_json_string(json, column.name);
    json += ':';
    append_structure(column, json);
    between = ',';
  }
  json += '}';
}

void append_structure(const RowColumn& column, std::string& json) {
  if (column.is_repeated) json += '[';
  if (column.parts.empty()) {
    append_json_string(json, scalar_type(column));
  } else {
    append_structure(column.parts, json);
  }
  if (column.is_repeated) json += ']';
}

std::string record_sql(const std::vector<RowColumn>& parts, const std::string& of, int depth);

/// The value as something that to_json writes exactly: decimals as texts, and floating-point
/// numbers by the shortest text that gives them back.
std::string value_sql(const RowColumn& column, const std::string& value, int depth) {
  if (column.is_repeated) {
    RowColumn item = column;
    item.is_repeated = false;
    const std::string name = "e" + std::to_string(depth);
    return "list_transform(" + value + ", lambda " + name + ": " +
           value_sql(item, name, depth + 1) + ")";
  }
  if (!column.parts.empty()) {
    return "CASE WHEN " + value + " IS NOT NULL THEN " + record_sql(column.parts, value, depth) +
           " END";
  }
  if (column.type == "FLOAT") {
    return "CASE WHEN isfinite(" + value + ") THEN CAST(CAST(" + value +
           " AS VARCHAR) AS JSON) WHEN isnan(" + value + ") THEN to_json('NaN') WHEN " + value +
           " > 0 THEN to_json('Infinity') WHEN " + value + " < 0 THEN to_json('-Infinity') END";
  }
  if (column.type == "BOOLEAN" || column.type == "JSON") return value;
  return "CAST(" + value + " AS VARCHAR)";
}

std::string record_sql(const std::vector<RowColumn>& parts, const std::string& of, int depth) {
  std::string sql = "struct_pack(";
  const char* between = "";
  for (const RowColumn& part : parts) {
    const std::string name = quoted_identifier(part.name);
    sql += between + name + " := " + value_sql(part, of + "." + name, depth);
    between = ", ";
  }
  return sql + ")";
}

class Shape final : public ResultSink {
 public:
  void columns(const std::vector<ResultColumn>& columns) override {
    for (const ResultColumn& column : columns) shape.emplace_back(column.name, column.type);
  }
  void row(const ResultRow&) override {}

  std::vector<std::pair<std::string, std::string>> shape;  // name and type
};

/// What `is` has otherwise than `wanted`, as sentences.
std::string difference_of(const Shape& wanted, const Shape& is) {
  std::string text;
  const auto tell = [&](const std::string& what) { text += (text.empty() ? "" : "; ") + what; };
  const auto type_in = [](const Shape& shape, const std::string& name) -> const std::string* {
    const auto found =
        std::ranges::find(shape.shape, name, &std::pair<std::string, std::string>::first);
    return found == shape.shape.end() ? nullptr : &found->second;
  };
  for (const auto& [name, type] : wanted.shape) {
    const std::string* made = type_in(is, name);
    if (made == nullptr) {
      tell(name + " is missing");
    } else if (*made != type) {
      tell(name + " is " + *made + " and not " + type);
    }
  }
  for (const auto& [name, type] : is.shape) {
    if (type_in(wanted, name) == nullptr) tell(name + " is no column of the table");
  }
  if (text.empty() && is.shape.size() != wanted.shape.size()) tell("a column is there twice");
  return text;
}

class Lines final : public ResultSink {
 public:
  explicit Lines(std::string& out) : out_(out) {}
  void columns(const std::vector<ResultColumn>&) override {}
  void row(const ResultRow& row) override {
    out_ += row.at(0).value_or("{}");
    out_ += '\n';
    ++rows;
  }

  std::uint64_t rows = 0;

 private:
  std::string& out_;
};

class DuckdbRowTransform final : public RowTransform {
 public:
  explicit DuckdbRowTransform(DuckdbRowTransformOptions options)
      : options_(std::move(options)), session_("", engine_settings(options_.memory_bytes, 1, "")) {
    session_.run(
        "SET TimeZone = 'UTC'; SET enable_external_access = false; SET lock_configuration = true");
    select_ = options_.sql;
    while (!select_.empty() && std::string_view(" \t\r\n;").find(select_.back()) != select_.npos) {
      select_.pop_back();
    }
  }

  std::string name() const override { return "the SQL of " + options_.name; }
  std::string version() const override { return sha256_of(options_.sql); }
  bool may_change_rows() const override {
    const std::string first = options_.sql.substr(0, options_.sql.find_first_of("\r\n"));
    return first.starts_with(kMayChange) &&
           first.find_first_not_of(' ', kMayChange.size()) == first.npos;
  }

  void begin(const std::vector<RowColumn>& columns) override {
    std::string structure;
    append_structure(columns, structure);
    session_.run(kEmpty);
    session_.run("CREATE OR REPLACE VIEW batch AS SELECT unnest(r) FROM (SELECT from_json_strict(" +
                 ("line, " + quoted_literal(structure)) + ") AS r FROM arriving)");
    try {
      prepare_reading(session_, select_);
      check_columns();
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUsage && error.kind() != ErrorKind::kUnsupported) throw;
      throw Error(ErrorKind::kInvalidConfig, name() + ": " + error.what());
    }
    transform_ = "SELECT CAST(to_json(" + record_sql(columns, "made", 0) +
                 ") AS VARCHAR) FROM (\n" + select_ + "\n) AS made";
  }

  std::uint64_t apply(std::string_view lines, std::string& out) override {
    append(lines);
    Lines sink(out);
    try {
      run_query(session_, transform_, sink, options_.stop);
    } catch (const Error& error) {
      throw error.within(name());
    }
    session_.run(kEmpty);
    return sink.rows;
  }

 private:
  static constexpr const char* kEmpty = "CREATE OR REPLACE TABLE arriving (line VARCHAR)";

  void check_columns() {
    Shape wanted, made;
    run_query(session_, "SELECT * FROM batch LIMIT 0", wanted, options_.stop);
    run_query(session_, "SELECT * FROM (\n" + select_ + "\n) LIMIT 0", made, options_.stop);
    const std::string difference = difference_of(wanted, made);
    if (difference.empty()) return;
    throw Error(ErrorKind::kInvalidConfig,
                name() + " must give the columns of the table batch, each with its type: " +
                    difference + "; SELECT * REPLACE (… AS column) FROM batch keeps the others");
  }

  void append(std::string_view lines) {
    duckdb_appender made = nullptr;
    const auto state = duckdb_appender_create(session_.handle(), nullptr, "arriving", &made);
    const Appender appender(made);
    bool is_good = state == DuckDBSuccess;
    while (is_good && !lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      is_good = duckdb_append_varchar_length(appender.get(), lines.data(), end) == DuckDBSuccess &&
                duckdb_appender_end_row(appender.get()) == DuckDBSuccess;
      lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    if (is_good && duckdb_appender_close(appender.get()) == DuckDBSuccess) return;
    const char* error = duckdb_appender_error(appender.get());
    throw error_from_duckdb(error != nullptr ? error : "DuckDB took no rows");
  }

  const DuckdbRowTransformOptions options_;
  DuckdbConnection session_;
  std::string select_, transform_;
};

}  // namespace

std::unique_ptr<RowTransform> make_duckdb_row_transform(DuckdbRowTransformOptions options) {
  return std::make_unique<DuckdbRowTransform>(std::move(options));
}

}  // namespace finops
