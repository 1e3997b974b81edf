#include "finops/tabular/json_line.h"

#include "finops/core/utf8.h"
#include "finops/tabular/row_judge.h"

namespace finops::bill {
namespace {

std::string key_twice(const std::vector<JsonScanner::Member>& members) {
  std::unordered_map<std::string, bool> seen;
  for (const auto& member : members) {
    std::string key;
    append_unescaped(key, member.key);
    if (!seen.try_emplace(key).second) return "it has the key '" + shown(key) + "' twice";
  }
  return {};
}

}  // namespace

bool is_blank_line(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::string fault_of_json_line(std::string_view line) {
  if (!is_utf8(line)) return "it is not UTF-8";
  JsonScanner scanner;
  const JsonScanner::Fault fault = scanner.scan(line);
  const std::string place = ", at byte " + std::to_string(scanner.fault_at() + 1);
  switch (fault) {
    case JsonScanner::Fault::kNone: return key_twice(scanner.members());
    case JsonScanner::Fault::kNoObject: return "it does not begin with '{'";
    case JsonScanner::Fault::kSyntax: return "bad JSON" + place;
    case JsonScanner::Fault::kString: return "a bad string" + place;
    case JsonScanner::Fault::kDepth: return "nested too deeply" + place;
    case JsonScanner::Fault::kTextBehind: return "text after the object" + place;
  }
  return {};
}

std::size_t JsonColumns::find(std::string_view key) const {
  const auto found = by_name_.find(key);
  return found == by_name_.end() ? names_.size() : found->second;
}

void JsonColumns::add(std::string_view key) {
  by_name_.emplace(names_.emplace_back(key), columns_.size());
  columns_.push_back({0, 0});
  name_bytes_ += key.size();
}

void JsonColumns::forget_from(std::size_t column) {
  while (names_.size() > column) {
    by_name_.erase(names_.back());
    name_bytes_ -= names_.back().size();
    names_.pop_back();
    columns_.pop_back();
  }
}

JsonColumns::Placed JsonColumns::place(const Members& members, bool learns) {
  ++objects_;
  const std::size_t known = names_.size();
  std::size_t expected = 0;  // objects of a file have their keys in the same order
  for (std::uint32_t i = 0; i < members.size(); ++i) {
    std::string_view key = members[i].key;
    if (members[i].key_has_escapes) {
      unescaped_.clear();
      append_unescaped(unescaped_, key);
      key = unescaped_;
    }
    const bool is_expected = expected < names_.size() && names_[expected] == key;
    const std::size_t column = is_expected ? expected : find(key);
    if (column == names_.size()) {
      if (!learns) return Placed::kUnknownKey;
      add(key);
    }
    if (columns_[column].object == objects_) {
      forget_from(known);
      return Placed::kKeyTwice;
    }
    columns_[column] = {objects_, i};
    expected = column + 1;
  }
  return Placed::kAll;
}

}  // namespace finops::bill
