#include "tests/support/random_bills.h"

#include <string_view>
#include <vector>

namespace finops {
namespace {

using namespace std::string_view_literals;

// By column of layout_of_all_types(): what fits, nearly fits and does not.
const std::vector<std::vector<std::string_view>> kCells = {
    {"web",
     "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x92\xB0",
     "a b",
     "x\"y",
     "''",
     "\"\"",
     "\"a,b\"",
     "\"line\nbreak\"",
     "\"cr\rlf\r\n\"",
     "\"say \"\"hi\"\"\"",
     "\"\"\"\"",
     "\xFF",
     "\xC0\x80",
     "\xED\xA0\x80",
     "\xF4\x90\x80\x80",
     "\xE2\x82",
     "nul\0in"sv,
     "\r",
     " ",
     "\xEF\xBB\xBF"},
    {"0",
     "1",
     "-1.5",
     "+2",
     ".5",
     "5.",
     "00012.500",
     "1e3",
     "1E-7",
     "-1.25e+2",
     "0.1234567890123456785",
     "0.1234567890123456775",
     "99999999999999999999.999999999999999999",
     "100000000000000000000",
     "1e20",
     "1e-30",
     "0e99999999999",
     "1e99999999999",
     ".",
     "-",
     "e5",
     "1e",
     "1,5",
     "\"2.5\"",
     "1 ",
     "0x10",
     "NaN",
     "\"1\n\"",
     "-0",
     "1234567890123456789012",
     "0.00000000000000000050000000000001",
     "99999999999999999999.9999999999999999995",
     "12345678901234567.5",
     "1.0000000000000000000000000",
     "0.000000000000000000000000000000000000000000000012345678901234567890"},
    {"0.0000004", "-0.0000004", "10", "123.456", "\"3\"", "7e-1", "abc"},
    {"2026-05-01T00:00:00Z",
     "2026-05-01T00:00:00.000Z",
     "2026-05-01",
     "20260501",
     "20260501T000000.000Z",
     "2024-02-29T23:59:59.999999Z",
     "2023-02-29T00:00:00Z",
     "2026-05-01 10:11",
     "2026-05-01T10:11:12+02:00",
     "2026-05-01T10:11:12-0330",
     "2026-05-01T10+01",
     "2026-05-01T24:00:00Z",
     "0001-01-01",
     "0000-01-01",
     "9999-12-31T23:59:59Z",
     "2026-05-01T00:00:00.1234567Z",
     "2026-05-01T00:00:00.1234560Z",
     "2026-05-01T00:00:00.Z",
     "2026-05-01T1011",
     "20260501T1011",
     "20260501T10:11:12",
     "2026-05-01T00:00:60Z",
     "2026-05-01t00:00:00z",
     "2026-5-1",
     "2026-05-01T00:00:00ZZ",
     "2026-05-01T00:00:00+24:00",
     "T",
     "\"20260501\""},
    {"{}",
     "\"{\"\"a\"\":\"\"1\"\"}\"",
     "\"{\"\"a\"\": null, \"\"b\"\": 1.50, \"\"c\"\":[1, {}]}\"",
     "\"{\"\"a\"\":1,\"\"a\"\":2}\"",
     "\"{\"\"\\u00e4\"\":\"\"\\ud83d\\ude00\"\"}\"",
     "\"{\"\"a\"\":\"\"\\ud83d\"\"}\"",
     "\"{\"\"a\"\":\"\"\\x\"\"}\"",
     "[]",
     "null",
     " {} ",
     "{} x",
     "{,}",
     "\"{\"\"a\"\":01}\"",
     "\"{\"\"\"\":\"\"\"\"}\"",
     "\"{\n\"\"k\"\":\t-1e5\r\n}\"",
     "{1:2}",
     "\"{\"\"a\"\":[[[[]]]]}\"",
     "\"{\"\"a\"\":{\"\"b\"\":1,\"\"b\"\":2}}\"",
     "\"{\"\"a\"\":true}\"",
     "{\"a\":1}"},
    {"{}", "\"{\"\"EDP\"\":0.1}\"", "\"{\"\"EDP\"\":\"\"-5\"\",\"\"x\"\":null}\"",
     "\"{\"\"a\"\":\"\"\"\"}\"", "\"{\"\"a\"\":true}\"", "\"{\"\"a\"\":1e25}\"",
     "\"{\"\"a\"\":0.12345678901234567890123}\"", "\"{\"\"a\"\":\"\"x\"\"}\"", "\"{\"\"a\"\":-}\"",
     "\"{\"\"a\"\":[1]}\""},
    {"USD", "EUR", "", "\"USD\"", "\xFF", "CNY", "USD", "USD", "?"},
};

const std::vector<std::string_view> kNoise = {
    "\"",     "\"\"", "\"\"\"", ",",     "\n",   "\r",     "\r\n",   "\0"sv,
    "\xFF",   "a",    "1",      "\",\"", "\"\n", "\n\"",   ",\"",    "\",",
    "\"\r\n", "\"\r", "\"x",    "\n\n",  "\xC3", ",,,,,,", "\",,\n", "longer text here"};

constexpr std::size_t kColumns = 7;

}  // namespace

std::string RandomBills::noise() {
  std::string text;
  for (std::size_t i = below(6) + 1; i > 0; --i) text += kNoise[below(kNoise.size())];
  if (one_in(20)) text.append(below(300), 'x');
  if (one_in(20)) text += "\"" + std::string(below(120), one_in(2) ? 'y' : '\n');
  return text;
}

std::string RandomBills::cell(std::size_t column) {
  if (one_in(nastiness_)) return noise();
  if (one_in(4)) return {};
  if (one_in(nastiness_)) column = below(kColumns);
  const auto& choices = kCells[column];
  const std::size_t reach = one_in(nastiness_) ? choices.size() : 3;  // the first ones fit
  std::string text(choices[below(reach)]);
  if (column == 0 && one_in(8)) text += std::string(below(70), 'z');
  if (column == 1 && one_in(8)) text.insert(text.begin(), below(40), '0');
  return text;
}

std::string RandomBills::row() {
  std::string text;
  std::size_t cells = kColumns;
  if (one_in(nastiness_ * 5)) cells = below(2 * kColumns);
  for (std::size_t i = 0; i < cells; ++i) {
    if (i > 0) text += ',';
    text += cell(i % kColumns);
  }
  return text;
}

std::string RandomBills::header() {
  std::string text = "text,amount,cost,time,tags,discount,currency";
  if (one_in(10)) text = "\"text\",amount,\"cost\",time,tags,discount,currency";
  if (one_in(100)) text = noise();
  return text;
}

std::string RandomBills::text(std::size_t rows) {
  nastiness_ = std::size_t{3} << below(8);
  const std::string line_end = one_in(4) ? "\r\n" : "\n";
  std::string text = one_in(10) ? "\xEF\xBB\xBF" : "";
  text += header();
  for (std::size_t i = 0; i < rows; ++i) text += line_end + (one_in(100) ? noise() : row());
  if (!one_in(4)) text += line_end;
  if (one_in(20)) text += line_end;
  if (one_in(20)) text += noise();
  return text;
}

}  // namespace finops
