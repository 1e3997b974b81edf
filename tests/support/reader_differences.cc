#include "tests/support/reader_differences.h"

#include <algorithm>
#include <optional>

#include "finops/core/error.h"
#include "finops/tabular/parquet_totals.h"
#include "finops/tabular/simple_bill_reader.h"
#include "tests/support/bill_delivery.h"

namespace finops {
namespace {

using Texts = std::vector<std::string>;

std::string to_line(const DecimalTotals& totals) {
  return totals.sum.to_string() + " unreadable " + std::to_string(totals.unreadable_cells) +
         " rounded " + std::to_string(totals.rounded_cells) + " residual " +
         totals.rounding_residual.to_string();
}

/// Everything that is to be compared, one line each.
void describe(const std::string& what, const CurrencyTotals& totals, bool sums_only, Texts& lines) {
  for (const auto& [currency, columns] : totals) {
    for (const auto& [name, money] : columns) {
      // Parquet knows no cell that was rounded or unreadable.
      lines.push_back(what + " '" + currency + "' " + name + ": " +
                      (sums_only ? money.sum.to_string() : to_line(money)));
    }
  }
}

void describe(const RowsTotals& loaded, Texts& lines) {
  lines.push_back("loaded " + std::to_string(loaded.rows));
  describe("loaded", loaded.decimals, true, lines);
  for (const auto& [name, content] : loaded.columns) {
    lines.push_back("column " + name + ": NULLs " + std::to_string(content.nulls) +
                    " fingerprint " + content.fingerprint.to_string());
  }
}

void describe(const RejectedRow& row, Texts& lines) {
  std::string line = "rejected " + row.file + ":" + std::to_string(row.line) + " '" + row.currency +
                     "' raw '" + row.raw + "'";
  for (const auto& [name, unscaled] : row.decimals) {
    line += " " + name + "=" + Decimal::from_unscaled(unscaled).to_string();
  }
  line += " faults " + std::to_string(row.reasons.size());
  // The words after a column's name are each reader's own.
  for (const auto& reason : row.reasons) {
    if (row.currency != "?") line += " " + reason.substr(0, reason.find(':'));
  }
  lines.push_back(line);
}

Texts describe_fast(const std::vector<BillPart>& parts, const BillLayout& layout,
                    const ConvertOptions& options) {
  const Conversions fast = convert(parts, layout, options);
  Texts lines;
  for (const PartReport& part : fast.report.parts) {
    lines.push_back(part.key + " " + part.sha256 + " " + std::to_string(part.compressed_bytes) +
                    " " + std::to_string(part.rows) + " " + std::to_string(part.rejected));
  }
  lines.push_back("rows " + std::to_string(fast.report.rows) + " rejected " +
                  std::to_string(fast.report.rejected_rows));
  describe("source", fast.report.source, false, lines);
  for (const RejectedRow& row : fast.rejected) describe(row, lines);
  std::vector<Column> columns = layout.added;
  for (const BoundColumn& bound : layout.delivered) columns.push_back(bound.column);
  RowsTotals loaded;
  for (const Column& column : columns) loaded.columns.try_emplace(column.name);
  for (const auto& file : fast.files) {
    add_parquet_totals(std::make_shared<MemoryBytes>(*file), columns, layout.currency_column, 1,
                       loaded);
  }
  describe(loaded, lines);
  return lines;
}

Texts describe_simple(const std::vector<BillPart>& parts, const BillLayout& layout,
                      std::size_t cell_limit) {
  Texts rejected;
  const SimpleReadReport simple = read_bill_simply(
      parts, layout, cell_limit, [&](RejectedRow&& row) { describe(row, rejected); });
  Texts lines;
  for (const auto& part : simple.parts) {
    lines.push_back(part.key + " " + part.sha256 + " " + std::to_string(part.bytes) + " " +
                    std::to_string(part.rows) + " " + std::to_string(part.rejected));
  }
  lines.push_back("rows " + std::to_string(simple.source_rows) + " rejected " +
                  std::to_string(simple.rejected_rows));
  describe("source", simple.source, false, lines);
  lines.insert(lines.end(), rejected.begin(), rejected.end());
  describe(simple.loaded, lines);
  return lines;
}

struct Outcome {
  std::optional<Error> error;
  Texts lines;
};

template <typename Read>
Outcome outcome_of(Read read) {
  try {
    return {std::nullopt, read()};
  } catch (const Error& error) {
    return {error, {}};
  }
}

}  // namespace

BillLayout layout_of_all_types() {
  BillLayout layout = layout_of({{"text", ColumnType::kText},
                                 {"amount", ColumnType::kDecimal},
                                 {"cost", ColumnType::kDecimal},
                                 {"time", ColumnType::kTimestamp},
                                 {"tags", ColumnType::kTextMap},
                                 {"discount", ColumnType::kDecimalMap},
                                 {"currency", ColumnType::kText}});
  layout.currency_column = "currency";
  layout.cost_column = "cost";
  Column time{.name = "ingestion_time", .type = ColumnType::kTimestamp, .doc = ""};
  time.is_required = true;
  time.field_id = layout.added.back().field_id + 1;
  layout.added.push_back(time);
  layout.ingestion_time = 1'780'000'000'123'456;
  return layout;
}

std::vector<std::string> reader_differences(const std::vector<BillPart>& parts,
                                            const BillLayout& layout,
                                            const ConvertOptions& options) {
  const Outcome fast = outcome_of([&] { return describe_fast(parts, layout, options); });
  const Outcome simple =
      outcome_of([&] { return describe_simple(parts, layout, options.cell_limit); });
  if (fast.error || simple.error) {
    const auto kind = [](const Outcome& outcome) {
      return outcome.error
                 ? std::string(to_string(outcome.error->kind())) + ": " + outcome.error->what()
                 : "no error";
    };
    const bool are_alike = fast.error && simple.error && fast.error->kind() == simple.error->kind();
    return are_alike ? Texts() : Texts{"fast: " + kind(fast), "simple: " + kind(simple)};
  }
  Texts differences;
  const auto compare = [&](const std::string& who, const Texts& has, const Texts& lacks) {
    for (const auto& line : has) {
      if (std::ranges::count(has, line) != std::ranges::count(lacks, line)) {
        differences.push_back(who + " only: " + line);
      }
    }
  };
  if (fast.lines == simple.lines) return {};
  compare("fast", fast.lines, simple.lines);
  compare("simple", simple.lines, fast.lines);
  if (differences.empty()) differences.emplace_back("the order differs");
  return differences;
}

}  // namespace finops
