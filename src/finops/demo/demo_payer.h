#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/core/decimal.h"

namespace finops {

struct DemoOptions;

using DemoTime = std::chrono::sys_seconds;

struct DemoAccount {
  std::string id, name;  // ids keep leading zeros
  std::string_view currency;
};

struct DemoRegion {
  std::string_view code, location, prefix;
};

/// A kind of charge.
struct DemoService {
  std::string_view code, name, family, operation, usage_type, unit;
  std::int64_t rate;  // units of 10^-10
};

/// Money of commitments is per hour, in units of 10^-10.
struct DemoSavingsPlan {
  std::string arn;
  std::size_t account = 0;
  DemoTime start, end;
  std::string_view offering_type, payment_option, family, region;
  std::int64_t upfront_per_hour = 0, recurring_per_hour = 0;
};

struct DemoReservation {
  std::string arn, subscription_id;
  std::size_t account = 0;
  DemoTime start, end;
  std::string_view instance_type, payment_option;
  const DemoRegion* region = nullptr;
  int count = 1;
  std::int64_t upfront_per_hour = 0, recurring_per_hour = 0;  // of one instance
  std::int64_t on_demand_per_hour = 0;
};

/// One organisation with its bill: the same for the same seed, whatever months are asked for.
struct DemoPayer {
  std::uint64_t seed = 0;  // of this payer
  std::string name, export_name, bucket, account_id;
  bool is_v2 = false;
  bool has_net_columns = false;
  bool has_separate_discounts = false;  // in its first month
  std::vector<DemoAccount> accounts;
  std::vector<DemoSavingsPlan> savings_plans;
  std::vector<DemoReservation> reservations;
};

/// payer-a: US dollars, net columns. payer-b: US dollars and rupees, gross columns only.
std::vector<DemoPayer> demo_payers(const DemoOptions& options);

std::span<const DemoRegion> demo_regions();
std::span<const DemoService> demo_services();
/// An index into demo_services().
inline constexpr std::size_t kDemoEc2 = 0;

/// "2025-11-30T00:00:00Z"
std::string demo_time_text(DemoTime time);
/// 12345678-9abc-4def-8123-456789abcdef, made of `value`.
std::string demo_uuid(std::uint64_t value);

}  // namespace finops
