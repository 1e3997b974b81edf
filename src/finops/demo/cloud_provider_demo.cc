#include "finops/demo/cloud_provider_demo.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "finops/core/error.h"
#include "finops/demo/cloud_provider_events.h"
#include "finops/demo/cloud_provider_tables.h"
#include "finops/demo/cloud_provider_truth.h"
#include "finops/demo/cloud_provider_world.h"
#include "finops/demo/demo_file.h"
#include "finops/demo/demo_folder.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kProfile = "cloud-provider";
constexpr std::string_view kEvents = "usage_events";
constexpr std::string_view kEventsFolder = "usage_events_stream";
constexpr std::int64_t kFewestEvents = 1'000;
constexpr std::int64_t kMostEvents = 50'000'000;

void check(const CloudProviderOptions& options) {
  if (options.out.empty()) {
    throw Error(ErrorKind::kUsage, "demo generate: --out is missing: the folder to write to");
  }
  if (options.events < kFewestEvents || options.events > kMostEvents) {
    throw Error(ErrorKind::kUsage,
                fmt::format("demo generate: --events is {}, but must be {} to {}", options.events,
                            kFewestEvents, kMostEvents));
  }
}

Json options_json(const CloudProviderOptions& options) {
  return {{"seed", options.seed}, {"events", options.events}, {"clean", options.is_clean}};
}

/// Goes through the events file by file, and through the odd slots beside them.
class EventWriter {
 public:
  EventWriter(const CloudProviderOptions& options, const CloudWorld& world, std::stop_token stop)
      : options_(options),
        world_(world),
        stop_(std::move(stop)),
        events_(options, world),
        truth_(options.events) {}

  Json write(CloudProviderSummary& summary) {
    for (std::int64_t file = 0; file < events_.files(); ++file) write_file(file);
    summary.written.push_back(
        {std::string(kEvents), events_.files(), truth_.rows(), truth_.bytes()});
    return truth_.to_json();
  }

 private:
  void write_file(std::int64_t number) {
    static constexpr std::int64_t kEventsBetweenLooks = 4096;
    const std::string name = fmt::format("{}/part-{:04}.jsonl", kEventsFolder, number);
    DemoTextFile file(options_.out / "landing" / name);
    const std::int64_t begin = events_.begin_of(number), end = events_.begin_of(number + 1);
    for (std::int64_t index = begin; index < end; ++index) {
      if ((index - begin) % kEventsBetweenLooks == 0 && stop_.stop_requested()) {
        throw Error(ErrorKind::kCancelled, "generate demo data: interrupted");
      }
      const CloudEvent event = next(index, begin);
      append_event(file.text(), event, world_);
      truth_.add(event);
      file.flush_if_large();
    }
    truth_.end_file(name, file.finish());
  }

  CloudEvent next(std::int64_t index, std::int64_t begin_of_file) {
    const auto odd = events_.odd_slots();
    if (next_odd_ == odd.size() || odd[next_odd_].index != index) return events_.event(index);
    const CloudEvents::OddSlot& slot = odd[next_odd_++];
    const CloudEvent event = events_.event(slot);
    if (event.is_copy()) truth_.add_copy(slot.original < begin_of_file);
    return event;
  }

  const CloudProviderOptions& options_;
  const CloudWorld& world_;
  std::stop_token stop_;
  CloudEvents events_;
  CloudEventTruth truth_;
  std::size_t next_odd_ = 0;
};

void generate(const CloudProviderOptions& options, const std::stop_token& stop,
              CloudProviderSummary& summary) {
  const CloudWorld world = cloud_provider_world(options.seed, options.is_clean);
  EventWriter events(options, world, stop);
  Json truth{{"format", kDemoTruthFormat},
             {"profile", kProfile},
             {"options", options_json(options)},
             {"datasets", write_cloud_tables(options, world, summary)}};
  truth["datasets"][std::string(kEvents)] = events.write(summary);
  for (const CloudProviderDataset& dataset : summary.written) {
    summary.rows += dataset.rows;
    summary.bytes += dataset.bytes;
  }
  truth["rows"] = summary.rows;
  truth["bytes"] = summary.bytes;
  write_demo_text(summary.config_file, demo_data_dir_line(options.out));
  // Last: it marks the folder as complete.
  write_demo_text(summary.truth_file, truth.dump(1) + "\n");
}

}  // namespace

CloudProviderSummary generate_cloud_provider(const CloudProviderOptions& options,
                                             const std::stop_token& stop) {
  check(options);
  CloudProviderSummary summary;
  summary.truth_file = demo_truth_file(options.out);
  summary.config_file = demo_config_file(options.out);
  const Json truth = read_demo_truth(options.out, kProfile);
  if (!truth.is_null() && truth.at("options") == options_json(options)) {
    summary.changed = false;
    return summary;
  }
  demand_empty_demo_folder(options.out, "data");
  generate(options, stop, summary);
  return summary;
}

}  // namespace finops
