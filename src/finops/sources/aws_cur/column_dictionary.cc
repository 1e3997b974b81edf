#include "finops/sources/aws_cur/column_dictionary.h"

#include <algorithm>
#include <array>
#include <map>

#include "finops/core/ascii_case.h"
#include "finops/sources/column_naming.h"

namespace finops {

namespace {

using enum ColumnType;

/// A name of CUR v1; its normalized form is the name in CUR 2.0 and in the lake. The four maps
/// exist in CUR 2.0 only and have the same name everywhere.
struct Entry {
  std::string_view name;
  std::optional<ColumnType> type = kText;  // nothing: as the manifest says, else text
};

// "Data dictionary" of the CUR user guide and "Table dictionary: COST_AND_USAGE_REPORT" of the Data
// Exports guide. Rates are strings there and decimals here: they are money per unit.
constexpr std::nullopt_t kAsTold = std::nullopt;
constexpr Entry kEntries[] = {
    {"bill/BillType"},
    {"bill/BillingEntity"},
    {"bill/BillingPeriodEndDate", kTimestamp},
    {"bill/BillingPeriodStartDate", kTimestamp},
    {"bill/InvoiceId"},
    {"bill/InvoicingEntity"},
    {"bill/PayerAccountId"},
    {"bill/PayerAccountName"},
    {"capacityReservation/CapacityReservationArn"},
    {"capacityReservation/CapacityReservationStatus"},
    {"capacityReservation/CapacityReservationType"},
    {"cost_category", kTextMap},
    {"discount", kDecimalMap},
    {"discount/BundledDiscount", kDecimal},
    {"discount/EdpDiscount", kDecimal},
    {"discount/PrivateRateDiscount", kDecimal},
    {"discount/RiVolumeDiscount", kDecimal},
    {"discount/SppDiscount", kDecimal},
    {"discount/TotalDiscount", kDecimal},
    {"identity/LineItemId"},
    {"identity/TimeInterval"},
    {"lineItem/AvailabilityZone"},
    {"lineItem/BlendedCost", kDecimal},
    {"lineItem/BlendedRate", kDecimal},
    {"lineItem/CurrencyCode"},
    {"lineItem/IamPrincipal"},
    {"lineItem/LegalEntity"},
    {"lineItem/LineItemDescription"},
    {"lineItem/LineItemType"},
    {"lineItem/NetUnblendedCost", kDecimal},
    {"lineItem/NetUnblendedRate", kDecimal},
    {"lineItem/NormalizationFactor", kDecimal},
    {"lineItem/NormalizedUsageAmount", kDecimal},
    {"lineItem/Operation"},
    {"lineItem/ProductCode"},
    {"lineItem/ResourceId"},
    {"lineItem/TaxType"},
    {"lineItem/UnblendedCost", kDecimal},
    {"lineItem/UnblendedRate", kDecimal},
    {"lineItem/UsageAccountId"},
    {"lineItem/UsageAccountName"},
    {"lineItem/UsageAmount", kDecimal},
    {"lineItem/UsageEndDate", kTimestamp},
    {"lineItem/UsageStartDate", kTimestamp},
    {"lineItem/UsageType"},
    {"lineItem/UserIdentifier"},
    {"pricing/LeaseContractLength"},
    {"pricing/OfferingClass"},
    {"pricing/PurchaseOption"},
    {"pricing/RateCode"},
    {"pricing/RateId"},
    {"pricing/currency"},
    {"pricing/publicOnDemandCost", kDecimal},
    {"pricing/publicOnDemandRate", kDecimal},
    {"pricing/term"},
    {"pricing/unit"},
    {"product", kTextMap},
    {"product/comment"},
    {"product/feeCode"},
    {"product/feeDescription"},
    {"product/fromLocation"},
    {"product/fromLocationType"},
    {"product/fromRegionCode"},
    {"product/instanceFamily"},
    {"product/instanceType"},
    {"product/instancesku"},
    {"product/location"},
    {"product/locationType"},
    {"product/operation"},
    {"product/pricingUnit"},
    {"product/productFamily"},
    {"product/regionCode"},
    {"product/servicecode"},
    {"product/sku"},
    {"product/toLocation"},
    {"product/toLocationType"},
    {"product/toRegionCode"},
    {"product/usagetype"},
    {"reservation/AmortizedUpfrontCostForUsage", kDecimal},
    {"reservation/AmortizedUpfrontFeeForBillingPeriod", kDecimal},
    {"reservation/AvailabilityZone"},
    {"reservation/EffectiveCost", kDecimal},
    {"reservation/EndTime", kAsTold},
    {"reservation/ModificationStatus"},
    {"reservation/NetAmortizedUpfrontCostForUsage", kDecimal},
    {"reservation/NetAmortizedUpfrontFeeForBillingPeriod", kDecimal},
    {"reservation/NetEffectiveCost", kDecimal},
    {"reservation/NetRecurringFeeForUsage", kDecimal},
    {"reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod", kDecimal},
    {"reservation/NetUnusedRecurringFee", kDecimal},
    {"reservation/NetUpfrontValue", kDecimal},
    {"reservation/NormalizedUnitsPerReservation", kAsTold},
    {"reservation/NumberOfReservations", kAsTold},
    {"reservation/RecurringFeeForUsage", kDecimal},
    {"reservation/ReservationARN"},
    {"reservation/StartTime", kAsTold},
    {"reservation/SubscriptionId"},
    {"reservation/TotalReservedNormalizedUnits", kAsTold},
    {"reservation/TotalReservedUnits", kAsTold},
    {"reservation/UnitsPerReservation", kAsTold},
    {"reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", kDecimal},
    {"reservation/UnusedNormalizedUnitQuantity", kDecimal},
    {"reservation/UnusedQuantity", kDecimal},
    {"reservation/UnusedRecurringFee", kDecimal},
    {"reservation/UpfrontValue", kDecimal},
    {"resource_tags", kTextMap},
    {"savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod", kDecimal},
    {"savingsPlan/EndTime", kAsTold},
    {"savingsPlan/InstanceTypeFamily"},
    {"savingsPlan/NetAmortizedUpfrontCommitmentForBillingPeriod", kDecimal},
    {"savingsPlan/NetRecurringCommitmentForBillingPeriod", kDecimal},
    {"savingsPlan/NetSavingsPlanEffectiveCost", kDecimal},
    {"savingsPlan/OfferingType"},
    {"savingsPlan/PaymentOption"},
    {"savingsPlan/PurchaseTerm"},
    {"savingsPlan/RecurringCommitmentForBillingPeriod", kDecimal},
    {"savingsPlan/Region"},
    {"savingsPlan/SavingsPlanARN"},
    {"savingsPlan/SavingsPlanEffectiveCost", kDecimal},
    {"savingsPlan/SavingsPlanRate", kDecimal},
    {"savingsPlan/StartTime", kAsTold},
    {"savingsPlan/TotalCommitmentToDate", kDecimal},
    {"savingsPlan/UsedCommitment", kDecimal},
    {"splitLineItem/ActualUsage", kDecimal},
    {"splitLineItem/NetSplitCost", kDecimal},
    {"splitLineItem/NetUnusedCost", kDecimal},
    {"splitLineItem/ParentResourceId"},
    {"splitLineItem/PublicOnDemandSplitCost", kDecimal},
    {"splitLineItem/PublicOnDemandUnusedCost", kDecimal},
    {"splitLineItem/ReservedUsage", kDecimal},
    {"splitLineItem/SplitCost", kDecimal},
    {"splitLineItem/SplitUsage", kDecimal},
    {"splitLineItem/SplitUsageRatio", kDecimal},
    {"splitLineItem/UnusedCost", kDecimal},
    {"tags", kTextMap},
};

/// Columns that customers and price lists name, and ids: whatever they hold is text. In CUR 2.0
/// these are the maps' keys picked by the export's query, under the names that Athena gave them.
bool is_free_text(std::string_view name) {
  if (name.ends_with("_id") || name.ends_with("accountid")) return true;
  constexpr std::array kBeginnings = {"resourcetags/",  "costcategory/",  "product/", "tags/",
                                      "resource_tags_", "cost_category_", "product_"};
  return std::ranges::any_of(
      kBeginnings, [&](std::string_view beginning) { return name.starts_with(beginning); });
}

}  // namespace

/// v1 writes String, OptionalString, Interval, DateTime, OptionalDateTime, BigDecimal,
/// OptionalBigDecimal, Decimal; v2 string, timestamp, double, map<string,string>, struct, …
ColumnType type_as_told(std::string_view told_type) {
  std::string type = ascii_lower(told_type);
  std::erase_if(type, [](char c) { return c == ' ' || c == '\t'; });
  if (type.starts_with("optional")) type.erase(0, 8);
  const std::string kind = type.substr(0, type.find_first_of("<("));
  if (kind == "bigdecimal" || kind == "decimal" || kind == "double" || kind == "float" ||
      kind == "numeric") {
    return kDecimal;
  }
  if (kind == "datetime" || kind == "timestamp" || kind == "timestamptz") return kTimestamp;
  if (kind != "map") return kText;
  const std::size_t comma = type.find(',');
  if (comma == type.npos || !type.ends_with('>')) return kTextMap;
  const std::string value = type.substr(comma + 1, type.size() - comma - 2);
  return type_as_told(value) == kDecimal ? kDecimalMap : kTextMap;
}

namespace {

class AwsColumnDictionary final : public ColumnDictionary {
 public:
  AwsColumnDictionary() {
    for (const Entry& entry : kEntries) {
      const Known known{normalized_name(entry.name), entry.type};
      known_[ascii_lower(entry.name)] = known;
      known_[known.column] = known;
    }
  }

  std::optional<std::string> column_of(std::string_view exact_name) const override {
    const auto known = known_.find(ascii_lower(exact_name));
    if (known == known_.end()) return std::nullopt;
    return known->second.column;
  }

  std::string plain_name_of(std::string_view exact_name) const override {
    return normalized_name(exact_name);
  }
  std::string currency_column() const override { return "line_item_currency_code"; }
  std::string cost_column() const override { return "line_item_unblended_cost"; }
  std::string period_column() const override { return "bill_billing_period_start_date"; }
  std::string default_table() const override { return "aws_billing_data"; }

  ColumnType type_of(std::string_view exact_name, std::string_view told_type) const override {
    const std::string name = ascii_lower(exact_name);
    const auto known = known_.find(name);
    if (known != known_.end() && known->second.type) return *known->second.type;
    if (known == known_.end() && is_free_text(name)) return kText;
    return type_as_told(told_type);
  }

 private:
  struct Known {
    std::string column;
    std::optional<ColumnType> type;
  };
  std::map<std::string, Known> known_;  // by either form without case
};

}  // namespace

const ColumnDictionary& aws_column_dictionary() {
  static const AwsColumnDictionary dictionary;
  return dictionary;
}

}  // namespace finops
