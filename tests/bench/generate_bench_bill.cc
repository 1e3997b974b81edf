// The bill of the benchmarks: CUR v1, 122 columns, some 1 kB of text a row, rows in random order
// (the worst case for runs, caches and branch prediction).
//
// Usage: generate_bench_bill ROWS FILES SEED FIRST_FILE PREFIX low|high YYYY-MM
// writes PREFIX-00001.csv.gz and so on, ROWS in all, and prints the bytes of text. `low` draws
// resources, descriptions and tags from lists, as most bills have them; with `high` they are each
// row's own. Numbers go through double and printf here: only the text counts, and whoever sums it
// up reads the text.
#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr auto kProductColumns = std::to_array<std::string_view>({
    // clang-format off: a list of names
    "ProductName", "alarmType", "availability", "capacitystatus", "clockSpeed", "comments", "contentType",
    "currentGeneration", "databaseEngine", "dedicatedEbsThroughput", "deploymentOption", "durability", "ecu",
    "endpointType", "engineCode", "enhancedNetworkingSupported", "eventType", "fromLocation", "fromLocationType",
    "fromRegionCode", "group", "groupDescription", "instanceFamily", "instanceType", "instanceTypeFamily",
    "intelAvx2Available", "intelAvxAvailable", "intelTurboAvailable", "licenseModel", "location", "locationType",
    "logsDestination", "maxIopsBurstPerformance", "maxIopsvolume", "maxThroughputvolume", "maxVolumeSize", "memory",
    "memoryGib", "messageDeliveryFrequency", "networkPerformance", "normalizationSizeFactor", "operatingSystem",
    "operation", "physicalProcessor", "platopricingtype", "preInstalledSw", "processorArchitecture",
    "processorFeatures", "productFamily", "queueType", "region", "regionCode", "routingType", "servicecode",
    "servicename", "sku", "storage", "storageClass", "storageMedia", "storageType", "tenancy", "toLocation",
    "toLocationType", "transferType", "usagetype", "vcpu", "volumeApiName", "volumeType",
    // clang-format on
});
constexpr std::string_view kColumnsBefore =
    "identity/LineItemId,identity/TimeInterval,bill/InvoiceId,bill/InvoicingEntity,"
    "bill/BillingEntity,bill/BillType,bill/PayerAccountId,bill/BillingPeriodStartDate,"
    "bill/BillingPeriodEndDate,lineItem/UsageAccountId,lineItem/LineItemType,"
    "lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,"
    "lineItem/Operation,lineItem/AvailabilityZone,lineItem/ResourceId,lineItem/UsageAmount,"
    "lineItem/NormalizationFactor,lineItem/NormalizedUsageAmount,lineItem/CurrencyCode,"
    "lineItem/UnblendedRate,lineItem/UnblendedCost,lineItem/BlendedRate,lineItem/BlendedCost,"
    "lineItem/LineItemDescription,lineItem/TaxType,lineItem/LegalEntity";
constexpr std::string_view kColumnsAfter =
    ",pricing/LeaseContractLength,pricing/OfferingClass,pricing/PurchaseOption,pricing/RateCode,"
    "pricing/RateId,pricing/currency,pricing/publicOnDemandCost,pricing/publicOnDemandRate,"
    "pricing/term,pricing/unit,reservation/AmortizedUpfrontCostForUsage,reservation/EffectiveCost,"
    "reservation/ReservationARN,reservation/RecurringFeeForUsage,savingsPlan/SavingsPlanARN,"
    "savingsPlan/SavingsPlanEffectiveCost,savingsPlan/UsedCommitment,resourceTags/aws:createdBy,"
    "resourceTags/user:Name,resourceTags/user:Project,resourceTags/user:Environment,"
    "resourceTags/user:CostCenter,resourceTags/user:Owner,resourceTags/user:Team,"
    "resourceTags/user:Version\n";

struct Service {
  std::string_view code, name, family;
};
constexpr auto kServices = std::to_array<Service>({
    {"AmazonEC2", "Amazon Elastic Compute Cloud", "Compute Instance"},
    {"AmazonS3", "Amazon Simple Storage Service", "Storage"},
    {"AmazonRDS", "Amazon Relational Database Service", "Database Instance"},
    {"AWSLambda", "AWS Lambda", "Serverless"},
    {"AmazonCloudWatch", "AmazonCloudWatch", "Metric"},
    {"AWSDataTransfer", "AWS Data Transfer", "Data Transfer"},
    {"AmazonDynamoDB", "Amazon DynamoDB", "Amazon DynamoDB PayPerRequest Throughput"},
    {"awskms", "AWS Key Management Service", "Encryption Key"},
});

