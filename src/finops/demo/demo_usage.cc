#include <array>

#include "finops/demo/demo_month.h"

namespace finops {
namespace {

using enum DemoField;

struct InstanceType {
  std::string_view name, family, vcpu, memory;
  int factor;                  // of normalised units, and of the price
  std::string_view box, spot;  // usage types without the region
};

constexpr auto kInstanceTypes = std::to_array<InstanceType>({
    {"m5.large", "General purpose", "2", "8 GiB", 4, "BoxUsage:m5.large", "SpotUsage:m5.large"},
    {"c6g.xlarge", "Compute optimized", "4", "8 GiB", 8, "BoxUsage:c6g.xlarge",
     "SpotUsage:c6g.xlarge"},
    {"r5.2xlarge", "Memory optimized", "8", "64 GiB", 16, "BoxUsage:r5.2xlarge",
     "SpotUsage:r5.2xlarge"},
    {"m6i.4xlarge", "General purpose", "16", "64 GiB", 32, "BoxUsage:m6i.4xlarge",
     "SpotUsage:m6i.4xlarge"},
});

constexpr auto kProjects =
    std::to_array<std::string_view>({"checkout", "search", "ml-platform", "ops, shared",
                                     "the \"new\" shop", "Zürich", "分析", "💰"});

/// Cells that break naive readers of CSV.
constexpr auto kOddDescriptions = std::to_array<std::string_view>({
    "$0.023 per GB, first 50 TB / month\nof storage used",
    "the \"first\" gigabyte is free",
    "line one\r\nline two, with \"quotes\"",
    "\"quoted from the first to the last byte\"",
    ",",
    "\n",
    "r5.2xlarge à la carte — 8 vCPU; 64\u00a0GiB",
});

constexpr int kRupeesPerDollarInCents = 8325;

}  // namespace

void DemoMonth::usage(const Slot& slot) {
  const std::size_t account =
      std::min(random_.below(payer_.accounts.size()), random_.below(payer_.accounts.size()));
  const auto services = demo_services();
  const std::size_t kind = random_.below(100) < 40 ? kDemoEc2 : random_.below(services.size());
  const DemoService& service = services[kind];
  const DemoRegion& region = random_.pick(demo_regions());
  const DemoTime hour = slot.begin + std::chrono::hours(random_.between(0, slot.hours() - 1));
  begin_item(account, "Usage", hour, hour + std::chrono::hours(1));
  set_service(service, region);
  DemoNumber rate(service.rate, 10);
  if (kind == kDemoEc2) {
    const std::size_t type = random_.below(kInstanceTypes.size());
    const bool is_spot = random_.one_in(20);
    rate = DemoNumber(service.rate / 4 * kInstanceTypes[type].factor / (is_spot ? 3 : 1), 10);
    item_.set(kUsageType, text("{}-{}", region.prefix,
                               is_spot ? kInstanceTypes[type].spot : kInstanceTypes[type].box));
    item_.set(kAvailabilityZone, text("{}{}", region.code, random_.one_in(2) ? 'a' : 'b'));
    set_amount_and_cost(service, rate);
    set_instance(type, is_spot);
  } else {
    set_amount_and_cost(service, rate);
  }
  set_resource(service, account);
  set_tags();
  emit();
}

void DemoMonth::set_amount_and_cost(const DemoService& service, DemoNumber rate) {
  if (item_.text(kCurrency) == "INR") rate = rate.times(kRupeesPerDollarInCents, 2);
  DemoNumber amount(random_.between(1, 100'000'000), 6);
  if (service.unit == "Hrs") {
    const std::int64_t second = 10'000'000'000 / 3600;
    amount = DemoNumber(random_.one_in(8) ? random_.between(1, 3599) * second : 10'000'000'000, 10);
  } else if (service.unit.starts_with("Re")) {  // requests, and units of them
    amount = DemoNumber(random_.between(1, 100'000), 0);
    if (random_.one_in(10)) amount = DemoNumber(random_.between(11, 99), -5);
  } else if (service.unit == "GB-Mo" && (!has_large_amount_ || random_.one_in(300))) {
    // More than a double can count to, and free; once a month at least.
    has_large_amount_ = true;
    amount = DemoNumber((Int128{9'007'199'254'740'993} + random_.between(0, 999)) * 1000 + 1, 3);
    rate = DemoNumber(0, 10);
  }
  DemoNumber cost = demo_product(amount, rate, 10);
  item_.set(kPublicOnDemandCost, cost);
  item_.set(kPublicOnDemandRate, rate);
  if (plan_.version > 1 && late_.one_in(50))
    cost = cost + DemoNumber(late_.between(-99'999, 999'999), 9);
  item_.set(kUsageAmount, amount);
  item_.set(kUnblendedRate, rate);
  item_.set(kUnblendedCost, cost);
  item_.set(kBlendedRate, rate.times(97, 2));
  item_.set(kBlendedCost, cost.times(97, 2));
  item_.set(kTerm, "OnDemand");
  item_.set(kPurchaseOption, "");
  item_.set(kRateId, text("{}", 1'000'000 + random_.below(5'000)));
  item_.set(kSku, text("{:X}", DemoRandom::mix(random_.below(900)) >> 4));
  item_.set(kRateCode, text("{}.JRTCKXETXF.6YS6EN2CT7", item_.text(kSku)));
  std::string price;
  append_number(price, rate, DemoNumberForm::kShortest);
  const std::string_view description = text("${} per {}, {}", price, service.unit, service.name);
  item_.set(kDescription, random_.one_in(60) ? random_.pick(kOddDescriptions) : description);
}

void DemoMonth::set_instance(std::size_t type, bool is_spot) {
  const InstanceType& instance = kInstanceTypes[type];
  item_.set(kProductUsageType, item_.text(kUsageType));
  item_.set(kInstanceType, instance.name);
  item_.set(kInstanceFamily, instance.family);
  item_.set(kVcpu, instance.vcpu);
  item_.set(kMemory, instance.memory);
  item_.set(kOperatingSystem, "Linux");
  item_.set(kTenancy, "Shared");
  item_.set(kNormalizationFactor, DemoNumber(instance.factor, 0));
  item_.set(kNormalizedUsageAmount, item_.number(kUsageAmount).times(instance.factor, 0));
  if (is_spot) item_.set(kOperation, "RunInstances:SV001");
}

void DemoMonth::set_resource(const DemoService& service, std::size_t account) {
  const std::uint64_t number = random_.below(400) * 8 + account;
  const std::uint64_t hash = DemoRandom::mix(payer_.seed + number);
  if (service.code == "AmazonEC2") {
    item_.set(kResourceId, text("i-0{:016x}", hash));
  } else if (service.code == "AmazonS3") {
    item_.set(kResourceId, text("bucket-{:06x}", hash >> 40));
  } else if (service.code == "AWSLambda") {
    item_.set(kResourceId, text("arn:aws:lambda:{}:{}:function:handler-{}", item_.text(kRegion),
                                item_.text(kUsageAccountId), number % 97));
  }
}

void DemoMonth::set_tags() {
  if (random_.one_in(3)) item_.set(kTagCreatedBy, "AssumedRole:AROAEXAMPLE:deploy");
  if (random_.one_in(2)) item_.set(kTagName, text("node-{}", random_.below(3'000)));
  if (random_.one_in(8)) item_.set(kTagLowerName, text("lower-{}", random_.below(300)));
  if (random_.one_in(2)) item_.set(kTagProject, random_.pick(kProjects));
  if (random_.one_in(4)) item_.set(kTagCostCentre, text("{:05}", random_.below(200)));
  if (random_.one_in(10)) item_.set(kTagUnicode, random_.pick(kProjects));
  if (random_.one_in(6)) item_.set(kTagLegacy, "yes");
  if (random_.one_in(3)) item_.set(kTagRecent, text("owner-{}@example.com", random_.below(40)));
  if (random_.one_in(20)) item_.set(kTagExperiment, "1E5");  // a text, whatever it looks like
}

/// Rows that divide the cost of an instance among pods once more: their unblended cost is nothing,
/// and their shares have more decimals than the lake holds, ties among them.
void DemoMonth::split_usage(const Slot& slot) {
  for (std::size_t account = 0; account < 2; ++account) {
    begin_item(account, "Usage", slot.begin, slot.end);
    const auto services = demo_services();
    set_service(services[kDemoEc2], demo_regions()[account]);
    item_.set(kOperation, "EKSPod-EC2");
    item_.set(kUsageType, text("{}-EKS-EC2-vCPU-Hours", demo_regions()[account].prefix));
    item_.set(kResourceId, text("arn:aws:eks:us-east-1:{}:pod/main/shop/web-{}/{}",
                                payer_.accounts[account].id, random_.below(9), random_.below(99)));
    item_.set(kParentResourceId, text("i-0{:016x}", DemoRandom::mix(payer_.seed + account)));
    item_.set(kDescription, "EKS pod usage");
    item_.set(kUsageAmount, DemoNumber(random_.between(1, 999'999'999), 9));
    if (!payer_.is_v2) item_.set(kUnblendedCost, DemoNumber(0, 10));
    const auto share = [&](int scale) {
      const Int128 high = random_.between(1, 999'999'999);
      return DemoNumber(high * 10'000'000'000'000 + random_.between(0, 9'999'999'999'999), scale);
    };
    item_.set(kSplitCost, share(22));
    item_.set(kSplitUnusedCost,
              random_.one_in(2) ? DemoNumber(random_.between(0, 9'999) * 10 + 5, 19) : share(25));
    item_.set(kSplitPublicCost, share(21));
    item_.set(kSplitPublicUnusedCost, share(24));
    item_.set(kSplitUsage, DemoNumber(random_.between(1, 9'999'999), 7));
    item_.set(kSplitActualUsage, item_.number(kSplitUsage).times(8, 1));
    item_.set(kSplitReservedUsage, item_.number(kSplitUsage));
    item_.set(kSplitUsageRatio, share(23));
    emit();
  }
}

}  // namespace finops
