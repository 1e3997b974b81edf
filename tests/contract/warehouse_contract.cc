#include "tests/contract/warehouse_contract.h"

#include <gmock/gmock.h>

#include <thread>

#include "finops/tabular/parquet_writing.h"
#include "tests/support/memory_bytes.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

const std::vector<Column> kColumns = {
    {.name = "source", .field_id = 1},
    {.name = "execution_id", .field_id = 2},
    {.name = "currency", .field_id = 3},
    {.name = "cost", .type = ColumnType::kDecimal, .field_id = 4},
    {.name = "usage_start", .type = ColumnType::kTimestamp, .field_id = 5},
    {.name = "period_start", .type = ColumnType::kTimestamp, .field_id = 6}};

struct Line {
  std::string currency, cost;  // empty: NULL
  std::int64_t usage_start = 0;
};

BillingPeriod month(const char* text) { return *BillingPeriod::parse(text); }

Decimal decimal(const std::string& text) { return Decimal::parse(text)->value; }

std::int64_t micros(BillingPeriod period) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             period.first_day().time_since_epoch())
      .count();
}

/// A source's month of these lines.
class Month {
 public:
  Month(std::string source, const char* period, std::string execution_id,
        const std::vector<Line>& lines)
      : replacement_{.source = std::move(source), .period = month(period), .is_sole_source = true} {
    replacement_.table = {.name = "bills",
                          .columns = kColumns,
                          .period_column = "period_start",
                          .cluster_column = "usage_start",
                          .currency_column = "currency",
                          .cost_column = "cost"};
    replacement_.rows = lines.size();
    for (const Line& line : lines) {
      CellRow row = {replacement_.source,        execution_id, {}, {}, line.usage_start,
                     micros(replacement_.period)};
      if (!line.currency.empty()) row[2] = line.currency;
      if (!line.cost.empty()) row[3] = decimal(line.cost);
      if (!line.cost.empty()) {
        replacement_.sums[line.currency]["cost"].add(decimal(line.cost).unscaled());
      }
      rows_.push_back(std::move(row));
    }
  }

  /// A column more, with the same value in all rows.
  Month& with(Column column, const CellValue& value) {
    column.field_id = static_cast<int>(replacement_.table.columns.size()) + 1;
    replacement_.table.columns.push_back(std::move(column));
    for (CellRow& row : rows_) {
      row.push_back(value);
      const auto* const amount = std::get_if<Decimal>(&value);
      if (amount == nullptr) continue;
      const auto* const currency = std::get_if<std::string>(&row[2]);
      replacement_
          .sums[currency == nullptr ? "" : *currency][replacement_.table.columns.back().name]
          .add(amount->unscaled());
    }
    return *this;
  }
  Month& beside_others() {
    replacement_.is_sole_source = false;
    return *this;
  }

  PeriodReplacement replacement() const {
    PeriodReplacement made = replacement_;
    made.write_parquet = [rows = rows_, columns = made.table.columns](ByteWriter& out) {
      const auto text = std::make_shared<std::string>();
      const auto writer =
          make_parquet_row_writer("rows", std::make_unique<MemoryWriter>(text), columns, {});
      for (const CellRow& row : rows) writer->append(row);
      writer->finish();
      out.write(bytes_of(*text));
      out.finish();
    };
    return made;
  }

 private:
  PeriodReplacement replacement_;
  std::vector<CellRow> rows_;
};

const Month kMay("payer-a", "2026-05", "v1", {{"USD", "1.5"}, {"USD", "2"}, {"EUR", "-0.5"}});

std::string cost_text(const HeldDelivery& held) {
  std::string text;
  for (const auto& [currency, sum] : held.cost) {
    text += (text.empty() ? "" : ", ") + currency + " " + sum.to_string();
  }
  return text;
}

/// "payer-a 2026-05 v1: 3 rows, EUR -0.5, USD 3.5"
std::vector<std::string> told(const std::vector<HeldDelivery>& deliveries) {
  std::vector<std::string> texts;
  for (const HeldDelivery& held : deliveries) {
    texts.push_back(held.source + " " + held.billing_period + " " + held.execution_id + ": " +
                    std::to_string(held.rows) + " rows, " + cost_text(held));
  }
  return texts;
}

}  // namespace

