#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "finops/service/http_server.h"

namespace finops {

/// Names and values, in the order in which they are written.
using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Numbers of a service as Prometheus' text format 0.0.4 has them. A family is described once,
/// before it is used; values of label sets begin at zero when they are first used. Safe to call
/// from any thread. kInternal for a family that was not described, or described twice.
class Metrics {
 public:
  void describe_counter(const std::string& name, std::string help);
  /// `buckets` are upper bounds, ascending; +Inf is added.
  void describe_histogram(const std::string& name, std::string help, std::vector<double> buckets);
  /// `value` is called whenever the metrics are read.
  void describe_gauge(const std::string& name, std::string help, std::function<double()> value);

  void add(std::string_view counter, const MetricLabels& labels, std::uint64_t count = 1);
  void observe(std::string_view histogram, const MetricLabels& labels, double value);

  /// All families by name; their label sets in order.
  std::string text() const;

 private:
  struct Histogram {
    std::vector<std::uint64_t> counts;  // by bucket, not cumulated; the last one is +Inf
    double sum = 0;
  };
  struct Family {
    std::string_view type;
    std::string help;
    std::vector<double> buckets;
    std::function<double()> gauge;
    std::map<std::string, std::uint64_t> counters;  // by the labels' text
    std::map<std::string, Histogram> histograms;    // likewise
  };

  void describe(const std::string& name, const Family& family);
  Family& family(std::string_view name, std::string_view type);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

/// Describes finops_http_requests_total{method, route, status} and
/// finops_http_request_duration_seconds{route}.
void describe_request_metrics(Metrics& metrics);
/// Methods and paths that no route knows are one label, so that clients cannot make new ones.
void count_request(Metrics& metrics, const AccessRecord& record);

}  // namespace finops
