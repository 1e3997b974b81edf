#include "finops/tabular/json_object.h"

#include <algorithm>

#include "finops/tabular/cell_range.h"

namespace finops::bill {
namespace {

std::string to_text(JsonScanner::Fault fault) {
  switch (fault) {
    case JsonScanner::Fault::kString: return "bad JSON string";
    case JsonScanner::Fault::kDepth: return "nested too deeply";
    default: return "not a JSON object";
  }
}

}  // namespace

/// Appends a key or value as members() has it. Its place is known at the end: bytes_ may move.
JsonObject::Span JsonObject::append(std::string_view text, bool has_escapes) {
  const std::size_t offset = bytes_.size();
  if (has_escapes) {
    append_unescaped(bytes_, text);
  } else {
    bytes_.append(text);
  }
  return {offset, bytes_.size() - offset};
}

std::string JsonObject::read(std::string_view text) {
  members_.clear();
  spans_.clear();
  bytes_.clear();
  const JsonScanner::Fault fault = scanner_.scan(text);
  if (fault != JsonScanner::Fault::kNone) return to_text(fault);
  for (const JsonScanner::Member& member : scanner_.members()) {
    spans_.push_back(append(member.key, member.key_has_escapes));
    spans_.push_back(append(member.value, member.has_escapes));
  }
  bytes_.append(kTextPadding, '\0');
  const auto view = [&](const Span& span) {
    return std::string_view(bytes_).substr(span.offset, span.length);
  };
  keys_.clear();
  for (std::size_t i = 0; i < scanner_.members().size(); ++i) {
    members_.push_back({view(spans_[2 * i]), view(spans_[2 * i + 1]), scanner_.members()[i].kind});
    keys_.push_back(members_.back().key);
  }
  std::sort(keys_.begin(), keys_.end());
  const auto twice = std::adjacent_find(keys_.begin(), keys_.end());
  if (twice == keys_.end()) return {};
  return "has the key '" + std::string(twice->substr(0, 64)) + "' twice";
}

}  // namespace finops::bill
