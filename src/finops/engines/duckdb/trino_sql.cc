#include "finops/engines/duckdb/trino_sql.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/decimal.h"
#include "finops/engines/duckdb/trino_functions.h"
#include "finops/engines/sql_text.h"

namespace finops {
namespace {

using nlohmann::json;

/// What both engines call by this name with the same result.
const std::set<std::string>& functions_of_both() {
  static const std::set<std::string> names = {
      "abs", "array_agg", "bool_and", "bool_or", "count",       "day", "length", "lower",
      "max", "min",       "month",    "nullif",  "starts_with", "sum", "year"};
  return names;
}

const std::set<std::string>& window_functions() {
  static const std::set<std::string> names = {"count", "count_star", "dense_rank", "max",
                                              "min",   "rank",       "row_number", "sum"};
  return names;
}

std::string all_functions() {
  std::set<std::string> names = functions_of_both();
  names.insert({"contains", "upper"});
  for (const auto& [name, function] : trino_functions()) names.insert(name);
  return sql_list(names, [](const std::string& name) { return name; });
}

bool is_set(const json& node, const char* key) {
  const auto it = node.find(key);
  return it != node.end() && !it->is_null();
}

std::string text(const json& node, const char* key) {
  return is_set(node, key) ? node.at(key).get<std::string>() : "";
}

/// Every name of a column, and "*" where one is read, in lower case.
void add_column_names(const json& tree, std::set<std::string>& names) {
  if (tree.is_object()) {
    for (const char* key : {"column_names", "using_columns"}) {
      if (!tree.contains(key)) continue;
      for (const auto& name : tree.at(key)) names.insert(ascii_lower(name.get<std::string>()));
    }
    if (text(tree, "class") == "STAR") names.insert("*");
  }
  if (!tree.is_structured()) return;
  for (const auto& child : tree) add_column_names(child, names);
}

std::string output_name(const json& item) {
  if (const std::string alias = text(item, "alias"); !alias.empty()) return ascii_lower(alias);
  if (text(item, "class") != "COLUMN_REF") return "";
  return ascii_lower(item.at("column_names").back().get<std::string>());
}

/// How often each name is that of a column which some SELECT of the tree gives.
void count_outputs(const json& tree, std::map<std::string, int>& names) {
  if (tree.is_object() && tree.contains("select_list")) {
    for (const auto& item : tree.at("select_list")) ++names[output_name(item)];
  }
  if (!tree.is_structured()) return;
  for (const auto& child : tree) count_outputs(child, names);
}

std::string trino_type(ColumnType type) {
  switch (type) {
    case ColumnType::kText: return "varchar";
    case ColumnType::kDecimal: return "decimal(38, 18)";
    case ColumnType::kTimestamp: return "timestamp(6)";
    case ColumnType::kDate: return "date";
    case ColumnType::kInt: return "integer";
    case ColumnType::kLong: return "bigint";
    case ColumnType::kBoolean: return "boolean";
    case ColumnType::kBinary: return "varbinary";
    case ColumnType::kTextMap: return "map(varchar, varchar)";
    case ColumnType::kDecimalMap: return "map(varchar, decimal(38, 18))";
  }
  throw Error(ErrorKind::kInternal, "a column type without one of Trino");
}

std::string cast(const std::string& value, const std::string& type) {
  return "CAST(" + value + " AS " + type + ")";
}

/// The value as a column of the lake: times are of UTC there.
std::string as_stored(const Column& column) {
  const std::string name = quoted_identifier(column.name);
  const std::string value = cast(name, trino_type(column.type));
  return (column.type == ColumnType::kTimestamp ? "with_timezone(" + value + ", 'UTC')" : value) +
         " AS " + name;
}

class Printing {
 public:
  explicit Printing(const std::map<std::string, TrinoTable>& tables) : tables_(tables) {
    for (const auto& [name, table] : tables) {
      for (const Column& column : table.columns) table_columns_.insert(ascii_lower(column.name));
    }
  }

