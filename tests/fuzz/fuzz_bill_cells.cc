// One cell as a decimal, as a time or as a map, by the code of the fast reader and by that of the
// simple one: both find the same value in it, or none.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "finops/core/decimal.h"
#include "finops/tabular/decimal_text.h"
#include "finops/tabular/simple_values.h"
#include "finops/tabular/timestamp_text.h"
#include "tests/fuzz/readers_must_agree.h"

namespace finops {
namespace {

void require(bool agrees, const char* what, std::string_view text) {
  if (agrees) return;
  std::fprintf(stderr, "%s: '%.*s'\n", what, static_cast<int>(text.size()), text.data());
  std::abort();
}

void check_decimal(const std::string& text) {
  using bill::DecimalCell;
  const auto simple = Decimal::parse(text);
  const DecimalCell fast = bill::parse_any_decimal(text);
  require(fast.fits() == simple.has_value(), "one of them takes it for a decimal", text);
  const std::string padded = text + std::string(64, '7');
  Int128 usual = 0;
  const bool is_usual =
      bill::parse_usual_decimal(padded.data(), static_cast<std::uint32_t>(text.size()), usual);
  require(!is_usual || simple.has_value(), "the usual form takes what is no decimal", text);
  if (!simple) return;
  require(fast.value == simple->value.unscaled(), "another decimal", text);
  require(!is_usual || usual == simple->value.unscaled(), "another decimal by its form", text);
  const bool is_rounded = fast.state != DecimalCell::State::kExact;
  require(is_rounded == simple->was_rounded, "one of them rounds it", text);
  ExactSum residual;
  if (fast.state == DecimalCell::State::kRoundedDeeply) {
    residual = bill::deep_residual(text, fast.value);
  } else if (is_rounded) {
    residual.add(fast.residual, bill::kResidualScale);
  }
  require(residual == simple->residual, "another residual", text);
}

/// As a cell in quotes of a bill with nothing else in it.
void check_map(const std::string& text, const char* column) {
  std::string csv = std::string(column) + "\n\"";
  for (const char c : text) csv += c == '"' ? "\"\"" : std::string(1, c);
  readers_must_agree(csv + "\"\n", BillFormat::kCsv, SIZE_MAX);
}

}  // namespace
}  // namespace finops

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 500) return 0;
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0: finops::check_decimal(text); break;
    case 1:
      finops::require(finops::parse_timestamp(text) == finops::simple::parse_time(text),
                      "another time", text);
      break;
    case 2: finops::check_map(text, "tags"); break;
    default: finops::check_map(text, "discount");
  }
  return 0;
}
