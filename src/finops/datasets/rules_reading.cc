#include "finops/datasets/rules_reading.h"

#include <algorithm>
#include <set>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/datasets/table_reader.h"

namespace finops::datasets {
namespace {

using Kind = TomlNode::Kind;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

bool is_date(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd";
  if (text.size() != kForm.size()) return false;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '-' ? text[i] != '-' : !is_digit) return false;
  }
  return true;
}

/// Whether a text may be read as a value; of times the date only.
bool may_be(ColumnType type, std::string_view text) {
  switch (type) {
    case ColumnType::kDecimal: return Decimal::parse(text).has_value();
    case ColumnType::kBoolean: {
      const std::string lower = ascii_lower(text);
      return lower == "true" || lower == "false";
    }
    case ColumnType::kDate: return is_date(text);
    case ColumnType::kTimestamp: return is_date(text.substr(0, 10));
    default: return true;
  }
}

bool has_other_case(LetterCase letter_case, std::string_view text) {
  const auto is_between = [&](char first, char last) {
    return std::ranges::any_of(text, [=](char c) { return c >= first && c <= last; });
  };
  switch (letter_case) {
    case LetterCase::kLower: return is_between('A', 'Z');
    case LetterCase::kUpper: return is_between('a', 'z');
    case LetterCase::kAsIs: return false;
  }
  return false;
}

/// Reads [columns.<name>].
class ColumnRuleReading {
 public:
  ColumnRuleReading(const TomlEntry& entry, ColumnType type, Mistakes& mistakes)
      : reader_(entry.value, "[columns." + entry.key + "]", mistakes),
        mistakes_(mistakes),
        type_(type) {
    rule_.column = entry.key;
    rule_.origin = entry.origin;
  }

  ColumnRule read() {
    rule_.is_required = reader_.boolean("required", false);
    rule_.letter_case = reader_.choice<LetterCase>(
        "case", {{"lower", LetterCase::kLower}, {"upper", LetterCase::kUpper}}, LetterCase::kAsIs);
    rule_.null_texts = reader_.texts("null_texts");
    read_aliases();
    read_range();
    read_default();
    read_one_of();
    read_pattern();
    reader_.refuse_others();
    return std::move(rule_);
  }

 private:
  void read_aliases() {
    for (const auto& [alias, meant] : reader_.text_pairs("aliases")) {
      check_case(alias, "the alias ");
      rule_.aliases.emplace(alias.name, meant.name);
    }
  }

  void read_range() {
    const auto range = reader_.decimals("range");
    const Otherwise otherwise = read_otherwise("out_of_range", Otherwise::kNull);
    if (range) rule_.range = Range{range->first, range->second, otherwise};
    expect_type("range", ColumnType::kDecimal);
    expect_beside("out_of_range", "range");
  }

  void read_default() {
    if (reader_.find("default", Kind::kText) == nullptr) return;
    rule_.default_value = reader_.text("default");
    if (!may_be(type_, *rule_.default_value)) {
      mistakes_.add(reader_.origin("default"), "'default' cannot be read as " +
                                                   std::string(name_of(type_)) + ": " +
                                                   quoted(*rule_.default_value));
    }
  }

  void read_one_of() {
    for (const WrittenName& word : reader_.names("one_of")) {
      check_case(word, "the word ");
      rule_.one_of.push_back(word.name);
    }
    rule_.one_of_otherwise = read_otherwise("unknown", Otherwise::kQuarantine);
    expect_type("one_of", ColumnType::kText);
    expect_beside("unknown", "one_of");
  }

  void read_pattern() {
    const std::string pattern = reader_.text("pattern");
    if (!pattern.empty()) rule_.pattern = pattern;
    expect_type("pattern", ColumnType::kText);
  }

  Otherwise read_otherwise(std::string_view key, Otherwise fallback) {
    return reader_.choice<Otherwise>(
        key, {{"null", Otherwise::kNull}, {"quarantine", Otherwise::kQuarantine}}, fallback);
  }

  void expect_type(std::string_view key, ColumnType type) {
    if (!reader_.is_written(key) || type_ == type) return;
    mistakes_.add(reader_.origin(key),
                  quoted(key) + " is for columns of the type " + std::string(name_of(type)) + "; " +
                      quoted(rule_.column) + " is " + std::string(name_of(type_)));
  }