  TrinoSelect print(const json& tree, const std::vector<Column>& result) {
    add_column_names(tree, read_columns_);
    count_outputs(tree, outputs_);
    const std::string body = query(tree);
    std::string sql;
    const auto& known = trino_functions();
    const auto definition = [&](const std::string& name) { return known.at(name).definition; };
    if (!functions_.empty()) sql += "WITH\n" + sql_list(functions_, definition, ",\n") + "\n";
    sql += "WITH\n";
    for (const auto& name : read_tables_) sql += input(name) + ",\n";
    sql += "\"finops model\" AS (\n" + body + "\n)\nSELECT\n  " +
           sql_list(result, as_stored, ",\n  ") + "\nFROM \"finops model\"\n";
    std::ranges::stable_sort(refusals_, {}, &TrinoSelect::Refusal::at);
    return {std::move(sql), std::move(refusals_)};
  }

 private:
  // What is printed is of no use once something is refused; printing goes on to find the rest.
  std::string refuse(const std::string& what) {
    refusals_.push_back({at_, what});
    return "NULL";
  }

  void enter(const json& node) {
    constexpr std::uint64_t kUnknown = ~std::uint64_t{0};
    const auto it = node.find("query_location");
    if (it != node.end() && it->get<std::uint64_t>() != kUnknown) at_ = it->get<std::size_t>();
  }

  /// The table's columns that are read, with the types that they have in a model.
  std::string input(const std::string& name) const {
    const TrinoTable& table = tables_.at(name);
    std::vector<Column> columns;
    const bool takes_all = read_columns_.contains("*");
    std::ranges::copy_if(table.columns, std::back_inserter(columns), [&](const Column& column) {
      return takes_all || read_columns_.contains(ascii_lower(column.name));
    });
    if (columns.empty()) columns.push_back(table.columns.front());
    const auto column_text = [](const Column& column) {
      const std::string quoted = quoted_identifier(column.name);
      if (column.type != ColumnType::kTimestamp) return quoted;
      return cast(quoted, trino_type(column.type)) + " AS " + quoted;
    };
    return quoted_identifier(name) + " AS (\n  SELECT " + sql_list(columns, column_text) +
           "\n  FROM " + table.name + "\n)";
  }

  std::string query(const json& node) {
    const std::string type = text(node, "type");
    std::string sql = ctes(node);
    if (type == "SELECT_NODE") {
      sql += select(node);
    } else if (type == "SET_OPERATION_NODE") {
      sql += set_operation(node);
    } else {
      return refuse("a query that reads itself");
    }
    return sql + modifiers(node);
  }

  std::string ctes(const json& node) {
    std::string sql;
    for (const auto& cte : node.at("cte_map").at("map")) {
      const std::string name = cte.at("key");
      sql += (sql.empty() ? "WITH " : ",\n") + quoted_identifier(name) +
             column_aliases(cte.at("value"), "aliases") + " AS (\n" +
             query(cte.at("value").at("query").at("node")) + "\n)";
    }
    return sql.empty() ? sql : sql + "\n";
  }

  std::string column_aliases(const json& node, const char* key) const {
    const auto it = node.find(key);
    if (it == node.end() || it->empty()) return "";
    return "(" + quoted_identifiers(it->get<std::vector<std::string>>()) + ")";
  }

  std::string set_operation(const json& node) {
    const std::string type = text(node, "setop_type");
    if (type != "UNION" && type != "EXCEPT" && type != "INTERSECT") {
      return refuse("a union by name");
    }
    return "(" + query(node.at("left")) + ")\n" + type +
           (node.value("setop_all", false) ? " ALL" : "") + "\n(" + query(node.at("right")) + ")";
  }