void WarehouseContract::SetUp() {
  auto made = GetParam().make();
  if (!made) GTEST_SKIP() << "needs " << GetParam().name;
  under_test_ = std::move(*made);
}

std::string name_of(const ::testing::TestParamInfo<WarehouseCase>& info) { return info.param.name; }

TEST_P(WarehouseContract, AMissingTableHoldsNothingAndIsMade) {
  Warehouse& warehouse = *under_test_.warehouse;
  EXPECT_FALSE(warehouse.held(kMay.replacement().table));
  warehouse.replace_period(kMay.replacement());
  EXPECT_THAT(told(*warehouse.held(kMay.replacement().table)),
              ElementsAre("payer-a 2026-05 v1: 3 rows, EUR -0.5, USD 3.5"));
  EXPECT_THAT(under_test_.rows("SELECT COUNT(*), SUM(cost) FROM {}", "bills"),
              ElementsAre(ElementsAre("3", ::testing::MatchesRegex("3(\\.0*)?"))));
}

TEST_P(WarehouseContract, DoingItAgainChangesNothing) {
  Warehouse& warehouse = *under_test_.warehouse;
  for (int i = 0; i < 3; ++i) warehouse.replace_period(kMay.replacement());
  EXPECT_THAT(told(*warehouse.held(kMay.replacement().table)),
              ElementsAre("payer-a 2026-05 v1: 3 rows, EUR -0.5, USD 3.5"));
}

TEST_P(WarehouseContract, AMonthTakesThePlaceOfItsOwnRowsOnly) {
  Warehouse& warehouse = *under_test_.warehouse;
  warehouse.replace_period(kMay.replacement());
  warehouse.replace_period(Month("payer-a", "2026-04", "v0", {{"USD", "7"}}).replacement());
  warehouse.replace_period(
      Month("payer-b", "2026-05", "b1", {{"USD", "9"}}).beside_others().replacement());
  warehouse.replace_period(
      Month("payer-a", "2026-05", "v2", {{"USD", "4"}}).beside_others().replacement());
  EXPECT_THAT(
      told(*warehouse.held(kMay.replacement().table)),
      UnorderedElementsAre("payer-a 2026-04 v0: 1 rows, USD 7", "payer-a 2026-05 v2: 1 rows, USD 4",
                           "payer-b 2026-05 b1: 1 rows, USD 9"));
}

/// The lake knows of one source only; the table has another one's rows.
TEST_P(WarehouseContract, RowsOfASourceThatTheLakeDoesNotKnowStay) {
  Warehouse& warehouse = *under_test_.warehouse;
  warehouse.replace_period(Month("payer-b", "2026-05", "b1", {{"USD", "9"}}).replacement());
  warehouse.replace_period(kMay.replacement());
  EXPECT_THAT(told(*warehouse.held(kMay.replacement().table)),
              UnorderedElementsAre("payer-a 2026-05 v1: 3 rows, EUR -0.5, USD 3.5",
                                   "payer-b 2026-05 b1: 1 rows, USD 9"));
}

TEST_P(WarehouseContract, AnEmptyMonthRemovesTheRows) {
  Warehouse& warehouse = *under_test_.warehouse;
  warehouse.replace_period(kMay.replacement());
  warehouse.replace_period(Month("payer-a", "2026-05", "v2", {}).replacement());
  EXPECT_THAT(*warehouse.held(kMay.replacement().table), IsEmpty());
}