  void expect_beside(std::string_view key, std::string_view other) {
    if (!reader_.is_written(key) || reader_.is_written(other)) return;
    mistakes_.add(reader_.origin(key), quoted(key) + " says nothing without " + quoted(other));
  }

  void check_case(const WrittenName& word, const std::string& what) {
    if (!has_other_case(rule_.letter_case, word.name)) return;
    mistakes_.add(word.origin,
                  what + quoted(word.name) + " is never found: 'case' is applied first");
  }

  TableReader reader_;
  Mistakes& mistakes_;
  ColumnType type_;
  ColumnRule rule_;
};

class RulesReading {
 public:
  RulesReading(const Dataset& dataset, const TomlNode& document, const SilverColumns& all,
               Mistakes& mistakes)
      : dataset_(dataset),
        all_(all),
        mistakes_(mistakes),
        file_(document, "a rules file", mistakes) {
    rules_.dataset = dataset.name;
    rules_.origin = document.origin;
    for (const DatasetColumn& column : dataset.columns) names_.add(column.name, column.type);
  }

  SilverRules read() {
    read_columns();
    for (const TomlNode* join : file_.tables("join")) read_join(*join);
    for (const TomlNode* derived : file_.tables("derive")) read_derived(*derived);
    for (const TomlNode* rule : file_.tables("rule")) read_rule(*rule);
    rules_.key_is_unique =
        file_.choice<bool>("duplicates", {{"quarantine", true}, {"keep", false}}, true);
    if (file_.is_written("duplicates") && dataset_.key.empty()) {
      mistakes_.add(file_.origin("duplicates"), "'duplicates' says nothing: the dataset " +
                                                    quoted(dataset_.name) + " has no key");
    }
    refuse_own_codes();
    read_currency_column();
    file_.refuse_others();
    return std::move(rules_);
  }

 private:
  void read_columns() {
    const TomlNode* table = file_.find("columns", Kind::kTable);
    if (table == nullptr) return;
    for (const TomlEntry& entry : table->entries) {
      const ColumnNames::Entry* column = names_.find(entry.key);
      if (column == nullptr) {
        mistakes_.add(entry.origin, "the dataset " + quoted(dataset_.name) + " has no column " +
                                        quoted(entry.key) + names_.advice_for(entry.key));
      } else if (entry.value.kind != Kind::kTable) {
        mistakes_.add(entry.value.origin, quoted(entry.key) + " is a section, not " +
                                              std::string(finops::name_of(entry.value.kind)) +
                                              "; write [columns." + entry.key + "]");
      } else {
        rules_.columns.push_back(ColumnRuleReading(entry, *column->type, mistakes_).read());
      }
    }
  }

  /// A name of ours for a column that is not delivered.
  void add_column(const WrittenName& name, std::optional<ColumnType> type) {
    if (name.name.empty()) return;
    if (!is_identifier(name.name)) {
      mistakes_.add(name.origin,
                    "a column cannot be named " + quoted(name.name) + "; " + identifier_advice());
    } else if (is_added_column(name.name)) {
      mistakes_.add(name.origin,
                    quoted(name.name) + " is the name of a column that finops adds to every row");
    } else if (!names_.add(name.name, type)) {
      mistakes_.add(name.origin, "column " + quoted(name.name) + " is there already");
    }
  }

  void add_code(const std::string& code, const Origin& origin) {
    if (code.empty()) return;
    if (std::ranges::find(codes_, code, &WrittenName::name) != codes_.end()) {
      mistakes_.add(origin, "the code " + quoted(code) + " is there already");
    }
    codes_.push_back({code, origin});
  }

  /// Those that finops gives by itself.
  void refuse_own_codes() {
    std::set<std::string> own = {"line_unreadable", "record_unreadable"};
    if (!dataset_.key.empty() && rules_.key_is_unique) own.insert("duplicate_key");
    for (const DatasetColumn& column : dataset_.columns) {
      if (column.type != ColumnType::kText) own.insert(column.name + "_unreadable");
    }
    for (const std::string& column : dataset_.key) own.insert(column + "_missing");
    for (const ColumnRule& rule : rules_.columns) {
      if (rule.is_required) own.insert(rule.column + "_missing");
      if (rule.range) own.insert(rule.column + "_out_of_range");
      if (!rule.one_of.empty()) own.insert(rule.column + "_unknown");
      if (rule.pattern) own.insert(rule.column + "_malformed");
    }
    for (const WrittenName& code : codes_) {
      if (!own.contains(code.name)) continue;
      mistakes_.add(code.origin, "the code " + quoted(code.name) +
                                     " is one that finops gives by itself here; choose another");
    }
  }

