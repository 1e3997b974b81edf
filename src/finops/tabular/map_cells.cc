#include "finops/tabular/map_cells.h"

#include "finops/tabular/decimal_text.h"

namespace finops::bill {
namespace {

std::string decimal_fault(const JsonObject::Member& member) {
  using Kind = JsonObject::Kind;
  if (is_null_member(member, ColumnType::kDecimalMap)) return {};
  std::string_view fault = "not a decimal number";
  if (member.kind != Kind::kOther) {
    const DecimalCell cell = parse_any_decimal(member.value);
    if (cell.fits()) return {};
    fault = fault_of(cell.state);
  }
  return "the value of the key '" + std::string(member.key.substr(0, 64)) + "' " +
         (fault.starts_with("not") ? "is " : "") + std::string(fault);
}

}  // namespace

std::string read_map(std::string_view text, ColumnType type, JsonObject& json) {
  std::string fault = json.read(text);
  if (!fault.empty() || type == ColumnType::kTextMap) return fault;
  for (const JsonObject::Member& member : json.members()) {
    fault = decimal_fault(member);
    if (!fault.empty()) return fault;
  }
  return {};
}

}  // namespace finops::bill
