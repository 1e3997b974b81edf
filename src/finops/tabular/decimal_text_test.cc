#include "finops/tabular/decimal_text.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <random>
#include <string>

namespace finops::bill {
namespace {

using State = DecimalCell::State;

/// As the block parser does it.
DecimalCell parse(const std::string& text) {
  const std::string padded = text + std::string(64, '7');
  DecimalCell cell;
  if (parse_usual_decimal(padded.data(), static_cast<std::uint32_t>(text.size()), cell.value)) {
    return cell;
  }
  return parse_any_decimal(text);
}

ExactSum residual_of(const DecimalCell& cell, const std::string& text) {
  ExactSum residual;
  if (cell.state == State::kRounded) residual.add(cell.residual, kResidualScale);
  if (cell.state == State::kRoundedDeeply) residual = deep_residual(text, cell.value);
  return residual;
}

void expect_as_core(const std::string& text) {
  const DecimalCell cell = parse(text);
  const auto expected = Decimal::parse(text);
  ASSERT_EQ(cell.fits(), expected.has_value()) << text;
  if (!expected) return;
  ASSERT_TRUE(cell.value == expected->value.unscaled()) << text;
  ASSERT_EQ(cell.state != State::kExact, expected->was_rounded) << text;
  ASSERT_EQ(residual_of(cell, text), expected->residual) << text;
}

TEST(DecimalTextTest, ReadsWhatCoreReads) {
  for (const char* text : {"0",
                           "-0",
                           "+0",
                           "1",
                           "-1",
                           "+1",
                           "1.",
                           ".5",
                           "-.5",
                           "0.1",
                           "00012.500",
                           "1e3",
                           "1E+3",
                           "1.5e-7",
                           "-2.5E2",
                           "9999999999999999",
                           "99999999999999999",
                           "99999999999999999999",
                           "100000000000000000000",
                           "99999999999999999999.999999999999999999",
                           "1e19",
                           "1e20",
                           "1e-18",
                           "1e-19",
                           "5e-19",
                           "-5e-19",
                           "15e-19",
                           "25e-19",
                           "0.0000000000000000005",
                           "0.00000000000000000050000001",
                           "0.1234567890123456785",
                           "0.1234567890123456775",
                           "99999999999999999999.9999999999999999995",
                           "99999999999999999999.9999999999999999994",
                           "0e999999999999999999",
                           "0.000e5",
                           "1e-2000",
                           "1e-2001",
                           "1234567890123456.7",
                           "12345678901234567.8",
                           "1e-46",
                           "1e-45",
                           "123e-47",
                           "1.00000000000000000000000000000000000"}) {
    expect_as_core(text);
  }
}

TEST(DecimalTextTest, RefusesWhatCoreRefuses) {
  for (const char* text :
       {"",   "-",   "+",    ".",   "-.",  "e5",  "1e",  "1e+", "1e5.0", "1.2.3", " 1",
        "1 ", "1,5", "0x10", "NaN", "inf", "--1", "+-1", "1-",  "1_000", "1e5e5", "१"}) {
    EXPECT_EQ(parse(text).state, State::kNotANumber) << text;
    expect_as_core(text);
  }
  EXPECT_EQ(parse("1e20").state, State::kTooLarge);
  EXPECT_EQ(parse("99999999999999999999.9999999999999999995").state, State::kTooLarge);
  EXPECT_EQ(parse("1e-2001").state, State::kTooManyDecimals);
  EXPECT_EQ(parse(std::string("1\0", 2)).state, State::kNotANumber);
}

TEST(DecimalTextTest, AgreesWithCoreOnRandomTexts) {
  std::mt19937 random(11);
  const auto digits = [&](std::size_t most) {
    std::string text;
    for (std::size_t n = random() % (most + 1); n > 0; --n) {
      text += static_cast<char>('0' + (random() % 3 == 0 ? 0 : random() % 10));
    }
    return text;
  };
  for (int i = 0; i < 200'000; ++i) {
    std::string text = random() % 3 == 0 ? "-" : random() % 20 == 0 ? "+" : "";
    text += digits(random() % 4 == 0 ? 25 : 5);
    if (random() % 4 != 0) text += "." + digits(random() % 4 == 0 ? 60 : 22);
    if (random() % 6 == 0) text += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
    if (random() % 50 == 0) text.insert(random() % (text.size() + 1), 1, ".x-,"[random() % 4]);
    expect_as_core(text);
  }
}

TEST(DecimalTextTest, OfRealsIsWhatTheirShortestTextSays) {
  std::mt19937_64 random(11);
  std::size_t found = 0, tried = 0;
  const auto check = [&](double number) {
    char text[64] = {};
    const auto end = std::to_chars(text, text + 40, number).ptr;
    Int128 value = -1;
    ++tried;
    if (!decimal_of_real(number, value)) return;
    ++found;
    const DecimalCell expected = parse_any_decimal({text, end});
    ASSERT_EQ(expected.state, DecimalCell::State::kExact) << text;
    ASSERT_TRUE(expected.value == value) << text;
  };
  for (const double number : {0.0, -0.0, 1.0, -1.5, 0.1, 0.3, 1e-10, 1e-14, 999999999999999.0, 1e15,
                              0.1 + 0.2, 5e-324, 1e300, 123456789.123456, 4503599627370496.5}) {
    check(number);
  }
  for (int i = 0; i < 200'000; ++i) {
    const auto digits = static_cast<std::int64_t>(random() >> (random() % 50 + 10));
    check(static_cast<double>(digits) / std::pow(10.0, static_cast<double>(random() % 18)));
    check(-static_cast<double>(random()) / 1e19);
    check(std::bit_cast<double>(random() & 0x7FEF'FFFF'FFFF'FFFF));
  }
  EXPECT_GT(found, tried / 5);
}

}  // namespace
}  // namespace finops::bill