struct Region {
  std::string_view code, location, prefix;
};
constexpr auto kRegions = std::to_array<Region>({
    {"us-east-1", "US East (N. Virginia)", "USE1"},
    {"us-west-2", "US West (Oregon)", "USW2"},
    {"eu-west-1", "EU (Ireland)", "EUW1"},
    {"ap-southeast-2", "Asia Pacific (Sydney)", "APS2"},
});
constexpr auto kInstanceTypes = std::to_array<std::string_view>(
    {"m5.large", "c6g.xlarge", "r5.2xlarge", "t3.micro", "m6i.4xlarge"});
constexpr auto kProjects = std::to_array<std::string_view>(
    {"", "payments", "search", "ml-platform", "web", "data-lake", "ops"});
constexpr auto kEnvironments = std::to_array<std::string_view>({"", "prod", "staging", "dev"});

struct Month {
  unsigned year, month;

  std::uint64_t number() const { return std::uint64_t{year} * 12 + month; }
  std::string text() const { return fmt::format("{:04}-{:02}", year, month); }
  Month next() const { return {year + month / 12, month % 12 + 1}; }
};
constexpr Month kFirstMonth{2025, 6};

constexpr std::size_t kAccounts = 60, kSkus = 900, kResources = 60'000;
constexpr std::uint64_t kManyNames = 1'000'000'000'000;

/// What product columns say about an instance.
std::string_view instance_attribute(std::string_view column, std::string_view instance_type) {
  struct Attribute {
    std::string_view column, value;
  };
  constexpr auto kAttributes = std::to_array<Attribute>({
      {"vcpu", "4"},
      {"memory", "16 GiB"},
      {"operatingSystem", "Linux"},
      {"tenancy", "Shared"},
      {"physicalProcessor", "Intel Xeon Platinum 8175"},
      {"clockSpeed", "3.1 GHz"},
      {"currentGeneration", "Yes"},
      {"networkPerformance", "Up to 10 Gigabit"},
      {"normalizationSizeFactor", "4"},
      {"storage", "EBS only"},
      {"instanceFamily", "General purpose"},
      {"capacitystatus", "Used"},
      {"licenseModel", "No License required"},
      {"preInstalledSw", "NA"},
      {"processorArchitecture", "64-bit"},
  });
  if (column == "instanceType") return instance_type;
  for (const auto& attribute : kAttributes) {
    if (attribute.column == column) return attribute.value;
  }
  return "";
}