  std::string select(const json& node) {
    const auto aliases = std::exchange(aliases_, aliases_of(node));
    std::string sql = "SELECT" + distinct(node);
    sql +=
        "\n  " +
        sql_list(node.at("select_list"), [&](const json& item) { return selected(item); }, ",\n  ");
    const json& from = node.at("from_table");
    if (text(from, "type") != "EMPTY") sql += "\nFROM " + table(from);
    if (is_set(node, "where_clause")) sql += "\nWHERE " + expression(node.at("where_clause"));
    sql += groups(node);
    if (is_set(node, "having")) sql += "\nHAVING " + expression(node.at("having"));
    if (is_set(node, "qualify")) {
      expression(node.at("qualify"));
      enter(node.at("qualify"));
      refuse("QUALIFY; write the window function as a column of a query in FROM, and WHERE around");
    }
    if (is_set(node, "sample")) refuse("a sample");
    aliases_ = aliases;
    return sql;
  }

  /// Names that only this SELECT's own list gives: DuckDB finds them in its other parts too.
  std::set<std::string> aliases_of(const json& node) const {
    std::map<std::string, int> own;
    for (const auto& item : node.at("select_list")) {
      if (!text(item, "alias").empty()) ++own[output_name(item)];
    }
    std::set<std::string> names;
    for (const auto& [name, count] : own) {
      if (!table_columns_.contains(name) && outputs_.at(name) == count) names.insert(name);
    }
    return names;
  }

  std::string selected(const json& item) {
    if (text(item, "class") == "STAR") return star(item);
    const std::string alias = text(item, "alias");
    return expression(item) + (alias.empty() ? "" : " AS " + quoted_identifier(alias));
  }

  std::string star(const json& item) {
    enter(item);
    const auto has = [&](const char* key) { return item.contains(key) && !item.at(key).empty(); };
    if (has("exclude_list") || has("replace_list") || has("qualified_exclude_list") ||
        has("rename_list") || item.value("columns", false) || is_set(item, "expr")) {
      return refuse("a '*' that leaves out or changes columns");
    }
    const std::string of = text(item, "relation_name");
    return of.empty() ? "*" : quoted_identifier(of) + ".*";
  }

  std::string groups(const json& node) {
    if (text(node, "aggregate_handling") == "FORCE_AGGREGATES") refuse("GROUP BY ALL");
    const json& expressions = node.at("group_expressions");
    if (node.at("group_sets").size() > 1) refuse("more than one set of GROUP BY");
    if (expressions.empty()) return "";
    return "\nGROUP BY " + expressions_of(expressions);
  }

  std::string distinct(const json& node) {
    for (const auto& modifier : node.at("modifiers")) {
      if (text(modifier, "type") != "DISTINCT_MODIFIER") continue;
      if (!modifier.at("distinct_on_targets").empty()) refuse("DISTINCT ON");
      return " DISTINCT";
    }
    return "";
  }

  std::string modifiers(const json& node) {
    std::string sql;
    const auto aliases = std::exchange(aliases_, {});  // ORDER BY may name them in both
    for (const auto& modifier : node.at("modifiers")) {
      const std::string type = text(modifier, "type");
      if (type == "ORDER_MODIFIER") {
        sql += "\nORDER BY " + orders(modifier.at("orders"));
      } else if (type == "LIMIT_MODIFIER") {
        if (is_set(modifier, "offset")) sql += "\nOFFSET " + expression(modifier.at("offset"));
        if (is_set(modifier, "limit")) sql += "\nLIMIT " + expression(modifier.at("limit"));
      } else if (type != "DISTINCT_MODIFIER") {
        refuse("a limit in percent");
      }
    }
    aliases_ = aliases;
    return sql;
  }

  std::string orders(const json& orders) {
    return sql_list(orders, [&](const json& order) {
      const bool is_down = text(order, "type") == "DESCENDING";
      const bool has_nulls_first = text(order, "null_order") == "NULLS FIRST";
      return expression(order.at("expression")) + (is_down ? " DESC" : "") +
             (has_nulls_first ? " NULLS FIRST" : " NULLS LAST");
    });
  }

