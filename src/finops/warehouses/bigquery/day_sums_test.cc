#include "finops/warehouses/bigquery/day_sums.h"

#include <gmock/gmock.h>

namespace finops::bigquery {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr Day kFirst{2026y / 5 / 1};

RowSource source() {
  return {.table = {"p", "d", "t"},
          .time_column = "export_time",
          .fields = {{{"name", "id"}}, {{"name", "order"}}, {{"name", "export_time"}}}};
}

TEST(DaySumsTest, NeighboursAreOneRange) {
  const auto ranges =
      ranges_of({kFirst, kFirst + std::chrono::days(1), kFirst + std::chrono::days(3)});
  ASSERT_EQ(ranges.size(), 2u);
  EXPECT_EQ(ranges[0].to, Micros(kFirst + std::chrono::days(2)));
  EXPECT_EQ(rows_sql(source(), ranges),
            "SELECT `id`, `order`, `export_time` FROM `p.d.t` WHERE ("
            "(`export_time` >= TIMESTAMP '2026-05-01 00:00:00.000000+00' AND "
            "`export_time` < TIMESTAMP '2026-05-03 00:00:00.000000+00') OR "
            "(`export_time` >= TIMESTAMP '2026-05-04 00:00:00.000000+00' AND "
            "`export_time` < TIMESTAMP '2026-05-05 00:00:00.000000+00'))");
}

TEST(DaySumsTest, RowsWithoutATimeAreAskedForWhereARangeHasNoEnd) {
  EXPECT_THAT(sums_sql(source(), {{.from = kFirst, .to = {}}}),
              HasSubstr(" WHERE ((`export_time` >= TIMESTAMP '2026-05-01 00:00:00.000000+00' OR "
                        "`export_time` IS NULL)) GROUP BY 1"));
  EXPECT_THAT(sums_sql(source(), {TimeRange{}}),
              HasSubstr("WHERE ((`export_time` >= TIMESTAMP '0001-01-01 00:00:00+00' OR "
                        "`export_time` IS NULL))"));
  EXPECT_THAT(sums_sql(source(), ranges_of({kFirst})), Not(HasSubstr("NULL")));
}

TEST(DaySumsTest, PartitionsByArrivalAreBoundedWithSlackAndTheStreamingBuffer) {
  RowSource by_arrival = source();
  by_arrival.is_by_arrival = true;
  const auto range = ranges_of({kFirst});
  EXPECT_THAT(sums_sql(by_arrival, range),
              HasSubstr(" AND (_PARTITIONTIME >= TIMESTAMP '2026-04-30 00:00:00.000000+00' OR "
                        "_PARTITIONTIME IS NULL)"));
  by_arrival.latest_arrival = kFirst + std::chrono::days(12);
  EXPECT_THAT(rows_sql(by_arrival, range),
              HasSubstr("(_PARTITIONTIME >= TIMESTAMP '2026-04-30 00:00:00.000000+00' AND "
                        "_PARTITIONTIME < TIMESTAMP '2026-05-13 00:00:00.000000+00') OR "
                        "_PARTITIONTIME IS NULL"));
  by_arrival.latest_arrival.reset();
  EXPECT_THAT(rows_sql(by_arrival, {TimeRange{}}),
              HasSubstr("_PARTITIONTIME >= TIMESTAMP '0001-01-01 00:00:00+00' OR"));
}

}  // namespace
}  // namespace finops::bigquery
