#include "tests/chaos/chaos_bills.h"

#include <arrow/array/builder_primitive.h>
#include <arrow/array/builder_time.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "finops/core/decimal.h"
#include "tests/chaos/dice.h"
#include "tests/support/arrow_files.h"
#include "tests/support/zip_archive.h"

namespace finops::chaos {
namespace {

using Json = nlohmann::ordered_json;
using Table = Shape::Table;
using Format = Shape::Format;
using Cells = std::vector<std::string>;  // of one line

constexpr std::size_t kCostCell = 4;

/// In the order of the cells; the tags follow.
Cells names_of(Table table) {
  switch (table) {
    case Table::kCurV1:
      return {"identity/LineItemId", "bill/PayerAccountId", "lineItem/UsageStartDate",
              "lineItem/CurrencyCode", "lineItem/UnblendedCost"};
    case Table::kFocus:
      return {"ResourceId", "BillingAccountId", "ChargePeriodStart", "BillingCurrency",
              "BilledCost"};
    default:
      return {"identity_line_item_id", "bill_payer_account_id", "line_item_usage_start_date",
              "line_item_currency_code", "line_item_unblended_cost"};
  }
}

bool has_tag_map(Table table) { return table == Table::kCurV2 || table == Table::kFocus; }

Cells header_of(Table table, int tags) {
  Cells names = names_of(table);
  if (has_tag_map(table)) {
    names.emplace_back(table == Table::kFocus ? "Tags" : "resource_tags");
    return names;
  }
  for (int i = 0; i < tags; ++i) {
    const std::string number = std::to_string(i);
    names.push_back(table == Table::kCurV1 ? "resourceTags/user:T" + number
                                           : "resource_tags_user_t" + number);
  }
  return names;
}

Cells cells_of(Table table, BillingPeriod period, const BillLine& line, const TrueBill& bill) {
  const int tags = bill.tags;
  const bool is_late = std::ranges::binary_search(bill.late_lines, line);
  const std::string tag = "of " + line.id + std::string(is_late ? kLongestCellOfBefore : 0, '.');
  Cells cells = {line.id, bill.payer, period.to_string() + "-03T00:00:00Z", line.currency,
                 line.cost};
  if (!has_tag_map(table)) {
    for (int i = 0; i < tags; ++i) cells.push_back(tag);
    return cells;
  }
  Json map = Json::object();
  for (int i = 0; i < tags; ++i) map["user_t" + std::to_string(i)] = tag;
  cells.push_back(map.dump());
  return cells;
}

std::string csv_line(const Cells& cells) {
  std::string line;
  for (const auto& cell : cells) {
    std::string quoted;
    for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
    line += (line.empty() ? "\"" : ",\"") + quoted + "\"";
  }
  return line + "\n";
}

std::string csv_of(const Cells& header, const std::vector<Cells>& lines) {
  std::string text = csv_line(header);
  for (const auto& line : lines) text += csv_line(line);
  return text;
}

std::shared_ptr<arrow::Array> costs_of(const std::vector<Cells>& lines) {
  arrow::DoubleBuilder builder;
  for (const auto& line : lines) {
    const bool is_number = Decimal::parse(line[kCostCell]).has_value();
    PARQUET_THROW_NOT_OK(builder.Append(is_number ? std::stod(line[kCostCell]) : std::nan("")));
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> maps_of(const std::vector<Cells>& lines) {
  std::vector<std::optional<TextEntries>> maps;
  for (const auto& line : lines) {
    TextEntries entries;
    const Json map = Json::parse(line.back());
    for (const auto& [key, value] : map.items()) {
      entries.emplace_back(key, value.get<std::string>());
    }
    maps.emplace_back(std::move(entries));
  }
  return text_maps(maps);
}

std::string parquet_of(Table table, const Cells& header, const std::vector<Cells>& lines) {
  std::vector<std::shared_ptr<arrow::Field>> fields;
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (i == kCostCell) {
      columns.push_back(costs_of(lines));
    } else if (has_tag_map(table) && i + 1 == header.size()) {
      columns.push_back(maps_of(lines));
    } else {
      std::vector<std::optional<std::string>> cells;
      for (const auto& line : lines) cells.emplace_back(line[i]);
      columns.push_back(texts(cells));
    }
    fields.push_back(arrow::field(header[i], columns.back()->type()));
  }
  return parquet_text(*arrow::Table::Make(arrow::schema(fields), columns), 100);
}

std::string bytes_of_file(const Shape& shape, const Cells& header,
                          const std::vector<Cells>& lines) {
  switch (shape.format) {
    case Format::kParquet: return parquet_of(shape.table, header, lines);
    case Format::kCsvZip: return zip_of(csv_of(header, lines));
    case Format::kCsv: return csv_of(header, lines);
    default: return gzip_of(csv_of(header, lines));
  }
}

std::string ending_of(Format format) {
  switch (format) {
    case Format::kParquet: return ".snappy.parquet";
    case Format::kCsvZip: return ".csv.zip";
    case Format::kCsv: return ".csv";
    default: return ".csv.gz";
  }
}

/// Folders of one period, without a slash at the end.
struct Place {
  std::string data, manifest;
};

std::string compact(BillingPeriod period) {
  std::string text = period.to_string();
  std::erase(text, '-');
  return text + "01";
}

Place place_of(const Shape& shape, BillingPeriod period, const std::string& version) {
  const std::string root = "cur/report/", month = period.to_string();
  Place place;
  if (shape.table == Table::kCurV1Athena) {
    const int number = std::stoi(month.substr(5));
    place.manifest =
        root + "report/year=" + month.substr(0, 4) + "/month=" + std::to_string(number);
  } else if (shape.table == Table::kCurV1) {
    place.manifest = root + compact(period) + "-" + compact(period.next());
  } else {
    place.manifest = root + "metadata/BILLING_PERIOD=" + month;
    place.data = root + "data/BILLING_PERIOD=" + month;
  }
  if (place.data.empty()) place.data = place.manifest;
  if (!shape.overwrites) place.data += "/" + version;
  return place;
}

std::string manifest_of(const Shape& shape, BillingPeriod period, const TrueBill& bill,
                        const Cells& keys) {
  Json manifest;
  if (shape.table == Table::kCurV2 || shape.table == Table::kFocus) {
    manifest = {{"executionId", bill.version}, {"dataFiles", Json::array()}};
    for (const auto& key : keys) manifest["dataFiles"].push_back("s3://bucket/" + key);
    if (shape.table == Table::kFocus) manifest["tableName"] = "FOCUS_1_2_AWS";
    return manifest.dump();
  }
  manifest = {{"assemblyId", bill.version},
              {"account", bill.payer},
              {"billingPeriod",
               {{"start", compact(period) + "T000000.000Z"},
                {"end", compact(period.next()) + "T000000.000Z"}}},
              {"bucket", "bucket"},
              {"reportKeys", keys},
              {"columns", Json::array()}};
  for (const auto& name : header_of(Table::kCurV1, bill.tags)) {
    const auto slash = name.find('/');
    manifest["columns"].push_back(
        {{"category", name.substr(0, slash)}, {"name", name.substr(slash + 1)}});
  }
  return manifest.dump();
}

}  // namespace

const std::vector<Shape>& all_shapes() {
  static const std::vector<Shape> shapes = {
      {"v1-csv.gz", Table::kCurV1, Format::kCsvGzip, false},
      {"v1-csv.gz-overwrite", Table::kCurV1, Format::kCsvGzip, true},
      {"v1-csv.zip", Table::kCurV1, Format::kCsvZip, false},
      {"v1-csv.zip-overwrite", Table::kCurV1, Format::kCsvZip, true},
      {"v1-csv", Table::kCurV1, Format::kCsv, false},
      {"v1-parquet-athena", Table::kCurV1Athena, Format::kParquet, true},
      {"v2-csv.gz", Table::kCurV2, Format::kCsvGzip, false},
      {"v2-csv.gz-overwrite", Table::kCurV2, Format::kCsvGzip, true},
      {"v2-parquet", Table::kCurV2, Format::kParquet, false},
      {"v2-parquet-overwrite", Table::kCurV2, Format::kParquet, true},
      {"focus-csv.gz", Table::kFocus, Format::kCsvGzip, false},
      {"focus-parquet-overwrite", Table::kFocus, Format::kParquet, true},
  };
  return shapes;
}

TrueBill make_bill(const std::string& source, BillingPeriod period, std::uint64_t number) {
  Dice dice(number * 1'000'003 + static_cast<std::uint64_t>(std::stoi(compact(period))));
  TrueBill bill;
  bill.version = "v" + std::to_string(number) + "-of-" + source;
  // Two sources with one payer's month in one table would be refused.
  bill.payer = "00000000000" + std::to_string(source.back() % 10);
  const std::uint64_t lines = 2 + dice.below(8);
  for (std::uint64_t i = 0; i < lines; ++i) {
    // Eighths: a double holds them exactly.
    const auto eighths = static_cast<Int128>(dice.below(100'000)) - 20'000;
    bill.lines.push_back(
        {source + "-" + period.to_string() + "-" + std::to_string(number) + "-" + std::to_string(i),
         dice.one_in(4) ? "EUR" : "USD",
         Decimal::from_unscaled(eighths * power_of_10(18) / 8).to_string()});
  }
  std::ranges::sort(bill.lines);
  bill.is_refused = dice.one_in(8);
  if (bill.is_refused) {
    bill.faulty_lines = 11 + dice.below(5);
  } else if (dice.one_in(3)) {
    bill.faulty_lines = 1 + dice.below(3);
  }
  bill.tags = 1 + static_cast<int>(dice.below(4));
  const std::uint64_t late = dice.one_in(2) ? 1 + dice.below(3) : 0;
  for (std::uint64_t i = 0; i < late; ++i) {
    bill.late_lines.push_back(
        {"late-" + bill.version + "-" + std::to_string(i), dice.one_in(4) ? "EUR" : "USD",
         Decimal::from_unscaled(static_cast<Int128>(dice.below(1000)) * power_of_10(18) / 8)
             .to_string()});
  }
  return bill;
}

void deliver(ObjectStore& bucket, const Shape& shape, BillingPeriod period, const TrueBill& bill) {
  std::vector<Cells> lines;
  for (const auto& line : bill.lines) {
    lines.push_back(cells_of(shape.table, period, line, bill));
  }
  for (std::uint64_t i = 0; i < bill.faulty_lines; ++i) {
    const BillLine faulty{"faulty-" + std::to_string(i), "USD", "a lot"};
    const auto place = static_cast<std::ptrdiff_t>(i * 3 % (lines.size() + 1));
    lines.insert(lines.begin() + place, cells_of(shape.table, period, faulty, bill));
  }
  for (const auto& line : bill.late_lines) {
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(lines.size() / 3),
                 cells_of(shape.table, period, line, bill));
  }
  const Cells header = header_of(shape.table, bill.tags);
  const Place place = place_of(shape, period, bill.version);
  const auto half = static_cast<std::ptrdiff_t>(lines.size() / 2);
  const std::vector<Cells> halves[] = {{lines.begin(), lines.begin() + half},
                                       {lines.begin() + half, lines.end()}};
  Cells keys;
  for (const auto& part : halves) {
    keys.push_back(place.data + "/report-0000" + std::to_string(keys.size() + 1) +
                   ending_of(shape.format));
    put_text(bucket, keys.back(), bytes_of_file(shape, header, part));
  }
  put_text(bucket, place.manifest + "/report-Manifest.json",
           manifest_of(shape, period, bill, keys));
}

}  // namespace finops::chaos