  std::string table(const json& node) {
    enter(node);
    const std::string type = text(node, "type");
    if (is_set(node, "sample")) return refuse("a sample");
    if (type == "BASE_TABLE") return base_table(node);
    if (type == "JOIN") return join(node);
    if (type == "SUBQUERY") {
      const std::string alias = text(node, "alias");
      return "(\n" + query(node.at("subquery").at("node")) + "\n)" +
             (alias.empty() ? "" : " AS " + quoted_identifier(alias)) +
             column_aliases(node, "column_name_alias");
    }
    return refuse(type == "TABLE_FUNCTION" ? "a function in FROM" : "rows that are written in it");
  }

  std::string base_table(const json& node) {
    const std::string schema = text(node, "schema_name"), name = text(node, "table_name");
    const std::string alias = text(node, "alias");
    const std::string as = " AS " + quoted_identifier(alias.empty() ? name : alias) +
                           column_aliases(node, "column_name_alias");
    if (is_set(node, "at_clause")) return refuse("a table as it was");
    if (schema.empty()) return quoted_identifier(name) + as;
    const std::string full = schema + "." + name;
    read_tables_.insert(full);
    return quoted_identifier(full) + as;
  }

  std::string join(const json& node) {
    static const std::map<std::string, std::string> kinds = {
        {"INNER", "JOIN"}, {"LEFT", "LEFT JOIN"}, {"RIGHT", "RIGHT JOIN"}, {"OUTER", "FULL JOIN"}};
    const std::string type = text(node, "join_type"), reference = text(node, "ref_type");
    const auto kind = kinds.find(type);
    if (kind == kinds.end() || (reference != "REGULAR" && reference != "CROSS")) {
      return refuse("a join that is not inner, left, right, full or cross");
    }
    const std::string left = table(node.at("left")), right = table(node.at("right"));
    if (reference == "CROSS") return left + "\nCROSS JOIN " + right;
    const std::string both = left + "\n" + kind->second + " " + right;
    if (is_set(node, "condition")) return both + " ON " + expression(node.at("condition"));
    return both + " USING " + column_aliases(node, "using_columns");
  }

  std::string expressions_of(const json& nodes) {
    return sql_list(nodes, [&](const json& node) { return expression(node); });
  }

  std::string expression(const json& node) {
    using Print = std::string (Printing::*)(const json&);
    static const std::map<std::string, Print> kinds = {
        {"BETWEEN", &Printing::between},       {"CASE", &Printing::choice},
        {"CAST", &Printing::conversion},       {"COLUMN_REF", &Printing::column},
        {"COMPARISON", &Printing::comparison}, {"CONJUNCTION", &Printing::conjunction},
        {"CONSTANT", &Printing::constant},     {"FUNCTION", &Printing::function},
        {"OPERATOR", &Printing::operation},    {"SUBQUERY", &Printing::subquery},
        {"WINDOW", &Printing::window}};
    enter(node);
    const auto kind = kinds.find(text(node, "class"));
    if (kind == kinds.end()) return refuse("an expression of this kind");
    return (this->*kind->second)(node);
  }

  std::string between(const json& node) {
    return "(" + expression(node.at("input")) + " BETWEEN " + expression(node.at("lower")) +
           " AND " + expression(node.at("upper")) + ")";
  }

  std::string choice(const json& node) {
    std::string sql = "CASE";
    for (const auto& check : node.at("case_checks")) {
      sql += " WHEN " + expression(check.at("when_expr")) + " THEN " +
             expression(check.at("then_expr"));
    }
    return sql + " ELSE " + expression(node.at("else_expr")) + " END";
  }

