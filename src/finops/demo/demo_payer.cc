#include "finops/demo/demo_payer.h"

#include <fmt/format.h>

#include <array>

#include "finops/demo/demo_bills.h"
#include "finops/demo/demo_random.h"

namespace finops {
namespace {

constexpr auto kRegions = std::to_array<DemoRegion>({
    {"us-east-1", "US East (N. Virginia)", "USE1"},
    {"eu-central-1", "EU (Frankfurt)", "EUC1"},
    {"ap-south-1", "Asia Pacific (Mumbai)", "APS3"},
    {"sa-east-1", "South America (São Paulo)", "SAE1"},
});

constexpr auto kServices = std::to_array<DemoService>({
    {"AmazonEC2", "Amazon Elastic Compute Cloud", "Compute Instance", "RunInstances", "BoxUsage",
     "Hrs", 960'000'000},
    {"AmazonS3", "Amazon Simple Storage Service", "Storage", "StandardStorage",
     "TimedStorage-ByteHrs", "GB-Mo", 230'000'000},
    {"AmazonS3", "Amazon Simple Storage Service", "API Request", "GetObject", "Requests-Tier2",
     "Requests", 4'000},
    {"AmazonRDS", "Amazon Relational Database Service", "Database Instance", "CreateDBInstance",
     "InstanceUsage:db.r5.large", "Hrs", 2'400'000'000},
    {"AWSLambda", "AWS Lambda", "Serverless", "Invoke", "Lambda-GB-Second", "Lambda-GB-Second",
     166'667},
    {"AmazonCloudWatch", "AmazonCloudWatch", "Metric", "MetricStorage", "CW:MetricMonitorUsage",
     "Metrics", 3'000'000'000},
    {"AWSDataTransfer", "AWS Data Transfer", "Data Transfer", "", "DataTransfer-Out-Bytes", "GB",
     900'000'000},
    {"AmazonDynamoDB", "Amazon DynamoDB", "Amazon DynamoDB PayPerRequest Throughput",
     "PayPerRequestThroughput", "ReadRequestUnits", "ReadRequestUnits", 1'250},
    {"awskms", "AWS Key Management Service", "Encryption Key", "Encrypt", "KMS-Requests",
     "Requests", 30'000},
    {"AmazonECS", "Amazon Elastic Container Service", "Compute", "FargateTask",
     "Fargate-vCPU-Hours:perCPU", "hours", 404'800'000},
});

constexpr std::chrono::hours kYear{365 * 24};

/// Twelve digits; every second account begins with zeros.
std::string account_id(DemoRandom& random, std::size_t index) {
  const std::uint64_t limit = index % 2 == 0 ? 1'000'000'000 : 900'000'000'000;
  const std::uint64_t least = index % 2 == 0 ? 0 : 100'000'000'000;
  return fmt::format("{:012}", least + random.below(limit));
}

std::vector<DemoAccount> make_accounts(DemoRandom& random, bool is_mixed) {
  constexpr auto kNames =
      std::to_array<std::string_view>({"payments", "search", "data \"lake\"",
                                       "machine learning, research", "Büro São Paulo", "web shop"});
  std::vector<DemoAccount> accounts;
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    const bool is_rupees = is_mixed && i >= kNames.size() - 2;
    accounts.push_back({account_id(random, i), std::string(kNames[i]), is_rupees ? "INR" : "USD"});
  }
  return accounts;
}

/// The second starts in the middle of the first month, the third in the second month.
std::vector<DemoSavingsPlan> make_savings_plans(DemoRandom& random, const DemoPayer& payer,
                                                DemoTime first, DemoTime second) {
  using std::chrono::hours;
  const auto arn = [&] {
    return fmt::format("arn:aws:savingsplans::{}:savingsplan/{}", payer.account_id,
                       demo_uuid(random.next()));
  };
  const auto money = [&](std::int64_t cents) {
    return cents * 100'000'000 + random.between(1, 9'999'999);
  };
  const DemoTime old = first - hours(24 * 200 + 7), middle = first + hours(24 * 12 + 10);
  const DemoTime late = second + hours(24 * 3 + 5);
  return {
      {arn(), 0, old, old + 3 * kYear, "ComputeSavingsPlans", "No Upfront", "", "", 0, money(120)},
      {arn(), 1, middle, middle + kYear, "EC2InstanceSavingsPlans", "Partial Upfront", "m5",
       "us-east-1", money(35), money(36)},
      {arn(), 2, late, late + kYear, "ComputeSavingsPlans", "All Upfront", "", "", money(210), 0},
  };
}

std::vector<DemoReservation> make_reservations(DemoRandom& random, const DemoPayer& payer,
                                               DemoTime first, DemoTime second) {
  using std::chrono::hours;
  const auto make = [&](std::size_t account, DemoTime start, hours term, std::string_view type,
                        std::string_view payment, int count) {
    DemoReservation made;
    made.arn = fmt::format("arn:aws:ec2:{}:{}:reserved-instances/{}", kRegions[account % 2].code,
                           payer.accounts[account].id, demo_uuid(random.next()));
    made.subscription_id = std::to_string(random.between(1'000'000'000, 9'999'999'999));
    made.account = account;
    made.start = start;
    made.end = start + term;
    made.instance_type = type;
    made.payment_option = payment;
    made.region = &kRegions[account % 2];
    made.count = count;
    return made;
  };
  auto no_upfront = make(0, first - hours(24 * 90), kYear, "m5.large", "No Upfront", 4);
  no_upfront.recurring_per_hour = 590'000'000 + random.between(0, 999'999);
  auto all_upfront =
      make(1, first + hours(24 * 16 + 13), 3 * kYear, "r5.2xlarge", "All Upfront", 2);
  all_upfront.upfront_per_hour = 1'910'000'000 + random.between(0, 999'999);
  auto partial = make(3, second + hours(24 * 9), kYear, "c6g.xlarge", "Partial Upfront", 3);
  partial.upfront_per_hour = 410'000'000 + random.between(0, 999'999);
  partial.recurring_per_hour = 420'000'000 + random.between(0, 999'999);
  std::vector<DemoReservation> all{no_upfront, all_upfront, partial};
  for (auto& made : all) {
    made.on_demand_per_hour = (made.upfront_per_hour + made.recurring_per_hour) / 5 * 8;
  }
  return all;
}

}  // namespace

std::vector<DemoPayer> demo_payers(const DemoOptions& options) {
  const DemoTime first = options.start.first_day(), second = options.start.next().first_day();
  std::vector<DemoPayer> payers;
  for (const std::uint64_t number : {0U, 1U}) {
    DemoRandom random{options.seed, number};
    DemoPayer payer;
    payer.seed = random.next();
    payer.name = number == 0 ? "payer-a" : "payer-b";
    payer.export_name = payer.name + "-bill";
    payer.bucket = "demo-" + payer.name;
    payer.account_id = account_id(random, number);
    payer.is_v2 = options.cur_version == DemoCurVersion::kV2 ||
                  (options.cur_version == DemoCurVersion::kBoth && number == 1);
    payer.has_net_columns = number == 0;
    payer.has_separate_discounts = number == 1;
    payer.accounts = make_accounts(random, number == 1);
    payer.savings_plans = make_savings_plans(random, payer, first, second);
    payer.reservations = make_reservations(random, payer, first, second);
    payers.push_back(std::move(payer));
  }
  return payers;
}

std::span<const DemoRegion> demo_regions() { return kRegions; }
std::span<const DemoService> demo_services() { return kServices; }

std::string demo_time_text(DemoTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string demo_uuid(std::uint64_t value) {
  const std::uint64_t low = DemoRandom::mix(value);
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", value >> 32, value >> 16 & 0xffff,
                     value & 0xfff, low >> 48 & 0xfff, low & 0xffff'ffff'ffff);
}

}  // namespace finops
