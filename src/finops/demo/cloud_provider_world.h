#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "finops/demo/demo_random.h"

namespace finops {

/// Streams of random numbers, one for each purpose.
enum class CloudStream : std::uint64_t {
  kOrgs = 101,
  kUsers,
  kResources,
  kInvoices,
  kTickets,
  kTouches,
  kSurveys,
  kOddities,
  kEvents,
  kSpikes,
  kOrgDetails,
  kResourceDetails,
};

// clang-format off
inline constexpr std::array<std::string_view, 6> kCloudServices = {
    "compute", "storage", "database", "networking", "analytics", "genai"};
// clang-format on
inline constexpr std::size_t kCloudGenai = 5;

struct CloudOrg {
  std::string id, name;
};

struct CloudResource {
  std::string id;
  std::size_t org = 0, service = 0;  // indices into orgs and kCloudServices
  std::string_view region;
  bool has_unknown_service = false;  // as delivered; no event names such a resource
};

/// The organisations and resources that all datasets refer to.
struct CloudWorld {
  std::vector<CloudOrg> orgs;
  std::vector<CloudResource> resources;
  std::vector<std::size_t> event_resources;  // those that events name
};

CloudWorld cloud_provider_world(std::uint64_t seed, bool is_clean);

DemoRandom cloud_random(std::uint64_t seed, CloudStream stream);

/// Index i as often as counts[i] says, in random order: numbers that are known, in unknown places.
std::vector<std::size_t> dealt(DemoRandom& random, std::initializer_list<std::size_t> counts);

/// `text` as people type it: as it is, "TEXT", " text", "Text " for variation 0 to 3.
void append_varied(std::string& out, std::string_view text, std::uint64_t variation);

}  // namespace finops
