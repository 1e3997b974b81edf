#include "finops/medallion/silver_sql.h"

#include <algorithm>
#include <utility>

#include "finops/core/error.h"
#include "finops/engines/sql_text.h"

namespace finops::medallion {
namespace {

using datasets::ColumnRule;
using datasets::DatasetColumn;
using datasets::Join;
using datasets::LetterCase;
using datasets::Otherwise;
using datasets::RowRule;

// Names of ours for what lies between a delivered text and its value. No column of a project's own
// is called so: they have no colon.
std::string text_of(const std::string& column) {
  return quoted_identifier("finops:text:" + column);
}
std::string read_of(const std::string& column) {
  return quoted_identifier("finops:read:" + column);
}
std::string rule_name(std::size_t number) {
  return quoted_identifier("finops:rule:" + std::to_string(number));
}
std::string match_name(std::size_t join) {
  return quoted_identifier("finops:match:" + std::to_string(join));
}
constexpr const char* kDuplicateCode = "duplicate_key";

/// A user's SQL, so that a comment at its end ends with it.
std::string enclosed(const std::string& sql) { return "(" + sql + "\n)"; }

std::string holds(const std::string& condition) {
  return "coalesce(" + enclosed(condition) + ", false)";
}

/// A text as the type says; NULL where it cannot be read.
std::string read_as(ColumnType type, const std::string& text) {
  switch (type) {
    case ColumnType::kDecimal: return "read_decimal(" + text + ")";
    case ColumnType::kTimestamp: return "read_timestamp(" + text + ")";
    case ColumnType::kDate: return "read_date(" + text + ")";
    case ColumnType::kBoolean: return "read_boolean(" + text + ")";
    default: return text;
  }
}

std::string decimal_literal(Decimal value) { return "'" + value.to_string() + "'::DECIMAL(38,18)"; }

std::string outside(const std::string& value, const datasets::Range& range) {
  return "(" + value + " < " + decimal_literal(range.least) + " OR " + value + " > " +
         decimal_literal(range.most) + ")";
}

std::string in_case(const std::string& text, LetterCase letter_case) {
  switch (letter_case) {
    case LetterCase::kLower: return "lower(" + text + ")";
    case LetterCase::kUpper: return "upper(" + text + ")";
    case LetterCase::kAsIs: break;
  }
  return text;
}

std::string with_aliases(const std::string& text, const ColumnRule& rule) {
  if (rule.aliases.empty()) return text;
  std::string sql = "CASE " + text;
  for (const auto& [alias, word] : rule.aliases) {
    sql += " WHEN " + quoted_literal(alias) + " THEN " + quoted_literal(word);
  }
  return sql + " ELSE " + text + " END";
}

/// From what was read: the range, then the default.
std::string normalised_value(const DatasetColumn& column, const ColumnRule& rule) {
  std::string value = read_of(column.name);
  if (rule.range && rule.range->otherwise == Otherwise::kNull) {
    value = "CASE WHEN NOT " + outside(value, *rule.range) + " THEN " + value + " END";
  }
  if (!rule.one_of.empty() && rule.one_of_otherwise == Otherwise::kNull) {
    value =
        "CASE WHEN " + value + " IN (" + quoted_literals(rule.one_of) + ") THEN " + value + " END";
  }
  if (rule.default_value) {
    value = "coalesce(" + value + ", " + read_as(column.type, quoted_literal(*rule.default_value)) +
            ")";
  }
  return value;
}

}  // namespace

SilverSql::SilverSql(const datasets::Dataset& dataset, const datasets::SilverRules& rules,
                     const std::map<std::string, std::vector<Column>>& others)
    : dataset_(dataset), rules_(rules) {
  const auto add = [&](const std::string& name, ColumnType type) {
    columns_.push_back({.name = name, .type = type, .doc = name});
  };
  for (const auto& column : dataset.columns) add(column.name, column.type);
  for (const Join& join : rules.joins) {
    const auto& there = others.at(join.dataset);
    for (const auto& [name, of] : join.columns) {
      const auto found = std::ranges::find(there, of, &Column::name);
      if (found == there.end()) {
        throw Error(ErrorKind::kInternal, "silver." + join.dataset + " has no column " + of);
      }
      add(name, found->type);
    }
  }
  for (const auto& column : rules.derived) add(column.column, column.type);
  add(kFlags, ColumnType::kText);
  add(kSourceFile, ColumnType::kText);
  add(kSourceLine, ColumnType::kLong);
  add(kIngestionTime, ColumnType::kTimestamp);
  add_codes();
}

const ColumnRule& SilverSql::rule_of(const std::string& column) const {
  static const ColumnRule none;
  const auto it = std::ranges::find(rules_.columns, column, &ColumnRule::column);
  return it == rules_.columns.end() ? none : *it;
}

bool SilverSql::is_required(const DatasetColumn& column) const {
  return rule_of(column.name).is_required ||
         std::ranges::find(dataset_.key, column.name) != dataset_.key.end();
}

void SilverSql::add_column_codes(const DatasetColumn& column) {
  const ColumnRule& rule = rule_of(column.name);
  const std::string& name = column.name;
  const std::string value = quoted_identifier(name);
  const bool required = is_required(column);
  if (required) reasons_.push_back({name + "_missing", text_of(name) + " IS NULL"});
  if (column.type != ColumnType::kText) {
    auto& codes = required ? reasons_ : flags_;
    codes.push_back(
        {name + "_unreadable", text_of(name) + " IS NOT NULL AND " + read_of(name) + " IS NULL"});
  }
  if (rule.range) {
    auto& codes = rule.range->otherwise == Otherwise::kNull ? flags_ : reasons_;
    codes.push_back({name + "_out_of_range", outside(read_of(name), *rule.range)});
  }
  if (!rule.one_of.empty()) {
    const bool nulls = rule.one_of_otherwise == Otherwise::kNull;
    const std::string other = read_of(name) + " NOT IN (" + quoted_literals(rule.one_of) + ")";
    const bool takes_null = nulls || required;
    (nulls ? flags_ : reasons_)
        .push_back({name + "_unknown", takes_null ? other : value + " IS NULL OR " + other});
  }
  if (rule.pattern) {
    reasons_.push_back({name + "_malformed", "NOT regexp_full_match(" + value + ", " +
                                                 quoted_literal(*rule.pattern) + ")"});
  }
}

void SilverSql::add_codes() {
  for (const auto& column : dataset_.columns) add_column_codes(column);
  for (std::size_t i = 0; i < rules_.joins.size(); ++i) {
    const Join& join = rules_.joins[i];
    if (join.missing_flag.empty()) continue;
    const std::string has_key = sql_list(
        join.on, [](const auto& pair) { return quoted_identifier(pair.first) + " IS NOT NULL"; },
        " AND ");
    flags_.push_back({join.missing_flag, match_name(i) + " IS NULL AND " + has_key});
  }
  for (std::size_t i = 0; i < rules_.rules.size(); ++i) {
    const RowRule& rule = rules_.rules[i];
    if (rule.code.empty()) continue;
    auto& codes = rule.action == RowRule::Action::kFlag ? flags_ : reasons_;
    codes.push_back({rule.code, rule_name(i)});
  }
  std::ranges::stable_sort(flags_, {}, &Code::code);
  std::ranges::stable_sort(reasons_, {}, &Code::code);
}

/// Trimmed, and NULL for what stands for nothing.
std::string SilverSql::delivered_text(const DatasetColumn& column) const {
  const ColumnRule& rule = rule_of(column.name);
  std::string text = "read_text(" + quoted_identifier(column.name) + ")";
  for (const auto& null_text : rule.null_texts) {
    text = "nullif(" + text + ", " + quoted_literal(null_text) + ")";
  }
  if (column.since_version) {
    text = "CASE WHEN read_decimal(read_text(" + quoted_identifier(dataset_.version_column) +
           ")) >= " + std::to_string(*column.since_version) + " THEN " + text + " END";
  }
  return text;
}

std::string SilverSql::normalised(const std::string& from, const std::string& also) const {
  const std::string own = std::string(kSourceFile) + ", " + kSourceLine + ", " + kIngestionTime +
                          ", " + kUnreadable + (also.empty() ? "" : ", " + also);
  std::string texts, reads, values;
  for (const auto& column : dataset_.columns) {
    const ColumnRule& rule = rule_of(column.name);
    const std::string text = text_of(column.name), read = read_of(column.name);
    texts += ", " + delivered_text(column) + " AS " + text;
    const std::string word = column.type == ColumnType::kText
                                 ? with_aliases(in_case(text, rule.letter_case), rule)
                                 : read_as(column.type, text);
    reads += ", " + word + " AS " + read;
    values += ", " + normalised_value(column, rule) + " AS " + quoted_identifier(column.name);
  }
  return "SELECT *" + values + " FROM (SELECT *" + reads + " FROM (SELECT " + own + texts +
         " FROM " + from + "))";
}

bool SilverSql::has_unique_key() const { return !dataset_.key.empty() && rules_.key_is_unique; }

std::string SilverSql::key_list(const std::string& prefix) const {
  return sql_list(dataset_.key, [&](const auto& name) { return prefix + quoted_identifier(name); });
}

std::string SilverSql::same_key(const std::string& left, const std::string& right) const {
  return sql_list(
      dataset_.key,
      [&](const auto& name) {
        const std::string column = quoted_identifier(name);
        return left + "." + column + " = " + right + "." + column;
      },
      " AND ");
}

std::string SilverSql::has_key() const {
  return sql_list(
      dataset_.key, [](const auto& name) { return quoted_identifier(name) + " IS NOT NULL"; },
      " AND ");
}

std::vector<Column> SilverSql::key_columns() const {
  std::vector<Column> columns;
  for (const auto& name : dataset_.key) {
    columns.push_back(*std::ranges::find(columns_, name, &Column::name));
  }
  return columns;
}

/// The rows with the columns of other datasets. Each finds one row there at most.
std::string SilverSql::joined(const std::string& from) const {
  std::string columns, tables;
  for (std::size_t i = 0; i < rules_.joins.size(); ++i) {
    const Join& join = rules_.joins[i];
    const std::string alias = "j" + std::to_string(i);
    std::string keys, on, there;
    for (std::size_t k = 0; k < join.on.size(); ++k) {
      const std::string key = quoted_identifier(join.on[k].second);
      keys += (k > 0 ? ", " : "") + key;
      there += key + " AS k" + std::to_string(k) + ", ";
      on += (k > 0 ? " AND " : "") + std::string("l.") + quoted_identifier(join.on[k].first) +
            " = " + alias + ".k" + std::to_string(k);
    }
    for (const auto& [name, of] : join.columns) {
      there += quoted_identifier(of) + " AS " + quoted_identifier(name) + ", ";
      columns += ", " + alias + "." + quoted_identifier(name);
    }
    columns += ", " + alias + ".k0 AS " + match_name(i);
    tables += " LEFT JOIN (SELECT " + there + "FROM silver." + quoted_identifier(join.dataset) +
              " QUALIFY row_number() OVER (PARTITION BY " + keys + " ORDER BY " + kSourceFile +
              ", " + kSourceLine + ") = 1) AS " + alias + " ON " + on;
  }
  return "SELECT l.*" + columns + " FROM (" + from + ") AS l" + tables;
}

/// One query around the other for each, so that a column sees those before it.
std::string SilverSql::derived(const std::string& from, std::size_t count) const {
  std::string sql = from;
  for (std::size_t i = 0; i < count; ++i) {
    const auto& column = rules_.derived[i];
    sql = "SELECT *, CAST(" + enclosed(column.sql.sql) + " AS " +
          std::string(sql_type(column.type)) + ") AS " + quoted_identifier(column.column) +
          " FROM (" + sql + ")";
  }
  return sql;
}

std::string SilverSql::with_rules(const std::string& from) const {
  std::string columns;
  for (std::size_t i = 0; i < rules_.rules.size(); ++i) {
    columns += ", " + holds(rules_.rules[i].when.sql) + " AS " + rule_name(i);
  }
  return "SELECT *" + columns + " FROM (" + from + ")";
}

/// After the rules that set it; of several that hold, the last.
std::string SilverSql::final_value(const Column& column) const {
  const std::string name = quoted_identifier(column.name);
  std::string value = name;
  for (std::size_t i = 0; i < rules_.rules.size(); ++i) {
    for (const auto& [set, sql] : rules_.rules[i].set) {
      if (set != column.name) continue;
      value = "CASE WHEN " + rule_name(i) + " THEN CAST(" + enclosed(sql.sql) + " AS " +
              std::string(sql_type(column.type)) + ") ELSE " + value + " END";
    }
  }
  return value + " AS " + name;
}

std::string SilverSql::judged(const std::string& from) const {
  const auto codes = [&](const std::vector<Code>& list) -> std::string {
    std::string items;
    for (const Code& one : list) {
      items += ", CASE WHEN " + one.condition + " THEN " + quoted_literal("\"" + one.code + "\"") +
               " END";
    }
    return items.empty() ? "'[]'" : "'[' || concat_ws(','" + items + ") || ']'";
  };
  std::string values;
  for (const Column& column : columns_) {
    if (column.name == kFlags) {
      values += codes(flags_) + " AS " + kFlags + ", ";
    } else {
      values += final_value(column) + ", ";
    }
  }
  return "SELECT " + values + "CASE WHEN " + kUnreadable + " IS NOT NULL THEN '[\"' || " +
         kUnreadable + " || '\"]' ELSE " + codes(reasons_) + " END AS " + kReasons + " FROM (" +
         with_rules(derived(joined(normalised(from)), rules_.derived.size())) + ")";
}

std::string SilverSql::later_rows(const std::string& judged, const std::string& first_rows) const {
  const std::string file = std::string("j.") + kSourceFile;
  return "SELECT " + file + ", j." + kSourceLine + " FROM " + judged + " AS j JOIN " + first_rows +
         " AS f ON " + same_key("j", "f") + " WHERE " + file + " > f.first_file OR (" + file +
         " = f.first_file AND j." + kSourceLine + " > f.first_line)";
}

std::string SilverSql::with_duplicates(const std::string& judged, const std::string& later_rows) {
  const std::string reasons = std::string("j.") + kReasons;
  const std::string code = quoted_literal(std::string("\"") + kDuplicateCode + "\"");
  // A new list only where there is something to add: the codes stay sorted.
  return "(SELECT j.* REPLACE (CASE WHEN d." + std::string(kSourceLine) +
         " IS NOT NULL THEN '[' || array_to_string(list_sort(list_filter(list_append(string_split("
         "trim(" +
         reasons + ", '[]'), ','), " + code + "), lambda c: c <> '')), ',') || ']' ELSE " +
         reasons + " END AS " + kReasons + ") FROM " + judged + " AS j LEFT JOIN " + later_rows +
         " AS d ON j." + kSourceFile + " = d." + kSourceFile + " AND j." + kSourceLine + " = d." +
         kSourceLine + ")";
}

std::vector<std::string> SilverSql::flags() const { return names_of(flags_); }
std::vector<std::string> SilverSql::reasons() const {
  std::vector<std::string> names = names_of(reasons_);
  if (has_unique_key()) names.emplace_back(kDuplicateCode);
  std::ranges::sort(names);
  return names;
}

std::vector<std::string> SilverSql::names_of(const std::vector<Code>& codes) {
  std::vector<std::string> names;
  for (const Code& code : codes) names.push_back(code.code);
  return names;
}

std::vector<SilverSql::Piece> SilverSql::pieces(const std::string& from) const {
  std::vector<Piece> pieces;
  const std::string rows = joined(normalised(from));
  const auto as_it_is = [](const datasets::SqlText& sql, const std::string& name, ColumnType type,
                           const std::string& of) -> std::string {
    if (type != ColumnType::kDecimal) return "";
    return "SELECT " + enclosed(sql.sql) + " AS " + quoted_identifier(name) + " FROM (" + of + ")";
  };
  for (std::size_t i = 0; i < rules_.derived.size(); ++i) {
    const auto& column = rules_.derived[i];
    pieces.push_back({&column.sql, "derived column " + column.column, derived(rows, i + 1),
                      as_it_is(column.sql, column.column, column.type, derived(rows, i)), true, i});
  }
  const std::size_t count = rules_.derived.size();
  const std::string all = derived(rows, count);
  for (const RowRule& rule : rules_.rules) {
    const std::string name = rule.code.empty() ? "rule" : "rule " + rule.code;
    pieces.push_back({&rule.when, name,
                      "SELECT " + holds(rule.when.sql) + " AS holds FROM (" + all + ")", "", false,
                      count});
    for (const auto& [column, sql] : rule.set) {
      const auto type = std::ranges::find(columns_, column, &Column::name)->type;
      pieces.push_back({&sql, name + ", new " + column,
                        "SELECT CAST(" + enclosed(sql.sql) + " AS " + std::string(sql_type(type)) +
                            ") AS value FROM (" + all + ")",
                        as_it_is(sql, column, type, all), false, count});
    }
  }
  return pieces;
}

}  // namespace finops::medallion
