#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "finops/demo/cloud_provider_demo.h"
#include "finops/demo/cloud_provider_world.h"

namespace finops {

inline constexpr std::array<std::string_view, 3> kCloudMetrics = {"requests", "storage_gb_hours",
                                                                  "cpu_hours"};

inline constexpr int kCloudCostScale = 4;
inline constexpr int kCloudCarbonScale = 6;

/// What is wrong with an event that rules of quality have to find.
enum class CloudOddity : std::uint8_t {
  kNone,
  kCopy,            // the same event_id as an earlier row
  kCorrectedCopy,   // likewise, with another cost
  kTimestamp,       // unreadable
  kSchemaVersion,   // 3
  kResource,        // unknown
  kValue,           // unreadable
  kValueIsNullText  // "null", "NaN" or ""
};

constexpr bool is_copy(CloudOddity oddity) {
  return oddity == CloudOddity::kCopy || oddity == CloudOddity::kCorrectedCopy;
}

enum class CloudValueForm : std::uint8_t { kNumber, kText, kNull };

/// One event before it is written. Numbers are integers of the scale that is named.
struct CloudEvent {
  std::uint64_t id = 0;
  std::int64_t minute = 0;  // since 2025-07-03T00:00Z
  const CloudResource* resource = nullptr;
  std::size_t metric = 0;
  CloudValueForm value_form = CloudValueForm::kNumber;
  std::int64_t value = 0;
  int value_scale = 0;
  bool has_unit = true;
  std::int64_t cost = 0;  // kCloudCostScale
  int schema_version = 1;
  std::int64_t carbon = 0;  // kCloudCarbonScale; from schema 2 on
  std::int64_t tokens = 0;  // of genai from schema 2 on
  std::uint64_t variations = 0;
  bool is_spike = false;
  CloudOddity oddity = CloudOddity::kNone;

  bool is_copy() const { return finops::is_copy(oddity); }
  bool has_tokens() const { return schema_version >= 2 && resource->service == kCloudGenai; }
};

/// Every event by its number, without the ones before: files hold ranges of numbers, and a copy can
/// be written far from its original. Not thread-safe.
class CloudEvents {
 public:
  CloudEvents(const CloudProviderOptions& options, const CloudWorld& world);

  std::int64_t files() const { return files_; }
  /// The number of the first event of a file; of file files(), that of all events.
  std::int64_t begin_of(std::int64_t file) const;
  std::int64_t file_of(std::int64_t index) const;

  struct OddSlot {
    std::int64_t index = 0;
    CloudOddity oddity = CloudOddity::kNone;
    std::int64_t original = 0;  // of a copy; smaller than index
  };
  /// In the order of their numbers.
  std::span<const OddSlot> odd_slots() const { return odd_slots_; }

  /// Without its oddity.
  CloudEvent event(std::int64_t index);
  /// With its oddity.
  CloudEvent event(const OddSlot& slot);

 private:
  /// Spikes and refunds are one each of 200 events.
  struct Block {
    std::int64_t number = -1, spike = 0, refund = 0;
  };
  const Block& block_of(std::int64_t index);
  bool is_plain(std::int64_t index);
  std::int64_t free_index(DemoRandom& random);
  void plan_oddities();
  void plan_copy(DemoRandom& random, std::int64_t number);
  void set_value(CloudEvent& event, DemoRandom& random) const;
  void set_cost(CloudEvent& event, DemoRandom& random, std::int64_t index);

  std::uint64_t seed_, events_seed_, spikes_seed_;
  std::int64_t events_, files_;
  const CloudWorld& world_;
  Block block_;
  std::unordered_set<std::int64_t> taken_;  // while oddities are planned
  std::vector<OddSlot> odd_slots_;
};

/// One line of JSON, with its end.
void append_event(std::string& out, const CloudEvent& event, const CloudWorld& world);

/// "evt_0123456789abcdef"
std::string cloud_event_id(std::uint64_t id);

}  // namespace finops
