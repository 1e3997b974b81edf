#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "finops/config/toml_document.h"
#include "finops/core/decimal.h"
#include "finops/datasets/project.h"

namespace finops::datasets {

/// A name, and where it is written.
struct WrittenName {
  std::string name;
  Origin origin;
};

/// Takes known keys out of one table of TOML. What is missing, of another type or not allowed is
/// added to the mistakes, and reading goes on with the fallback. Ask for every key that there may
/// be, then call refuse_others().
class TableReader {
 public:
  /// `place` is how messages call the table: "[landing]", "a [[join]]".
  TableReader(const TomlNode& table, std::string place, Mistakes& mistakes);

  /// The value, or null where it is not written or of another kind.
  const TomlNode* find(std::string_view key, TomlNode::Kind kind);
  bool is_written(std::string_view key) const { return table_.find(key) != nullptr; }
  /// Of the key's value; of the table where it is not written.
  Origin origin(std::string_view key) const;
  const Origin& origin() const { return table_.origin; }

  /// Empty where there is none; what is written must not be empty.
  std::string text(std::string_view key);
  std::string required_text(std::string_view key);
  /// Text that is an identifier.
  std::string identifier(std::string_view key);
  std::string required_identifier(std::string_view key);
  SqlText sql(std::string_view key);
  SqlText required_sql(std::string_view key);
  bool boolean(std::string_view key, bool fallback);
  int integer(std::string_view key, int least, int most, int fallback);
  Decimal decimal(std::string_view key, std::string_view fallback);
  /// A type that a dataset's column may have.
  ColumnType required_type(std::string_view key);
  /// Two decimals, the first not greater than the second.
  std::optional<std::pair<Decimal, Decimal>> decimals(std::string_view key);
  /// An array of texts, none empty, none twice.
  std::vector<WrittenName> names(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  /// The names of 'partition_by'. Whether there are such columns is not looked at.
  std::vector<PartitionColumn> partitions();
  /// A table of texts: { key = "text" }.
  std::vector<std::pair<WrittenName, WrittenName>> text_pairs(std::string_view key);
  /// The tables of [[key]].
  std::vector<const TomlNode*> tables(std::string_view key);

  template <typename T>
  struct Choice {
    std::string_view name;
    T value;
  };
  template <typename T>
  T choice(std::string_view key, std::initializer_list<Choice<T>> choices, T fallback) {
    std::vector<std::string_view> names;
    for (const Choice<T>& one : choices) names.push_back(one.name);
    const auto chosen = choose(key, names);
    return chosen ? (choices.begin() + *chosen)->value : fallback;
  }

  /// A missing key is a mistake; true where it is written.
  bool require(std::string_view key);
  /// Adds a mistake for each key that was not asked for.
  void refuse_others();

  void mistake(const Origin& origin, const std::string& text) { mistakes_.add(origin, text); }
  Mistakes& mistakes() { return mistakes_; }

 private:
  std::optional<std::size_t> choose(std::string_view key,
                                    const std::vector<std::string_view>& names);
  std::optional<Decimal> decimal_of(std::string_view key, const TomlNode& node);
  SqlText sql_of(std::string_view key, const TomlNode& node);
  void know(std::string_view key);

  const TomlNode& table_;
  std::string place_;
  Mistakes& mistakes_;
  std::vector<std::string> known_;
};

/// Whether there is nothing in it but blanks, comments and semicolons.
bool is_blank_sql(std::string_view sql);

}  // namespace finops::datasets
