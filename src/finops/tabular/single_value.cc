#include "finops/tabular/single_value.h"

#include <cstddef>
#include <cstdint>

namespace finops {
namespace {

std::string little_endian(std::int64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

}  // namespace

std::string single_value(Decimal value) {
  const Int128 unscaled = value.unscaled();
  int bytes = 1;
  // So many bytes are enough when the rest, sign bit included, is all sign.
  while (bytes < 16 && unscaled >> (8 * bytes - 1) != (unscaled < 0 ? -1 : 0)) ++bytes;
  std::string text;
  while (bytes-- > 0) text += static_cast<char>(static_cast<int>(unscaled >> (8 * bytes) & 0xff));
  return text;
}

std::string single_value(const CellValue& value, ColumnType type) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* decimal = std::get_if<Decimal>(&value)) return single_value(*decimal);
  if (const auto* boolean = std::get_if<bool>(&value)) return {*boolean ? '\1' : '\0'};
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    return little_endian(*integer, type == ColumnType::kInt || type == ColumnType::kDate ? 4 : 8);
  }
  return {};
}

}  // namespace finops