  void read_join(const TomlNode& table) {
    TableReader reader(table, "a [[join]]", mistakes_);
    Join join{.dataset = reader.required_text("dataset"), .origin = table.origin};
    const auto other = all_.find(join.dataset);
    const ColumnNames* theirs = other == all_.end() ? nullptr : &other->second;
    if (theirs == nullptr && !join.dataset.empty()) {
      std::vector<std::string> names;
      for (const auto& [name, columns] : all_) names.push_back(name);
      mistakes_.add(reader.origin("dataset"), "there is no dataset " + quoted(join.dataset) +
                                                  advice(join.dataset, names, "datasets"));
    }
    read_join_keys(reader, join, theirs);
    read_join_columns(reader, join, theirs);
    join.missing_flag = reader.identifier("missing_flag");
    add_code(join.missing_flag, reader.origin("missing_flag"));
    reader.refuse_others();
    if (join.columns.empty() && join.missing_flag.empty() && !reader.is_written("columns")) {
      mistakes_.add(table.origin, "this [[join]] does nothing; write 'columns' or 'missing_flag'");
    }
    rules_.joins.push_back(std::move(join));
  }

  void read_join_keys(TableReader& reader, Join& join, const ColumnNames* theirs) {
    if (!reader.require("on")) return;
    const auto pairs = reader.text_pairs("on");
    if (pairs.empty() && reader.find("on", Kind::kTable) != nullptr) {
      mistakes_.add(reader.origin("on"), "'on' is empty; write { own_column = \"their_column\" }");
    }
    for (const auto& [own, their] : pairs) {
      const ColumnNames::Entry* mine = names_.find(own.name);
      if (mine == nullptr) {
        mistakes_.add(own.origin, "a join is on delivered columns and those of joins before it; " +
                                      quoted(own.name) + " is none" + names_.advice_for(own.name));
      }
      const ColumnNames::Entry* other = find_theirs(their, join.dataset, theirs);
      if (mine != nullptr && other != nullptr && mine->type && other->type &&
          mine->type != other->type) {
        mistakes_.add(own.origin, quoted(own.name) + " is " + std::string(name_of(*mine->type)) +
                                      ", but " + quoted(their.name) + " of " +
                                      quoted(join.dataset) + " is " +
                                      std::string(name_of(*other->type)));
      }
      join.on.emplace_back(own.name, their.name);
    }
  }

  void read_join_columns(TableReader& reader, Join& join, const ColumnNames* theirs) {
    for (const auto& [own, their] : reader.text_pairs("columns")) {
      const ColumnNames::Entry* other = find_theirs(their, join.dataset, theirs);
      add_column(own, other == nullptr ? std::nullopt : other->type);
      join.columns.emplace_back(own.name, their.name);
    }
  }

  const ColumnNames::Entry* find_theirs(const WrittenName& name, const std::string& dataset,
                                        const ColumnNames* theirs) {
    if (theirs == nullptr || theirs->empty()) return nullptr;  // told already, or not known
    const ColumnNames::Entry* column = theirs->find(name.name);
    if (column == nullptr) {
      mistakes_.add(name.origin, "silver's " + quoted(dataset) + " has no column " +
                                     quoted(name.name) + theirs->advice_for(name.name));
    }
    return column;
  }

  void read_derived(const TomlNode& table) {
    TableReader reader(table, "a [[derive]]", mistakes_);
    DerivedColumn derived;
    derived.column = reader.required_text("column");
    derived.type = reader.required_type("type");
    derived.description = reader.text("description");
    derived.sql = reader.required_sql("sql");
    derived.origin = reader.origin("type");
    reader.refuse_others();
    add_column({derived.column, reader.origin("column")}, derived.type);
    rules_.derived.push_back(std::move(derived));
  }