TEST_P(WarehouseContract, ValuesAreKeptToTheLastDigit) {
  Warehouse& warehouse = *under_test_.warehouse;
  const std::string most = "99999999999999999999.999999999999999999";
  constexpr std::int64_t kBefore1970 = -1, kLate = 4'102'444'799'999'999;
  warehouse.replace_period(Month("payer-a", "2026-05", "it's \\ \"v1\" ä",
                                 {{"USD", most, kBefore1970},
                                  {"USD", most, kLate},
                                  {"EUR", "-0.000000000000000001"},
                                  {"", ""}})
                               .replacement());
  EXPECT_THAT(
      told(*warehouse.held(kMay.replacement().table)),
      ElementsAre("payer-a 2026-05 it's \\ \"v1\" ä: 4 rows,  0, EUR -0.000000000000000001, "
                  "USD 199999999999999999999.999999999999999998"));
  EXPECT_THAT(
      under_test_.rows("SELECT " + under_test_.micros + "(usage_start), " + under_test_.micros +
                           "(period_start) FROM {} ORDER BY 1",
                       "bills"),
      ElementsAre(ElementsAre("-1", "1777593600000000"), ElementsAre("0", "1777593600000000"),
                  ElementsAre("0", "1777593600000000"),
                  ElementsAre("4102444799999999", "1777593600000000")));
}

TEST_P(WarehouseContract, ColumnsComeAndStayAway) {
  Warehouse& warehouse = *under_test_.warehouse;
  warehouse.replace_period(kMay.replacement());
  warehouse.replace_period(Month("payer-a", "2026-06", "v1", {{"USD", "1"}})
                               .with({.name = "team"}, std::string("core"))
                               .with({.name = "line", .type = ColumnType::kLong}, std::int64_t{7})
                               .replacement());
  warehouse.replace_period(Month("payer-b", "2026-05", "b1", {{"USD", "9"}})
                               .with({.name = "fee", .type = ColumnType::kDecimal}, decimal("0.25"))
                               .beside_others()
                               .replacement());
  warehouse.replace_period(Month("payer-a", "2026-07", "v1", {{"USD", "1"}}).replacement());
  EXPECT_THAT(under_test_.rows("SELECT source, execution_id, team, line FROM {} WHERE cost IN (1, "
                               "9) ORDER BY period_start",
                               "bills"),
              ElementsAre(ElementsAre("payer-b", "b1", "NULL", "NULL"),
                          ElementsAre("payer-a", "v1", "core", "7"),
                          ElementsAre("payer-a", "v1", "NULL", "NULL")));
  EXPECT_THAT(under_test_.rows("SELECT COUNT(*), COUNT(fee) FROM {}", "bills"),
              ElementsAre(ElementsAre("6", "1")));
}

TEST_P(WarehouseContract, RowsThatAreNotWhatWasGivenAreAnError) {
  Warehouse& warehouse = *under_test_.warehouse;
  warehouse.replace_period(kMay.replacement());
  for (const bool is_beside : {false, true}) {
    Month wrong("payer-a", "2026-05", "v2", {{"USD", "4"}});
    if (is_beside) wrong.beside_others();
    PeriodReplacement replacement = wrong.replacement();
    replacement.sums["USD"]["cost"].add(1);  // 10^-18
    EXPECT_EQ(kind_thrown_by([&] { warehouse.replace_period(replacement); }),
              ErrorKind::kInvalidData);
    const bool may_show = GetParam().checks_after_publishing && !is_beside;
    if (may_show) {
      warehouse.replace_period(kMay.replacement());
    }
    EXPECT_THAT(told(*warehouse.held(kMay.replacement().table)),
                ElementsAre("payer-a 2026-05 v1: 3 rows, EUR -0.5, USD 3.5"));
  }
}

TEST_P(WarehouseContract, MonthsAreReplacedByManyAtOnce) {
  Warehouse& warehouse = *under_test_.warehouse;
  warehouse.replace_period(kMay.replacement());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&warehouse, i] {
      const std::string period = "2026-0" + std::to_string(6 + i % 2);
      warehouse.replace_period(
          Month("payer-" + std::to_string(i), period.c_str(), "v1", {{"USD", std::to_string(i)}})
              .beside_others()
              .replacement());
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(told(*warehouse.held(kMay.replacement().table)),
              UnorderedElementsAre(
                  "payer-a 2026-05 v1: 3 rows, EUR -0.5, USD 3.5",
                  "payer-0 2026-06 v1: 1 rows, USD 0", "payer-1 2026-07 v1: 1 rows, USD 1",
                  "payer-2 2026-06 v1: 1 rows, USD 2", "payer-3 2026-07 v1: 1 rows, USD 3"));
}

}  // namespace finops
