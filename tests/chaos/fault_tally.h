#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>

namespace finops::chaos {

/// How one durable call is broken. After a death the process that made it changes nothing more.
enum class Break { kRefused, kLostReply, kDeathBefore, kDeathAfter };
inline constexpr Break kAllBreaks[] = {Break::kRefused, Break::kLostReply, Break::kDeathBefore,
                                       Break::kDeathAfter};
std::string_view to_string(Break how);

/// What a durable call is about, by the step that FaultPlan::run() is told: "create
/// billing/deliveries/…" is {"create", "ledger"}.
struct HitPlace {
  std::string call, object;
  auto operator<=>(const HitPlace&) const = default;
};
HitPlace hit_place(std::string_view step);

/// Where faults hit, in counts. Safe to use from any thread.
class FaultTally {
 public:
  /// `work`: what was going on: "load", "replay", …
  void add(const HitPlace& place, Break how, const std::string& work);
  std::uint64_t total() const;
  std::string to_table() const;  // for people
  /// {"total", "hits": [{"call", "object", "refused", "lost_reply", …}], "works": {"load": …}}
  std::string to_json() const;

 private:
  mutable std::mutex mutex_;
  std::map<HitPlace, std::map<Break, std::uint64_t>> counts_;
  std::map<std::string, std::uint64_t> works_;
};

}  // namespace finops::chaos
