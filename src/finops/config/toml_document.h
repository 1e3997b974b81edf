#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/config/setting.h"

namespace finops {

struct TomlEntry;

/// A value of a TOML document with its position, tables in the order in which they are written.
/// What it means is not judged here.
struct TomlNode {
  enum class Kind { kTable, kArray, kText, kInteger, kNumber, kBoolean, kDateOrTime };
  Kind kind = Kind::kTable;
  Origin origin;
  /// kText: its content; kInteger, kNumber: the number in its shortest form, "0.01".
  std::string text;
  Origin text_origin;  // kText: of the first character between the quotes
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<TomlEntry> entries;  // kTable
  std::vector<TomlNode> elements;  // kArray

  /// The entry of a table, or null.
  const TomlEntry* find(std::string_view key) const;
};

struct TomlEntry {
  std::string key;
  Origin origin;  // of the key
  TomlNode value;
};

/// As in a message: "a table", "a whole number".
std::string_view name_of(TomlNode::Kind kind);

/// The document's table; nothing, and a mistake, for what is no TOML. `file_name` is for positions
/// in messages.
std::optional<TomlNode> parse_toml(std::string_view text, const std::string& file_name,
                                   Mistakes& mistakes);

}  // namespace finops
