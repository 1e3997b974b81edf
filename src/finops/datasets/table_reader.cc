#include "finops/datasets/table_reader.h"

#include <algorithm>
#include <utility>

#include "finops/config/nearest_name.h"
#include "finops/core/avro_name.h"
#include "finops/datasets/column_names.h"

namespace finops::datasets {
namespace {

using Kind = TomlNode::Kind;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string wanted(Kind kind) {
  switch (kind) {
    case Kind::kText: return "text in quotes";
    case Kind::kArray: return "an array, [\"…\"]";
    case Kind::kTable: return "a table, { … = … }";
    default: return std::string(name_of(kind));
  }
}

}  // namespace

TableReader::TableReader(const TomlNode& table, std::string place, Mistakes& mistakes)
    : table_(table), place_(std::move(place)), mistakes_(mistakes) {}

void TableReader::know(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
}

const TomlNode* TableReader::find(std::string_view key, Kind kind) {
  know(key);
  const TomlEntry* entry = table_.find(key);
  if (entry == nullptr) return nullptr;
  if (entry->value.kind == kind) return &entry->value;
  mistakes_.add(entry->value.origin, quoted(key) + " must be " + wanted(kind) + ", not " +
                                         std::string(name_of(entry->value.kind)));
  return nullptr;
}

Origin TableReader::origin(std::string_view key) const {
  const TomlEntry* entry = table_.find(key);
  return entry == nullptr ? table_.origin : entry->value.origin;
}

bool TableReader::require(std::string_view key) {
  know(key);
  if (is_written(key)) return true;
  mistakes_.add(table_.origin, quoted(key) + " is missing in " + place_);
  return false;
}

std::string TableReader::text(std::string_view key) {
  const TomlNode* node = find(key, Kind::kText);
  if (node == nullptr) return "";
  if (node->text.empty()) {
    mistakes_.add(node->origin, quoted(key) + " is empty; write something or remove the line");
  }
  return node->text;
}

std::string TableReader::required_text(std::string_view key) {
  return require(key) ? text(key) : "";
}

std::string TableReader::identifier(std::string_view key) {
  const std::string name = text(key);
  if (name.empty() || is_identifier(name)) return name;
  mistakes_.add(origin(key),
                quoted(key) + " cannot be " + quoted(name) + "; " + identifier_advice());
  return "";
}

std::string TableReader::required_identifier(std::string_view key) {
  return require(key) ? identifier(key) : "";
}

SqlText TableReader::sql_of(std::string_view key, const TomlNode& node) {
  if (is_blank_sql(node.text)) {
    mistakes_.add(node.origin, quoted(key) + " has no SQL in it");
  }
  return {node.text, node.text_origin};
}

SqlText TableReader::sql(std::string_view key) {
  const TomlNode* node = find(key, Kind::kText);
  return node == nullptr ? SqlText() : sql_of(key, *node);
}

SqlText TableReader::required_sql(std::string_view key) {
  return require(key) ? sql(key) : SqlText();
}

bool TableReader::boolean(std::string_view key, bool fallback) {
  const TomlNode* node = find(key, Kind::kBoolean);
  return node == nullptr ? fallback : node->boolean;
}

int TableReader::integer(std::string_view key, int least, int most, int fallback) {
  const TomlNode* node = find(key, Kind::kInteger);
  if (node == nullptr) return fallback;
  if (node->integer >= least && node->integer <= most) return static_cast<int>(node->integer);
  mistakes_.add(node->origin, quoted(key) + " must be from " + std::to_string(least) + " to " +
                                  std::to_string(most) + ", not " + node->text);
  return fallback;
}

ColumnType TableReader::required_type(std::string_view key) {
  require(key);
  return choice<ColumnType>(key,
                            {{"text", ColumnType::kText},
                             {"decimal", ColumnType::kDecimal},
                             {"timestamp", ColumnType::kTimestamp},
                             {"date", ColumnType::kDate},
                             {"boolean", ColumnType::kBoolean}},
                            ColumnType::kText);
}

std::optional<Decimal> TableReader::decimal_of(std::string_view key, const TomlNode& node) {
  const bool may_be_number =
      node.kind == Kind::kText || node.kind == Kind::kInteger || node.kind == Kind::kNumber;
  const auto parsed = may_be_number ? Decimal::parse(node.text) : std::nullopt;
  if (!parsed) {
    const std::string what = may_be_number ? quoted(node.text) : std::string(name_of(node.kind));
    mistakes_.add(node.origin,
                  quoted(key) + " must be a number such as 3 or \"0.01\", not " + what);
    return std::nullopt;
  }
  if (parsed->was_rounded) {
    mistakes_.add(node.origin, quoted(key) + " has more than 18 decimals: " + quoted(node.text));
  }
  return parsed->value;
}

Decimal TableReader::decimal(std::string_view key, std::string_view fallback) {
  know(key);
  const TomlEntry* entry = table_.find(key);
  const auto value = entry == nullptr ? std::nullopt : decimal_of(key, entry->value);
  return value ? *value : Decimal::parse(fallback)->value;
}

std::optional<std::pair<Decimal, Decimal>> TableReader::decimals(std::string_view key) {
  const TomlNode* node = find(key, Kind::kArray);
  if (node == nullptr) return std::nullopt;
  if (node->elements.size() != 2) {
    mistakes_.add(node->origin, quoted(key) + " must be two numbers, the least and the most");
    return std::nullopt;
  }
  const auto least = decimal_of(key, node->elements[0]), most = decimal_of(key, node->elements[1]);
  if (!least || !most) return std::nullopt;
  if (*least > *most) {
    mistakes_.add(node->origin, quoted(key) + " begins with the greater number; write [" +
                                    most->to_string() + ", " + least->to_string() + "]");
  }
  return std::pair{*least, *most};
}

std::vector<WrittenName> TableReader::names(std::string_view key) {
  std::vector<WrittenName> result;
  const TomlNode* node = find(key, Kind::kArray);
  if (node == nullptr) return result;
  for (const TomlNode& element : node->elements) {
    const auto is_same = [&](const WrittenName& other) { return other.name == element.text; };
    if (element.kind != Kind::kText) {
      mistakes_.add(element.origin, quoted(key) + " must hold text in quotes, not " +
                                        std::string(name_of(element.kind)));
    } else if (element.text.empty()) {
      mistakes_.add(element.origin, quoted(key) + " holds an empty text");
    } else if (std::ranges::any_of(result, is_same)) {
      mistakes_.add(element.origin, quoted(key) + " has " + quoted(element.text) + " twice");
    } else {
      result.push_back({element.text, element.origin});
    }
  }
  return result;
}

std::vector<PartitionColumn> TableReader::partitions() {
  std::vector<PartitionColumn> columns;
  for (WrittenName& name : names("partition_by")) {
    if (!is_avro_name(name.name)) {
      mistakes_.add(name.origin, "'partition_by' names '" + name.name +
                                     "'; tables are partitioned by columns whose names have A to "
                                     "Z, a to z, 0 to 9 and _ only, no digit first");
    }
    columns.push_back({std::move(name.name), std::move(name.origin)});
  }
  return columns;
}

std::vector<std::string> TableReader::texts(std::string_view key) {
  std::vector<std::string> result;
  for (WrittenName& name : names(key)) result.push_back(std::move(name.name));
  return result;
}

std::vector<std::pair<WrittenName, WrittenName>> TableReader::text_pairs(std::string_view key) {
  std::vector<std::pair<WrittenName, WrittenName>> result;
  const TomlNode* node = find(key, Kind::kTable);
  if (node == nullptr) return result;
  for (const TomlEntry& entry : node->entries) {
    if (entry.value.kind != Kind::kText) {
      mistakes_.add(entry.value.origin, quoted(entry.key) + " in " + quoted(key) +
                                            " must be text in quotes, not " +
                                            std::string(name_of(entry.value.kind)));
    } else {
      result.push_back({{entry.key, entry.origin}, {entry.value.text, entry.value.origin}});
    }
  }
  return result;
}

std::vector<const TomlNode*> TableReader::tables(std::string_view key) {
  know(key);
  std::vector<const TomlNode*> result;
  const TomlEntry* entry = table_.find(key);
  if (entry == nullptr) return result;
  const std::string written_so = "write [[" + std::string(key) + "]] for each";
  if (entry->value.kind != Kind::kArray) {
    mistakes_.add(entry->value.origin, quoted(key) + " is a list of tables, not " +
                                           std::string(name_of(entry->value.kind)) + "; " +
                                           written_so);
    return result;
  }
  for (const TomlNode& element : entry->value.elements) {
    if (element.kind == Kind::kTable) {
      result.push_back(&element);
    } else {
      mistakes_.add(element.origin, quoted(key) + " is a list of tables, and here is " +
                                        std::string(name_of(element.kind)) + "; " + written_so);
    }
  }
  return result;
}

std::optional<std::size_t> TableReader::choose(std::string_view key,
                                               const std::vector<std::string_view>& names) {
  const TomlNode* node = find(key, Kind::kText);
  if (node == nullptr) return std::nullopt;
  const auto found = std::ranges::find(names, node->text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  std::string list;
  for (const std::string_view name : names) {
    list += (list.empty() ? "" : ", ") + std::string(name);
  }
  mistakes_.add(node->origin,
                quoted(key) + " must be one of " + list + ", not " + quoted(node->text));
  return std::nullopt;
}

void TableReader::refuse_others() {
  for (const TomlEntry& entry : table_.entries) {
    if (std::ranges::find(known_, entry.key) != known_.end()) continue;
    std::string list;
    for (const std::string& key : known_) list += (list.empty() ? "" : ", ") + key;
    const auto near = nearest_name(entry.key, known_);
    mistakes_.add(entry.origin, "unknown key " + quoted(entry.key) + " in " + place_ +
                                    (near ? "; did you mean " + quoted(*near) + "? The" : "; the") +
                                    " keys here are " + list);
  }
}

bool is_blank_sql(std::string_view sql) {
  while (!sql.empty()) {
    if (sql.starts_with("--")) {
      sql = sql.substr(std::min(sql.find('\n'), sql.size()));
    } else if (sql.starts_with("/*")) {
      const auto end = sql.find("*/", 2);
      sql = end == std::string_view::npos ? std::string_view() : sql.substr(end + 2);
    } else if (std::string_view(" \t\r\n\f\v;").find(sql.front()) != std::string_view::npos) {
      sql.remove_prefix(1);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace finops::datasets