class BenchBill {
 public:
  /// All usage is of the month's first 30 days.
  BenchBill(std::uint64_t seed, bool has_own_texts, Month month)
      : random_(seed),
        has_own_texts_(has_own_texts),
        month_(month.text()),
        next_month_(month.next().text()) {
    for (std::size_t i = 0; i < kAccounts; ++i) {
      accounts_.push_back(std::to_string(100'000'000'000 + below(900'000'000'000)));
    }
    for (std::size_t i = 0; i < kSkus; ++i) {
      std::string& sku = skus_.emplace_back();
      for (int k = 0; k < 16; ++k) sku += "ABCDEFGHJKMNPQRSTUVWXYZ23456789"[below(31)];
    }
    for (std::size_t i = 0; i < kResources; ++i) resources_.push_back(make_resource(i));
    // Accounts and resources of a seed stay from month to month; rows do not.
    if (month.number() != kFirstMonth.number()) random_.seed(seed ^ month.number() << 32);
  }

  static std::string header() {
    std::string text(kColumnsBefore);
    for (const auto column : kProductColumns) text.append(",product/").append(column);
    return text.append(kColumnsAfter);
  }

  /// The order of the draws below is the bill: another order is another bill.
  void append_row(std::string& out) {
    for (int k = 0; k < 52; ++k) out += "abcdefghijklmnopqrstuvwxyz234567"[random_() & 31];
    day_ = 1 + static_cast<int>(below(30));
    hour_ = static_cast<int>(below(24));
    region_ = &kRegions[below(4)];
    service_ = &kServices[below(100) < 45 ? 0 : below(8)];
    is_ec2_ = service_->code == "AmazonEC2";
    instance_type_ = kInstanceTypes[below(5)];
    sku_ = skus_[below(kSkus)];
    account_ = accounts_[below(kAccounts)];
    append_bill(out);
    append_usage(out);
    append_product(out);
    append_pricing(out);
    append_commitment(out);
    append_tags(out);
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  template <typename... Args>
  static void add(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  }

  std::string make_resource(std::size_t i) {
    if (i % 3 == 0) return fmt::format("i-{:017x}", random_());
    if (i % 3 == 2) return fmt::format("vol-{:017x}", random_());
    return fmt::format("arn:aws:lambda:us-east-1:{}:function:svc-{:03}-handler-{:04x}",
                       accounts_[i % kAccounts], i % 200, random_() & 0xffff);
  }

  void append_bill(std::string& out) {
    start_ = fmt::format("{}-{:02}T{:02}:00:00Z", month_, day_, hour_);
    if (hour_ < 23) {
      end_ = fmt::format("{}-{:02}T{:02}:00:00Z", month_, day_, hour_ + 1);
    } else {
      end_ = day_ == 30 ? next_month_ + "-01T00:00:00Z"
                        : fmt::format("{}-{:02}T00:00:00Z", month_, day_ + 1);
    }
    add(out, ",{}/{},1873645501,\"Amazon Web Services, Inc.\",AWS,Anniversary,{},", start_, end_,
        accounts_[0]);
    add(out, "{}-01T00:00:00Z,{}-01T00:00:00Z,{}", month_, next_month_, account_);
  }

  void append_usage(std::string& out) {
    type_ = "Usage";
    if (below(100) >= 80) type_ = below(2) ? "DiscountedUsage" : "SavingsPlanCoveredUsage";
    add(out, ",{},{},{},{},", type_, start_, end_, service_->code);
    usage_type_ = is_ec2_ ? fmt::format("{}-BoxUsage:{}", region_->prefix, instance_type_)
                          : fmt::format("{}-Requests-Tier{}", region_->prefix, below(4));
    add(out, "{},{},", usage_type_, operation());
    if (is_ec2_) add(out, "{}{}", region_->code, static_cast<char>('a' + below(3)));
    add(out, ",{}", has_own_texts_ ? make_resource(random_()) : resources_[below(kResources)]);
    amount_ = static_cast<double>(below(1'000'000)) / (is_ec2_ ? 1'000'000.0 : 37.0);
    rate_ = static_cast<double>(below(400) + 1) / 1000.0;
    add(out, ",{:.10f},{},{},USD,{:.10f},{:.10f},{:.10f},{:.10f}", amount_, is_ec2_ ? "4" : "",
        is_ec2_ ? "4.0" : "", rate_, amount_ * rate_, rate_ * 0.97, amount_ * rate_ * 0.97);
    add(out, ",\"${:.4f} per {} {}, Instance Hour", rate_, is_ec2_ ? "On Demand Linux" : "request",
        instance_type_);
    if (has_own_texts_) add(out, " (order {:016x})", random_());
    out += "\",,\"Amazon Web Services, Inc.\"";
  }

  std::string_view operation() const { return is_ec2_ ? "RunInstances" : "GetObject"; }

  void append_product(std::string& out) {
    for (const auto column : kProductColumns) {
      out += ',';
      out += product_attribute(column);
    }
  }

  std::string_view product_attribute(std::string_view column) const {
    if (column == "ProductName" || column == "servicename") return service_->name;
    if (column == "servicecode") return service_->code;
    if (column == "productFamily") return service_->family;
    if (column == "region" || column == "regionCode" || column == "fromRegionCode") {
      return region_->code;
    }
    if (column == "location") return region_->location;
    if (column == "locationType") return "AWS Region";
    if (column == "sku") return sku_;
    if (column == "usagetype") return usage_type_;
    if (column == "operation") return operation();
    return is_ec2_ ? instance_attribute(column, instance_type_) : "";
  }

  void append_pricing(std::string& out) {
    add(out, ",,,,{}.JRTCKXETXF.6YS6EN2CT7,{},USD,{:.10f},{:.10f},OnDemand,{},", sku_,
        1'000'000'000 + below(50'000), amount_ * rate_ * 1.1, rate_ * 1.1,
        is_ec2_ ? "Hrs" : "Requests");
  }

  void append_commitment(std::string& out) {
    if (type_ == "DiscountedUsage") {
      add(out, "{:.10f},{:.10f},arn:aws:ec2:us-east-1:{}:reserved-instances/1b2c3d4e-{:04x},",
          amount_ * 0.1, amount_ * 0.3, account_, below(50));
      add(out, "{:.10f},,,", amount_ * 0.2);
    } else if (type_ == "SavingsPlanCoveredUsage") {
      add(out, ",,,,arn:aws:savingsplans::{}:savingsplan/9f8e7d6c-{:04x},{:.10f},{:.10f}", account_,
          below(20), amount_ * 0.7, amount_ * 0.7);
    } else {
      out += ",,,,,,";
    }
  }

  void append_tags(std::string& out) {
    out += ',';
    if (below(3) == 0) add(out, "AssumedRole:AROAEXAMPLE:deploy-{}", below(40));
    out += ',';
    if (has_own_texts_ || below(2)) add(out, "node-{}", below(has_own_texts_ ? kManyNames : 3000));
    add(out, ",{}", kProjects[below(7)]);
    add(out, ",{},", kEnvironments[below(4)]);
    if (below(2)) add(out, "cc-{}", 1000 + below(90));
    out += ',';
    if (has_own_texts_) add(out, "owner-{:x}@example.com", random_());
    out += ',';
    if (below(4) == 0) add(out, "team-{}", below(25));
    out += ",\n";
  }

  std::mt19937_64 random_;
  bool has_own_texts_;
  std::string month_, next_month_;
  std::vector<std::string> accounts_, skus_, resources_;
  // The row at work:
  int day_ = 0, hour_ = 0;
  const Region* region_ = nullptr;
  const Service* service_ = nullptr;
  bool is_ec2_ = false;
  std::string_view instance_type_, sku_, account_, type_;
  std::string start_, end_, usage_type_;
  double amount_ = 0, rate_ = 0;
};