  std::string column(const json& node) {
    const auto names = node.at("column_names").get<std::vector<std::string>>();
    if (names.size() > 2) {
      return refuse("a column with the name of its layer; give the table a name with AS");
    }
    if (names.size() == 1 && aliases_.contains(ascii_lower(names.front()))) {
      return refuse("the name '" + names.front() +
                    "' of a result in another part of its query; write the expression again");
    }
    return sql_list(names, [](const std::string& name) { return quoted_identifier(name); }, ".");
  }

  std::string comparison(const json& node) {
    static const std::map<std::string, std::string> signs = {
        {"COMPARE_EQUAL", "="},
        {"COMPARE_NOTEQUAL", "<>"},
        {"COMPARE_LESSTHAN", "<"},
        {"COMPARE_GREATERTHAN", ">"},
        {"COMPARE_LESSTHANOREQUALTO", "<="},
        {"COMPARE_GREATERTHANOREQUALTO", ">="},
        {"COMPARE_DISTINCT_FROM", "IS DISTINCT FROM"},
        {"COMPARE_NOT_DISTINCT_FROM", "IS NOT DISTINCT FROM"}};
    const auto sign = signs.find(text(node, "type"));
    if (sign == signs.end()) return refuse("this comparison");
    return "(" + expression(node.at("left")) + " " + sign->second + " " +
           expression(node.at("right")) + ")";
  }

  std::string conjunction(const json& node) {
    const bool is_and = text(node, "type") == "CONJUNCTION_AND";
    return "(" +
           sql_list(
               node.at("children"), [&](const json& child) { return expression(child); },
               is_and ? " AND " : " OR ") +
           ")";
  }

  std::string operation(const json& node) {
    const std::string type = text(node, "type");
    const json& children = node.at("children");
    if (type == "OPERATOR_COALESCE") return "coalesce(" + expressions_of(children) + ")";
    const std::size_t at = at_;
    const std::string first = expression(children.at(0));
    if (type == "OPERATOR_NOT") return "(NOT " + first + ")";
    if (type == "OPERATOR_IS_NULL") return "(" + first + " IS NULL)";
    if (type == "OPERATOR_IS_NOT_NULL") return "(" + first + " IS NOT NULL)";
    if (type == "COMPARE_IN" || type == "COMPARE_NOT_IN") {
      const json others(children.begin() + 1, children.end());
      return "(" + first + (type == "COMPARE_IN" ? " IN (" : " NOT IN (") + expressions_of(others) +
             "))";
    }
    at_ = at;
    return refuse("this operator");
  }

  std::string subquery(const json& node) {
    const std::string type = text(node, "subquery_type");
    const std::size_t at = at_;
    const std::string sql = "(\n" + query(node.at("subquery").at("node")) + "\n)";
    if (type == "SCALAR") return sql;
    if (type == "EXISTS") return "(EXISTS " + sql + ")";
    if (type == "NOT_EXISTS") return "(NOT EXISTS " + sql + ")";
    if (type == "ANY" && text(node, "comparison_type") == "COMPARE_EQUAL") {
      return "(" + expression(node.at("child")) + " IN " + sql + ")";
    }
    at_ = at;
    return refuse("this kind of query in an expression");
  }

  static std::string decimal_text(const json& value, int scale) {
    Int128 number = 0;
    if (value.is_object()) {
      number = static_cast<Int128>(value.at("upper").get<std::int64_t>()) << 64;
      number += static_cast<Int128>(value.at("lower").get<std::uint64_t>());
    } else {
      number = value.get<std::int64_t>();
    }
    std::string digits;
    for (Int128 rest = number < 0 ? -number : number; rest != 0; rest /= 10) {
      digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    }
    const auto places = static_cast<std::size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    if (scale > 0) digits.insert(digits.size() - places, ".");
    return (number < 0 ? "-" : "") + digits;
  }

