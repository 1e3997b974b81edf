#include "finops/service/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/core/error.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(MetricsTest, WritesPrometheusText) {
  Metrics metrics;
  metrics.describe_counter("jobs_total", "Jobs\nthat \\ ended.");
  metrics.describe_gauge("depth", "Waiting.", [] { return 2.5; });
  metrics.describe_histogram("seconds", "Time.", {0.1, 1});
  metrics.add("jobs_total", {{"state", "a\"b\\c\nd"}});
  metrics.add("jobs_total", {{"state", "a\"b\\c\nd"}}, 2);
  for (const double seconds : {0.1, 0.25, 5.0}) metrics.observe("seconds", {{"r", "x"}}, seconds);
  EXPECT_EQ(metrics.text(),
            "# HELP depth Waiting.\n"
            "# TYPE depth gauge\n"
            "depth 2.5\n"
            "# HELP jobs_total Jobs\\nthat \\\\ ended.\n"
            "# TYPE jobs_total counter\n"
            "jobs_total{state=\"a\\\"b\\\\c\\nd\"} 3\n"
            "# HELP seconds Time.\n"
            "# TYPE seconds histogram\n"
            "seconds_bucket{r=\"x\",le=\"0.1\"} 1\n"
            "seconds_bucket{r=\"x\",le=\"1\"} 2\n"
            "seconds_bucket{r=\"x\",le=\"+Inf\"} 3\n"
            "seconds_sum{r=\"x\"} 5.35\n"
            "seconds_count{r=\"x\"} 3\n");
}

TEST(MetricsTest, KnowsOnlyWhatWasDescribedOnce) {
  Metrics metrics;
  metrics.describe_counter("a", "A.");
  for (const Error& error : {error_thrown_by([&] { metrics.add("b", {}); }),
                             error_thrown_by([&] { metrics.observe("a", {}, 1); }),
                             error_thrown_by([&] { metrics.describe_counter("a", "A."); })}) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
  }
}

TEST(MetricsTest, ClientsCannotMakeNewLabels) {
  Metrics metrics;
  describe_request_metrics(metrics);
  count_request(metrics,
                {.method = "GET", .path = "/v1/jobs/7", .route = "/v1/jobs/{id}", .status = 200});
  count_request(metrics, {.method = "BREW", .path = "/coffee", .route = "", .status = 404});
  EXPECT_THAT(metrics.text(),
              AllOf(HasSubstr(R"(_total{method="GET",route="/v1/jobs/{id}",status="200"} 1)"),
                    HasSubstr(R"(_total{method="other",route="none",status="404"} 1)"),
                    HasSubstr(R"(_count{route="none"} 1)"), Not(HasSubstr("BREW")),
                    Not(HasSubstr("coffee"))));
}

}  // namespace
}  // namespace finops