/// Writes one file; returns the bytes of its text.
std::uint64_t write_file(BenchBill& bill, std::int64_t rows, const std::string& path) {
  gzFile file = gzopen(path.c_str(), "wb6");
  if (file == nullptr) {
    std::perror(path.c_str());
    std::exit(1);
  }
  std::uint64_t bytes = 0;
  std::string text = BenchBill::header();
  for (std::int64_t row = 0; row <= rows; ++row) {
    if (text.size() > 1'000'000 || row == rows) {
      if (gzwrite(file, text.data(), static_cast<unsigned>(text.size())) == 0) std::exit(1);
      bytes += text.size();
      text.clear();
    }
    if (row < rows) bill.append_row(text);
  }
  if (gzclose(file) != Z_OK) {
    std::perror(path.c_str());
    std::exit(1);
  }
  return bytes;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view cardinality = count == 8 ? arguments[6] : "";
  if (cardinality != "low" && cardinality != "high") {
    fmt::print(stderr,
               "usage: generate_bench_bill ROWS FILES SEED FIRST_FILE PREFIX low|high YYYY-MM\n");
    return 2;
  }
  const std::int64_t rows = std::atoll(arguments[1]);
  const int files = std::atoi(arguments[2]), first = std::atoi(arguments[4]);
  if (rows < 1 || files < 1 || first < 1) {
    fmt::print(stderr, "ROWS, FILES and FIRST_FILE must be positive\n");
    return 2;
  }
  Month month{};
  if (std::sscanf(arguments[7], "%4u-%2u", &month.year, &month.month) != 2 || month.month < 1 ||
      month.month > 12 || month.month == 2) {
    fmt::print(stderr, "a month of at least 30 days is needed, not {}\n", arguments[7]);
    return 2;
  }
  BenchBill bill(std::strtoull(arguments[3], nullptr, 10), cardinality == "high", month);
  std::uint64_t bytes = 0;
  for (int i = 0; i < files; ++i) {
    const std::int64_t rows_here = rows * (i + 1) / files - rows * i / files;
    bytes += write_file(bill, rows_here, fmt::format("{}-{:05}.csv.gz", arguments[5], first + i));
  }
  fmt::print("{}\n", bytes);
}