  std::string constant(const json& node) {
    const json& value = node.at("value");
    const std::string type = text(value.at("type"), "id");
    if (value.value("is_null", false)) return "NULL";
    if (type == "VARCHAR") return quoted_literal(value.at("value").get<std::string>());
    if (type == "BOOLEAN") return value.at("value").get<bool>() ? "true" : "false";
    if (type == "INTEGER" || type == "BIGINT") {
      const auto number = value.at("value").get<std::int64_t>();
      return number < 0 ? "(" + std::to_string(number) + ")" : std::to_string(number);
    }
    if (type == "HUGEINT") return "DECIMAL '" + decimal_text(value.at("value"), 0) + "'";
    if (type == "DECIMAL") {
      const int scale = value.at("type").at("type_info").at("scale").get<int>();
      return "DECIMAL '" + decimal_text(value.at("value"), scale) + "'";
    }
    return refuse(type == "DOUBLE" ? "a floating-point number; write its digits with a point"
                                   : "a value of the type " + type);
  }

  /// Of what a CAST makes text is written alike by both, but for times.
  static bool is_written_alike(const json& child) {
    static const std::set<std::string> types = {"BIGINT", "BOOLEAN", "DATE", "DECIMAL", "INTEGER"};
    if (text(child, "class") == "CONSTANT") {
      return child.at("value").value("is_null", false) ||
             text(child.at("value").at("type"), "id") == "VARCHAR";
    }
    return text(child, "class") == "CAST" && types.contains(text(child.at("cast_type"), "id"));
  }

  /// Of other texts DuckDB reads some that Trino does not, or reads otherwise: those with an
  /// offset.
  static bool is_time_for_both(const json& child) {
    static const std::regex plain(R"(\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,6})?)?)");
    if (text(child, "class") == "CAST") return text(child.at("cast_type"), "id") == "DATE";
    if (text(child, "class") != "CONSTANT") return false;
    const json& value = child.at("value");
    return text(value.at("type"), "id") == "VARCHAR" &&
           std::regex_match(value.at("value").get<std::string>(), plain);
  }

  std::string conversion(const json& node) {
    static const std::map<std::string, std::string> types = {
        {"BIGINT", "bigint"},   {"BOOLEAN", "boolean"},        {"DATE", "date"},
        {"INTEGER", "integer"}, {"TIMESTAMP", "timestamp(6)"}, {"VARCHAR", "varchar"}};
    const json& child = node.at("child");
    const json& type = node.at("cast_type");
    const std::string id = text(type, "id");
    const std::size_t at = at_;
    const std::string value = expression(child);
    at_ = at;
    if (node.value("try_cast", false)) {
      return refuse(
          "TRY_CAST; read texts with read_decimal, read_timestamp, read_date or "
          "read_boolean");
    }
    if (id == "VARCHAR" && !is_written_alike(child)) {
      return refuse(
          "a CAST to VARCHAR of an unknown type; CAST to BIGINT, DECIMAL, BOOLEAN or "
          "DATE within it");
    }
    if (id == "TIMESTAMP" && !is_time_for_both(child)) {
      return refuse("a CAST to TIMESTAMP of what is no CAST to DATE; use read_timestamp");
    }
    if (id == "DECIMAL") {
      const json& size = type.at("type_info");
      return cast(value, "decimal(" + std::to_string(size.at("width").get<int>()) + ", " +
                             std::to_string(size.at("scale").get<int>()) + ")");
    }
    const auto known = types.find(id);
    if (known == types.end()) return refuse("a CAST to " + id);
    return cast(value, known->second);
  }

  std::string sign(const json& node, const std::string& name) {
    static const std::map<std::string, std::string> signs = {
        {"+", "+"}, {"-", "-"}, {"*", "*"}, {"||", "||"}, {"~~", "LIKE"}, {"!~~", "NOT LIKE"}};
    const json& children = node.at("children");
    const auto known = signs.find(name);
    if (known == signs.end()) {
      return refuse("the operator '" + name + "'" +
                    (name == "/" ? "; divide with decimal_quotient" : ""));
    }
    if (children.size() == 1) return "(" + name + expression(children.at(0)) + ")";
    return "(" + expression(children.at(0)) + " " + known->second + " " +
           expression(children.at(1)) + ")";
  }

