#include "finops/service/metrics.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "finops/core/error.h"

namespace finops {
namespace {

constexpr std::string_view kRequests = "finops_http_requests_total";
constexpr std::string_view kDurations = "finops_http_request_duration_seconds";

/// The shortest text that gives the number back.
std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return {digits.data(), end};
}

void append_escaped(std::string& out, std::string_view text, bool escapes_quotes) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (c == '"' && escapes_quotes)) out += '\\';
    out += c;
  }
}

/// name="value",name="value"
std::string label_text(const MetricLabels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    if (!out.empty()) out += ',';
    out += name + "=\"";
    append_escaped(out, value, true);
    out += '"';
  }
  return out;
}

void append_sample(std::string& out, std::string_view name, const std::string& labels,
                   const std::string& value) {
  out += name;
  if (!labels.empty()) out += '{' + labels + '}';
  out += ' ' + value + '\n';
}

}  // namespace

void Metrics::describe(const std::string& name, const Family& family) {
  const std::lock_guard lock(mutex_);
  if (!families_.try_emplace(name, family).second) {
    throw Error(ErrorKind::kInternal, "the metric " + name + " is described twice");
  }
}

void Metrics::describe_counter(const std::string& name, std::string help) {
  describe(name, {.type = "counter", .help = std::move(help)});
}

void Metrics::describe_histogram(const std::string& name, std::string help,
                                 std::vector<double> buckets) {
  describe(name, {.type = "histogram", .help = std::move(help), .buckets = std::move(buckets)});
}

void Metrics::describe_gauge(const std::string& name, std::string help,
                             std::function<double()> value) {
  describe(name, {.type = "gauge", .help = std::move(help), .gauge = std::move(value)});
}

Metrics::Family& Metrics::family(std::string_view name, std::string_view type) {
  const auto found = families_.find(name);
  if (found == families_.end() || found->second.type != type) {
    throw Error(ErrorKind::kInternal,
                "there is no " + std::string(type) + " named " + std::string(name));
  }
  return found->second;
}

void Metrics::add(std::string_view counter, const MetricLabels& labels, std::uint64_t count) {
  const std::string text = label_text(labels);
  const std::lock_guard lock(mutex_);
  family(counter, "counter").counters[text] += count;
}

void Metrics::observe(std::string_view histogram, const MetricLabels& labels, double value) {
  const std::string text = label_text(labels);
  const std::lock_guard lock(mutex_);
  Family& known = family(histogram, "histogram");
  Histogram& counted = known.histograms[text];
  counted.counts.resize(known.buckets.size() + 1);
  const auto bucket = std::ranges::lower_bound(known.buckets, value) - known.buckets.begin();
  ++counted.counts[static_cast<std::size_t>(bucket)];
  counted.sum += value;
}

std::string Metrics::text() const {
  std::string out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, family] : families_) {
    out += "# HELP " + name + ' ';
    append_escaped(out, family.help, false);
    out += "\n# TYPE " + name + ' ';
    out += family.type;
    out += '\n';
    if (family.gauge) append_sample(out, name, "", number_text(family.gauge()));
    for (const auto& [labels, count] : family.counters) {
      append_sample(out, name, labels, std::to_string(count));
    }
    for (const auto& [labels, histogram] : family.histograms) {
      std::uint64_t below = 0;
      for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        below += histogram.counts[i];
        const double bound = i < family.buckets.size() ? family.buckets[i] : HUGE_VAL;
        const std::string bucket = "le=\"" + number_text(bound) + '"';
        append_sample(out, name + "_bucket", labels.empty() ? bucket : labels + ',' + bucket,
                      std::to_string(below));
      }
      append_sample(out, name + "_sum", labels, number_text(histogram.sum));
      append_sample(out, name + "_count", labels, std::to_string(below));
    }
  }
  return out;
}

void describe_request_metrics(Metrics& metrics) {
  metrics.describe_counter(std::string(kRequests), "Requests that were answered.");
  metrics.describe_histogram(std::string(kDurations), "Time from a request's head to its answer.",
                             {0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600});
}

void count_request(Metrics& metrics, const AccessRecord& record) {
  constexpr auto kMethods =
      std::to_array<std::string_view>({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"});
  const bool is_known = std::ranges::find(kMethods, record.method) != kMethods.end();
  const std::string route = record.route.empty() ? "none" : record.route;
  metrics.add(kRequests, {{"method", is_known ? record.method : "other"},
                          {"route", route},
                          {"status", record.status == 0 ? "gone" : std::to_string(record.status)}});
  const std::chrono::duration<double> seconds = record.duration;
  metrics.observe(kDurations, {{"route", route}}, seconds.count());
}

}  // namespace finops
