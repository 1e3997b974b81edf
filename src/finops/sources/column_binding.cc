#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/sources/column_naming.h"

namespace finops {

namespace {

constexpr std::size_t kNameLimit = 255;  // Glue, Athena and Hive take no more

// Our added columns, and the metadata columns of Iceberg (spec, "Reserved Field IDs").
const std::set<std::string, std::less<>> kReserved = {
    "source",      "billing_period", "execution_id", "source_file",
    "source_line", "_file",          "_pos",         "_deleted",
    "_spec_id",    "_partition",     "_row_id",      "_last_updated_sequence_number"};
// Columns of the quarantine table, which has each decimal column beside them.
const std::set<std::string, std::less<>> kReservedForDecimals = {"currency", "reasons", "raw"};

bool has_slash(std::string_view name) { return name.find('/') != name.npos; }

bool can_be_delivered(ColumnType type) {
  return type == ColumnType::kText || type == ColumnType::kDecimal ||
         type == ColumnType::kTimestamp || is_map(type);
}

/// At most `limit` bytes, no UTF-8 sequence cut.
std::string beginning(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  text.resize(limit);
  return text;
}

class Binder {
 public:
  Binder(const TableSchema& table, SourceNames known, const ColumnDictionary& dictionary)
      : dictionary_(dictionary), names_(std::move(known)) {
    for (const Column& column : table.columns) {
      slots_[ascii_lower(column.name)] = {column, false};
      const bool is_reserved = kReserved.contains(ascii_lower(column.name));
      if (!column.doc.empty() && !is_reserved) names_.try_emplace(column.name, 1, column.doc);
    }
    // A column that the table has lost keeps its names.
    for (const auto& [name, exact_names] : names_) slots_.try_emplace(ascii_lower(name));
    for (const auto& [name, exact_names] : names_) {
      for (const std::string& exact : exact_names) holders_[exact].push_back(name);
    }
    for (auto& [exact, holders] : holders_) {
      std::ranges::stable_sort(holders, {}, &std::string::size);  // the one without suffix first
    }
  }

  ColumnBinding bind(const std::vector<DeliveredColumn>& delivered) {
    for (const DeliveredColumn& column : delivered) {
      if (!delivered_.emplace(column.name, &column).second) {
        throw Error(ErrorKind::kInvalidData,
                    "the column '" + column.name + "' is delivered twice; a name must be unique");
      }
    }
    std::vector<const DeliveredColumn*> of_dictionary, others;
    for (const auto& [name, column] : delivered_) {
      if (take_known(*column)) continue;
      (dictionary_.column_of(name) ? of_dictionary : others).push_back(column);
    }
    for (const DeliveredColumn* column : of_dictionary) take_unknown(*column);
    for (const DeliveredColumn* column : others) take_unknown(*column);
    return result(delivered);
  }

 private:
  struct Slot {
    std::optional<Column> column;  // nothing: known by name only
    bool is_new = false;
    bool is_used = false;
  };

  std::string plain_name(std::string_view exact) const {
    return dictionary_.column_of(exact).value_or(dictionary_.plain_name_of(exact));
  }

  /// Rule 1.
  bool take_known(const DeliveredColumn& delivered) {
    const auto holders = holders_.find(delivered.name);
    if (holders == holders_.end()) return false;
    for (const std::string& name : holders->second) {
      Slot& slot = slots_.at(ascii_lower(name));
      if (kReserved.contains(ascii_lower(name)) || has_elder_rival(name, delivered.name)) continue;
      if (slot.column && !can_be_delivered(slot.column->type)) continue;
      use(slot, name, delivered);
      return true;
    }
    return false;
  }

  /// True when a name that the column has longer than `exact` is in the delivery too.
  bool has_elder_rival(const std::string& column, const std::string& exact) const {
    for (const std::string& other : names_.at(column)) {
      if (other == exact) return false;
      if (delivered_.contains(other)) return true;
    }
    return false;
  }

  /// Rules 2 and 3.
  void take_unknown(const DeliveredColumn& delivered) {
    const std::string plain = plain_name(delivered.name);
    const ColumnType type = dictionary_.type_of(delivered.name, delivered.told_type);
    const bool is_reserved =
        kReserved.contains(plain) ||
        (type == ColumnType::kDecimal && kReservedForDecimals.contains(plain)) ||
        (!dictionary_.column_of(delivered.name) && dictionary_.column_of(plain));
    if (!plain.empty() && plain.size() <= kNameLimit && !is_reserved) {
      const auto slot = slots_.find(ascii_lower(plain));
      if (slot == slots_.end()) return use(slots_[ascii_lower(plain)], plain, delivered);
      if (is_same_column(slot->second, plain, delivered.name)) {
        const std::string name = slot->second.column ? slot->second.column->name : plain;
        return use(slot->second, name, delivered);
      }
    }
    const std::string name = suffixed(plain.empty() ? "unnamed" : plain, delivered.name);
    use(slots_[ascii_lower(name)], name, delivered);
  }

  bool is_same_column(const Slot& slot, const std::string& name, const std::string& exact) const {
    if (slot.is_used || (slot.column && !can_be_delivered(slot.column->type))) return false;
    const auto names = names_.find(slot.column ? slot.column->name : name);
    if (names == names_.end()) return true;  // another writer's: its first name makes it ours
    const bool is_of_dictionary = dictionary_.column_of(exact).has_value();
    return std::ranges::all_of(names->second, [&](const std::string& other) {
      if (plain_name(other) != name) return false;
      return (is_of_dictionary && dictionary_.column_of(other)) ||
             has_slash(other) != has_slash(exact);
    });
  }

  std::string suffixed(const std::string& plain, const std::string& exact) const {
    const std::string hash = sha256_of(exact);
    for (std::size_t digits = 8; digits <= hash.size(); digits += 8) {
      const std::string name =
          beginning(plain, kNameLimit - 1 - digits) + "_" + hash.substr(0, digits);
      if (!slots_.contains(ascii_lower(name))) return name;
    }
    throw Error(ErrorKind::kInvalidData, "the table has no name left for column '" + exact + "'");
  }

  void use(Slot& slot, const std::string& name, const DeliveredColumn& delivered) {
    slot.is_used = true;
    if (!slot.column) {
      Column column;
      column.name = name;
      column.type = dictionary_.type_of(delivered.name, delivered.told_type);
      column.doc = delivered.name;
      slot.column = std::move(column);
      slot.is_new = true;
    }
    bound_[delivered.name] = &slot;
    auto& names = names_[slot.column->name];
    if (std::ranges::find(names, delivered.name) == names.end()) names.push_back(delivered.name);
  }

  ColumnBinding result(const std::vector<DeliveredColumn>& delivered) {
    ColumnBinding binding;
    for (const DeliveredColumn& column : delivered) {
      const Slot& slot = *bound_.at(column.name);
      binding.columns.push_back({column.name, *slot.column});
      if (slot.is_new) binding.new_columns.push_back(*slot.column);
    }
    binding.source_names = std::move(names_);
    return binding;
  }

  const ColumnDictionary& dictionary_;
  SourceNames names_;
  std::map<std::string, Slot> slots_;                        // by name without case
  std::map<std::string, std::vector<std::string>> holders_;  // exact name → columns
  std::map<std::string, const DeliveredColumn*> delivered_;  // in byte order
  std::map<std::string, const Slot*> bound_;
};

}  // namespace

ColumnBinding bind_columns(const std::vector<DeliveredColumn>& delivered, const TableSchema& table,
                           const SourceNames& known, const ColumnDictionary& dictionary) {
  return Binder(table, known, dictionary).bind(delivered);
}

}  // namespace finops
