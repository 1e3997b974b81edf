#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "finops/demo/cloud_provider_events.h"

namespace finops {

/// What the events come to, by the generator's own numbers.
class CloudEventTruth {
 public:
  /// Beyond so many events truth.json has the checksum of the spikes, but not their ids.
  static constexpr std::int64_t kMostEventsWithIds = 1'000'000;

  explicit CloudEventTruth(std::int64_t events) : lists_spikes_(events <= kMostEventsWithIds) {}

  /// A file has ended: what came since the last one was in it.
  void end_file(std::string name, std::uint64_t bytes);
  void add(const CloudEvent& event);
  void add_copy(bool is_in_another_file) { copies_in_another_file_ += is_in_another_file ? 1 : 0; }

  std::int64_t rows() const { return all_.rows; }
  std::uint64_t bytes() const { return bytes_; }
  /// "rows", sums of money and numbers of everything that is remarkable; "loadable" are the rows
  /// that are no copies and have a readable timestamp and a known schema version.
  nlohmann::ordered_json to_json() const;

 private:
  struct Costs {
    std::int64_t rows = 0, cost = 0;
    void add(std::int64_t added) {
      ++rows;
      cost += added;
    }
    nlohmann::ordered_json to_json() const;
  };
  struct File {
    std::string name;
    Costs costs;
    std::uint64_t bytes = 0;
  };
  using CostsByService = std::array<Costs, kCloudServices.size()>;
  static nlohmann::ordered_json to_json(const CostsByService& services);
  void add_value(const CloudEvent& event);
  void add_spike(const CloudEvent& event);
  nlohmann::ordered_json oddities_json() const;
  nlohmann::ordered_json spikes_json() const;

  bool lists_spikes_;
  std::vector<File> files_;
  std::uint64_t bytes_ = 0;
  Costs file_, all_, loadable_, negative_, below_one_cent_;
  CostsByService services_, loadable_services_;
  std::array<std::int64_t, kCloudMetrics.size()> metrics_{};
  std::array<std::int64_t, 3> values_{};  // by CloudValueForm
  std::array<std::int64_t, 4> schema_versions_{};
  std::array<std::int64_t, 8> oddities_{};
  std::int64_t copies_in_another_file_ = 0;
  std::int64_t null_units_ = 0, carbon_zeros_ = 0, with_tokens_ = 0, tokens_ = 0;
  std::int64_t spikes_ = 0;
  std::uint64_t spikes_checksum_ = 0;
  std::vector<std::uint64_t> spike_ids_;
};

}  // namespace finops