  void read_rule(const TomlNode& table) {
    TableReader reader(table, "a [[rule]]", mistakes_);
    RowRule rule{.code = reader.identifier("code"), .origin = table.origin};
    add_code(rule.code, reader.origin("code"));
    rule.when = reader.required_sql("when");
    rule.action = reader.choice<RowRule::Action>(
        "action", {{"flag", RowRule::Action::kFlag}, {"quarantine", RowRule::Action::kQuarantine}},
        RowRule::Action::kFlag);
    read_set(reader, rule);
    reader.refuse_others();
    if (!reader.is_written("code") && (reader.is_written("action") || rule.set.empty())) {
      mistakes_.add(table.origin,
                    "'code' is missing in a [[rule]]; only a rule that does nothing "
                    "but 'set' has none");
    }
    rules_.rules.push_back(std::move(rule));
  }

  void read_set(TableReader& reader, RowRule& rule) {
    const TomlNode* set = reader.find("set", Kind::kTable);
    if (set == nullptr) return;
    TableReader values(*set, "'set'", mistakes_);
    for (const TomlEntry& entry : set->entries) {
      if (!names_.has(entry.key)) {
        mistakes_.add(entry.origin,
                      "'set' names no column: " + quoted(entry.key) + names_.advice_for(entry.key));
      }
      rule.set.emplace_back(entry.key, values.sql(entry.key));
    }
  }

  void read_currency_column() {
    const std::string name = file_.text("currency_column");
    if (name.empty()) return;
    const Origin origin = file_.origin("currency_column");
    rules_.currency_column = name;
    const ColumnNames::Entry* column = names_.find(name);
    if (column == nullptr) {
      mistakes_.add(origin,
                    "'currency_column' names no column: " + quoted(name) + names_.advice_for(name));
    } else if (column->type && column->type != ColumnType::kText) {
      mistakes_.add(origin, "'currency_column' names the column " + quoted(name) + ", which is " +
                                std::string(name_of(*column->type)) + "; it must be text");
    }
    const bool has_currencies = std::ranges::any_of(
        dataset_.money, [](const MoneyColumn& money) { return !money.currency_column.empty(); });
    if (!has_currencies) {
      mistakes_.add(origin, "'currency_column' stands in for that of [[money]], and the dataset " +
                                quoted(dataset_.name) + " has none");
    }
  }

  const Dataset& dataset_;
  const SilverColumns& all_;
  Mistakes& mistakes_;
  TableReader file_;
  SilverRules rules_;
  ColumnNames names_;
  std::vector<WrittenName> codes_;
};

/// The tables below an array of tables; none where there is no such array.
std::vector<const TomlNode*> tables_of(const TomlNode& document, std::string_view key) {
  std::vector<const TomlNode*> result;
  const TomlEntry* entry = document.find(key);
  if (entry == nullptr) return result;
  for (const TomlNode& element : entry->value.elements) result.push_back(&element);
  return result;
}

std::optional<ColumnType> type_named(const TomlEntry* entry) {
  if (entry == nullptr) return std::nullopt;
  for (const ColumnType type : {ColumnType::kText, ColumnType::kDecimal, ColumnType::kTimestamp,
                                ColumnType::kDate, ColumnType::kBoolean}) {
    if (entry->value.text == name_of(type)) return type;
  }
  return std::nullopt;
}

}  // namespace

ColumnNames silver_columns(const Dataset& dataset, const TomlNode* document) {
  ColumnNames result;
  for (const DatasetColumn& column : dataset.columns) result.add(column.name, column.type);
  if (document == nullptr) return result;
  for (const TomlNode* join : tables_of(*document, "join")) {
    const TomlEntry* columns = join->find("columns");
    if (columns == nullptr) continue;
    for (const TomlEntry& column : columns->value.entries) result.add(column.key, std::nullopt);
  }
  for (const TomlNode* derived : tables_of(*document, "derive")) {
    const TomlEntry* column = derived->find("column");
    if (column != nullptr) result.add(column->value.text, type_named(derived->find("type")));
  }
  return result;
}

SilverRules read_rules(const Dataset& dataset, const TomlNode& document, const SilverColumns& all,
                       Mistakes& mistakes) {
  return RulesReading(dataset, document, all, mistakes).read();
}

}  // namespace finops::datasets
