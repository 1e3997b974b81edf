#include "finops/demo/cloud_provider_world.h"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace finops {
namespace {

constexpr std::size_t kOrgs = 80;

// clang-format off
constexpr std::array<std::string_view, 7> kRegions = {
    "us-east", "us-west", "eu-west", "eu-central", "sa-east", "ap-south", "ap-northeast"};
constexpr std::array<std::string_view, 20> kFirstWords = {
    "Northern", "Bright", "Silver", "Quiet", "Golden", "Rapid", "Lunar", "Coastal", "Green", "Iron",
    "Blue", "Prime", "Clear", "Solid", "Urban", "Alpine", "Amber", "Crimson", "Polar", "Summit"};
constexpr std::array<std::string_view, 4> kSecondWords = {"Harbour", "Robotics", "Foods", "Media"};
// clang-format on

/// A short id with a prefix; none is given twice.
class CloudIds {
 public:
  CloudIds(std::string_view prefix, DemoRandom& random) : prefix_(prefix), random_(random) {}
  std::string next() {
    std::string id;
    do {
      id = fmt::format("{}{:08x}", prefix_, random_.next() >> 32);
    } while (!given_.insert(id).second);
    return id;
  }

 private:
  std::string_view prefix_;
  DemoRandom& random_;
  std::set<std::string> given_;
};

}  // namespace

CloudWorld cloud_provider_world(std::uint64_t seed, bool is_clean) {
  CloudWorld world;
  DemoRandom random = cloud_random(seed, CloudStream::kOrgs);
  CloudIds org_ids("org_", random);
  for (std::size_t i = 0; i < kOrgs; ++i) {
    std::string name(kFirstWords[i % kFirstWords.size()]);
    name.append(" ").append(kSecondWords[i / kFirstWords.size()]);
    if (i % 16 == 5) name += ", Inc.";  // a comma, as names have
    world.orgs.push_back({org_ids.next(), std::move(name)});
  }
  random = cloud_random(seed, CloudStream::kResources);
  CloudIds resource_ids("res_", random);
  for (const std::size_t service : dealt(random, {116, 71, 68, 64, 42, 39})) {
    CloudResource resource{.id = resource_ids.next(), .service = service};
    // Every organisation has a resource; the others fall where they fall.
    const std::size_t number = world.resources.size();
    resource.org = number < kOrgs ? number : static_cast<std::size_t>(random.below(kOrgs));
    resource.region = random.pick(kRegions);
    if (!is_clean && number == kOrgs) {
      resource.has_unknown_service = true;
    } else {
      world.event_resources.push_back(number);
    }
    world.resources.push_back(std::move(resource));
  }
  return world;
}

DemoRandom cloud_random(std::uint64_t seed, CloudStream stream) {
  return DemoRandom{seed, static_cast<std::uint64_t>(stream)};
}

std::vector<std::size_t> dealt(DemoRandom& random, std::initializer_list<std::size_t> counts) {
  std::vector<std::size_t> cards;
  std::size_t index = 0;
  for (const std::size_t count : counts) cards.insert(cards.end(), count, index++);
  for (std::size_t i = cards.size(); i > 1; --i) {
    std::swap(cards[i - 1], cards[static_cast<std::size_t>(random.below(i))]);
  }
  return cards;
}

void append_varied(std::string& out, std::string_view text, std::uint64_t variation) {
  if (variation == 2) out += ' ';
  const std::size_t begin = out.size();
  out += text;
  const std::size_t upper = variation == 1 ? text.size() : variation == 3 ? 1 : 0;
  for (std::size_t i = begin; i < begin + upper; ++i) {
    if (out[i] >= 'a' && out[i] <= 'z') out[i] = static_cast<char>(out[i] - 'a' + 'A');
  }
  if (variation == 3) out += ' ';
}

}  // namespace finops
