#include "finops/demo/cloud_provider_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "finops/demo/demo_number.h"
#include "finops/demo/demo_payer.h"

namespace finops {
namespace {

constexpr std::int64_t kFewestFiles = 120;
constexpr std::int64_t kMostRowsOfFile = 100'000;
constexpr std::int64_t kBlockSize = 200;

constexpr std::int64_t kDays = 60;
constexpr std::int64_t kMinutesOfDay = 24 * 60;
constexpr std::int64_t kDaysOfSchema1 = 15;  // schema 2 begins on 2025-07-18

/// Medians of cost by service and metric, in units of kCloudCostScale. Half of the events cost
/// little: statistics of all of them together take most hours of dear services for anomalies.
constexpr std::int64_t kPrices[kCloudServices.size()][kCloudMetrics.size()] = {
    {24'000, 92'000, 148'000},  // compute
    {4'200, 5'500, 4'800},      // storage
    {11'000, 13'000, 16'000},   // database
    {6'100, 5'200, 7'000},      // networking
    {30'000, 85'000, 129'000},  // analytics
    {45'000, 132'000, 210'000}  // genai
};
/// The robust standard deviation of a service, in thousandths of its price; below 1000 / 3.35, so
/// that no usual cost is negative.
constexpr std::int64_t kSpreads[kCloudServices.size()] = {250, 150, 200, 180, 220, 280};

/// What bell() comes to in the robust standard deviation (MAD / 0.6745) of its distribution.
constexpr std::int64_t kBellDeviation = 39'125;

/// The sum of four evenly distributed numbers less its mean: nearly normal, -131070 to 131070,
/// which are 3.35 robust deviations.
std::int64_t bell(DemoRandom& random) {
  const std::uint64_t bits = random.next();
  const std::uint64_t sum =
      (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
  return static_cast<std::int64_t>(sum) - 131'070;
}

std::size_t random_metric(DemoRandom& random) {
  const std::uint64_t number = random.below(43'200);
  return number < 19'512 ? 0 : number < 19'512 + 12'996 ? 1 : 2;
}

/// "2025-07-03T" and so on.
std::string_view day_text(std::int64_t day) {
  static const std::vector<std::string> all = [] {
    const DemoTime first = std::chrono::sys_days(std::chrono::year(2025) / 7 / 3);
    std::vector<std::string> texts;
    for (int i = 0; i < kDays; ++i) {
      texts.push_back(demo_time_text(first + std::chrono::days(i)).substr(0, 11));
    }
    return texts;
  }();
  return all[static_cast<std::size_t>(day)];
}

void append_two_digits(std::string& out, std::int64_t number) {
  out += static_cast<char>('0' + number / 10);
  out += static_cast<char>('0' + number % 10);
}

void append_timestamp(std::string& out, const CloudEvent& event) {
  if (event.oddity == CloudOddity::kTimestamp) {
    static constexpr std::string_view kUnreadable[] = {"yesterday", "2025-02-30T10:00:00Z",
                                                       "2025-07-32T08:15:00Z", "2025/07/21 noon",
                                                       "2025-08-11T25:61:00Z"};
    out += kUnreadable[event.id % std::size(kUnreadable)];
    return;
  }
  out += day_text(event.minute / kMinutesOfDay);
  append_two_digits(out, event.minute % kMinutesOfDay / 60);
  out += ':';
  append_two_digits(out, event.minute % 60);
  out += ":00Z";
}

void append_id(std::string& out, std::uint64_t id) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  out += "evt_";
  for (int shift = 60; shift >= 0; shift -= 4) out += kDigits[id >> shift & 15];
}

void append_value(std::string& out, const CloudEvent& event) {
  static constexpr std::string_view kNullTexts[] = {"\"null\"", "\"NaN\"", "\"\""};
  if (event.oddity == CloudOddity::kValue) {
    out += "\"n/a\"";
  } else if (event.oddity == CloudOddity::kValueIsNullText) {
    out += kNullTexts[event.id % std::size(kNullTexts)];
  } else if (event.value_form == CloudValueForm::kNull) {
    out += "null";
  } else {
    const std::string_view quote = event.value_form == CloudValueForm::kText ? "\"" : "";
    out += quote;
    append_shortest(out, event.value, event.value_scale);
    out += quote;
  }
}

/// One text in `rate` is varied; `rate` is a power of two.
std::uint64_t variation(std::uint64_t bits, std::uint64_t rate) {
  return (bits & (rate - 1)) == 0 ? 1 + (bits >> 10) % 3 : 0;
}

}  // namespace

CloudEvents::CloudEvents(const CloudProviderOptions& options, const CloudWorld& world)
    : seed_(options.seed),
      events_seed_(cloud_random(options.seed, CloudStream::kEvents).next()),
      spikes_seed_(cloud_random(options.seed, CloudStream::kSpikes).next()),
      events_(options.events),
      files_(std::max(kFewestFiles, (options.events + kMostRowsOfFile - 1) / kMostRowsOfFile)),
      world_(world) {
  if (!options.is_clean) plan_oddities();
}

std::int64_t CloudEvents::begin_of(std::int64_t file) const {
  return file * (events_ / files_) + std::min(file, events_ % files_);
}

std::int64_t CloudEvents::file_of(std::int64_t index) const {
  std::int64_t file = index / (events_ / files_ + 1);  // at most too small
  while (begin_of(file + 1) <= index) ++file;
  return file;
}

const CloudEvents::Block& CloudEvents::block_of(std::int64_t index) {
  if (block_.number != index / kBlockSize) {
    block_.number = index / kBlockSize;
    DemoRandom random{spikes_seed_, static_cast<std::uint64_t>(block_.number)};
    const std::int64_t begin = block_.number * kBlockSize;
    const std::int64_t spike = random.between(0, kBlockSize - 1);
    block_.spike = begin + spike;
    block_.refund = begin + (spike + random.between(1, kBlockSize - 1)) % kBlockSize;
  }
  return block_;
}

bool CloudEvents::is_plain(std::int64_t index) {
  const Block& block = block_of(index);
  return index != block.spike && index != block.refund;
}

std::int64_t CloudEvents::free_index(DemoRandom& random) {
  std::int64_t index = 0;
  do {
    index = random.between(0, events_ - 1);
  } while (!is_plain(index) || taken_.contains(index));
  return index;
}

void CloudEvents::plan_oddities() {
  static constexpr std::pair<CloudOddity, int> kFew[] = {{CloudOddity::kTimestamp, 5},
                                                         {CloudOddity::kSchemaVersion, 4},
                                                         {CloudOddity::kResource, 6},
                                                         {CloudOddity::kValue, 5},
                                                         {CloudOddity::kValueIsNullText, 6}};
  DemoRandom random = cloud_random(seed_, CloudStream::kOddities);
  for (const auto& [oddity, count] : kFew) {
    for (int i = 0; i < count; ++i) {
      const std::int64_t index = free_index(random);
      taken_.insert(index);
      odd_slots_.push_back({index, oddity, 0});
    }
  }
  const std::int64_t copies = std::max<std::int64_t>(6, events_ / 1000);
  for (std::int64_t i = 0; i < copies; ++i) plan_copy(random, i);
  std::ranges::sort(odd_slots_, {}, &OddSlot::index);
  taken_ = {};
}

/// Copies come after their originals, every other one in the same file.
void CloudEvents::plan_copy(DemoRandom& random, std::int64_t number) {
  for (;;) {
    const std::int64_t index = free_index(random);
    const std::int64_t begin = begin_of(file_of(index));
    if (begin == 0 || index == begin) continue;
    const std::int64_t original =
        number % 2 == 0 ? random.between(0, begin - 1) : random.between(begin, index - 1);
    if (!is_plain(original) || taken_.contains(original)) continue;
    taken_.insert({index, original});
    const bool is_corrected = number % 3 == 2;
    odd_slots_.push_back(
        {index, is_corrected ? CloudOddity::kCorrectedCopy : CloudOddity::kCopy, original});
    return;
  }
}

void CloudEvents::set_value(CloudEvent& event, DemoRandom& random) const {
  switch (event.metric) {
    case 0: event.value = 119 + bell(random) * 100 / 131'070; break;
    case 1:
      event.value = 500'000 + bell(random) * 3;
      event.value_scale = 4;
      break;
    default: event.value = 4'000 + bell(random) * 3'500 / 131'070; event.value_scale = 3;
  }
  const std::uint64_t form = random.below(43'200);
  if (form < 877) event.value_form = CloudValueForm::kNull;
  if (form >= 877 && form < 877 + 1'309) event.value_form = CloudValueForm::kText;
  event.has_unit = random.below(43'200) >= 2'075;
}

void CloudEvents::set_cost(CloudEvent& event, DemoRandom& random, std::int64_t index) {
  static constexpr std::int64_t kBlocksOfSlightRefund = 43;
  const std::int64_t price = kPrices[event.resource->service][event.metric];
  const std::int64_t deviation = price * kSpreads[event.resource->service] / 1000;
  const Block& block = block_of(index);
  event.is_spike = index == block.spike;
  if (event.is_spike) {
    event.cost = price + deviation * random.between(5'000, 40'000) / 1000;
  } else if (index != block.refund) {
    event.cost = price + bell(random) * deviation / kBellDeviation;
  } else if (block.number % kBlocksOfSlightRefund == 1) {
    event.cost = -random.between(1, 99);  // within -0.01, where some take it for a rounding error
  } else {
    event.cost = -price * random.between(50, 7'000) / 1000;
  }
}

CloudEvent CloudEvents::event(std::int64_t index) {
  DemoRandom random{events_seed_, static_cast<std::uint64_t>(index)};
  CloudEvent event;
  // A bijection of the number: no two events have the same id.
  event.id = DemoRandom::mix(events_seed_ + static_cast<std::uint64_t>(index));
  event.resource = &world_.resources[random.pick(world_.event_resources)];
  event.minute = random.between(0, kDays * kMinutesOfDay - 1);
  event.schema_version = event.minute < kDaysOfSchema1 * kMinutesOfDay ? 1 : 2;
  event.metric = random_metric(random);
  set_value(event, random);
  set_cost(event, random, index);
  if (event.schema_version == 2) {
    event.carbon = random.one_in(40) ? 0 : random.between(1'000, 900'000);
    if (event.has_tokens()) event.tokens = random.one_in(1'500) ? 0 : random.between(50, 40'000);
  }
  event.variations = random.next();
  return event;
}

CloudEvent CloudEvents::event(const OddSlot& slot) {
  CloudEvent odd = event(is_copy(slot.oddity) ? slot.original : slot.index);
  odd.oddity = slot.oddity;
  if (slot.oddity == CloudOddity::kCorrectedCopy) odd.cost += odd.cost / 100 + 1;
  if (slot.oddity == CloudOddity::kSchemaVersion) odd.schema_version = 3;
  return odd;
}

void append_event(std::string& out, const CloudEvent& event, const CloudWorld& world) {
  static constexpr std::string_view kUnits[kCloudMetrics.size()] = {"count", "gb_hours", "hours"};
  const std::uint64_t bits = event.variations;
  out += R"({"event_id": ")";
  append_id(out, event.id);
  out += R"(", "timestamp": ")";
  append_timestamp(out, event);
  out += R"(", "org_id": ")";
  out += world.orgs[event.resource->org].id;
  out += R"(", "resource_id": ")";
  out += event.oddity == CloudOddity::kResource ? "res_unknown" : event.resource->id;
  out += R"(", "service": ")";
  append_varied(out, kCloudServices[event.resource->service], variation(bits, 128));
  out += R"(", "region": ")";
  append_varied(out, event.resource->region, variation(bits >> 16, 64));
  out += R"(", "metric": ")";
  append_varied(out, kCloudMetrics[event.metric], variation(bits >> 32, 256));
  out += R"(", "value": )";
  append_value(out, event);
  out += R"(, "unit": )";
  if (event.has_unit) {
    out += '"';
    append_varied(out, kUnits[event.metric], variation(bits >> 48, 256));
    out += '"';
  } else {
    out += "null";
  }
  out += R"(, "cost_usd_increment": )";
  append_shortest(out, event.cost, kCloudCostScale);
  out += R"(, "schema_version": )";
  append_shortest(out, event.schema_version, 0);
  if (event.schema_version >= 2) {
    out += R"(, "carbon_kg": )";
    append_shortest(out, event.carbon, kCloudCarbonScale);
  }
  if (event.has_tokens()) {
    out += R"(, "genai_tokens": )";
    append_shortest(out, event.tokens, 0);
  }
  out += "}\n";
}

std::string cloud_event_id(std::uint64_t id) {
  std::string text;
  append_id(text, id);
  return text;
}

}  // namespace finops