  std::string function(const json& node) {
    const std::string name = ascii_lower(text(node, "function_name"));
    if (node.value("is_operator", false) || name == "~~" || name == "!~~") return sign(node, name);
    if (!node.at("order_bys").at("orders").empty()) return refuse("an order within " + name + "()");
    std::string sql = call(node, name);
    if (is_set(node, "filter")) sql += " FILTER (WHERE " + expression(node.at("filter")) + ")";
    return sql;
  }

  std::string call(const json& node, const std::string& name) {
    const json& children = node.at("children");
    if (name == "count_star") return "count(*)";
    if (const auto own = trino_functions().find(name); own != trino_functions().end()) {
      functions_.insert(name);
      return name + "(" + arguments(children, own->second.parameters) + ")";
    }
    if (name == "contains") return "(strpos(" + expressions_of(children) + ") > 0)";
    // Trino leaves the one letter as it is; in all others the two agree, up to Unicode 15.
    if (name == "upper") return "upper(replace(" + expressions_of(children) + ", 'ß', 'ẞ'))";
    if (!functions_of_both().contains(name)) {
      return refuse("the function " + name + "(); functions are " + all_functions());
    }
    return name + "(" + (node.value("distinct", false) ? "DISTINCT " : "") +
           expressions_of(children) + ")";
  }

  std::string arguments(const json& children, const std::vector<std::string>& types) {
    std::string sql;
    for (std::size_t i = 0; i < children.size(); ++i) {
      const std::string type = i < types.size() ? types[i] : "";
      std::string argument = expression(children.at(i));
      if (!type.empty() && !argument.ends_with(" AS " + type + ")")) {
        argument = cast(argument, type);
      }
      sql += (i > 0 ? ", " : "") + argument;
    }
    return sql;
  }

  std::string window(const json& node) {
    const std::string name = ascii_lower(text(node, "function_name"));
    if (!window_functions().contains(name)) {
      return refuse("the window function " + name + "(); those are " +
                    sql_list(window_functions(), [](const std::string& one) { return one; }));
    }
    const bool has_usual_frame =
        text(node, "start") == "UNBOUNDED_PRECEDING" && text(node, "end") == "CURRENT_ROW_RANGE";
    if (!has_usual_frame || text(node, "exclude_clause") != "NO_OTHER" ||
        node.value("ignore_nulls", false) || node.value("distinct", false) ||
        is_set(node, "filter_expr") || !node.at("arg_orders").empty()) {
      return refuse("a frame, filter or order within a window function");
    }
    std::string sql =
        name == "count_star" ? "count(*)" : name + "(" + expressions_of(node.at("children")) + ")";
    std::string over;
    if (!node.at("partitions").empty()) {
      over = "PARTITION BY " + expressions_of(node.at("partitions"));
    }
    if (!node.at("orders").empty()) {
      over += (over.empty() ? "ORDER BY " : " ORDER BY ") + orders(node.at("orders"));
    }
    return sql + " OVER (" + over + ")";
  }

  const std::map<std::string, TrinoTable>& tables_;
  std::set<std::string> table_columns_, read_columns_;
  std::map<std::string, int> outputs_;
  std::set<std::string> aliases_;  // of the SELECT that is being printed
  std::set<std::string> functions_, read_tables_;
  std::vector<TrinoSelect::Refusal> refusals_;
  std::size_t at_ = 0;
};

}  // namespace

TrinoSelect trino_select(const json& tree, const std::map<std::string, TrinoTable>& tables,
                         const std::vector<Column>& result) {
  return Printing(tables).print(tree.at("statements").at(0).at("node"), result);
}

}  // namespace finops
