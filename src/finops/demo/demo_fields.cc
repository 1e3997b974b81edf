#include "finops/demo/demo_fields.h"

#include <array>

namespace finops {
namespace {

using enum DemoField;
using enum DemoKind;
using enum DemoPresence;

// clang-format off: one field, one line
constexpr auto kFields = std::to_array<DemoFieldInfo>({
    {kLineItemId, "identity/LineItemId", "identity_line_item_id"},
    {kTimeInterval, "identity/TimeInterval", "identity_time_interval"},
    {kInvoiceId, "bill/InvoiceId", "bill_invoice_id"},
    {kInvoicingEntity, "bill/InvoicingEntity", "bill_invoicing_entity"},
    {kBillingEntity, "bill/BillingEntity", "bill_billing_entity"},
    {kBillType, "bill/BillType", "bill_bill_type"},
    {kPayerAccountId, "bill/PayerAccountId", "bill_payer_account_id"},
    {kPayerAccountName, "", "bill_payer_account_name"},
    {kPeriodStart, "bill/BillingPeriodStartDate", "bill_billing_period_start_date", kTime},
    {kPeriodEnd, "bill/BillingPeriodEndDate", "bill_billing_period_end_date", kTime},
    {kUsageAccountId, "lineItem/UsageAccountId", "line_item_usage_account_id"},
    {kUsageAccountName, "", "line_item_usage_account_name"},
    {kLineItemType, "lineItem/LineItemType", "line_item_line_item_type"},
    {kUsageStart, "lineItem/UsageStartDate", "line_item_usage_start_date", kTime},
    {kUsageEnd, "lineItem/UsageEndDate", "line_item_usage_end_date", kTime},
    {kProductCode, "lineItem/ProductCode", "line_item_product_code"},
    {kUsageType, "lineItem/UsageType", "line_item_usage_type"},
    {kOperation, "lineItem/Operation", "line_item_operation"},
    {kAvailabilityZone, "lineItem/AvailabilityZone", "line_item_availability_zone"},
    {kResourceId, "lineItem/ResourceId", "line_item_resource_id"},
    {kCurrency, "lineItem/CurrencyCode", "line_item_currency_code"},
    {kDescription, "lineItem/LineItemDescription", "line_item_line_item_description"},
    {kTaxType, "lineItem/TaxType", "line_item_tax_type"},
    {kLegalEntity, "lineItem/LegalEntity", "line_item_legal_entity"},
    {kProductName, "product/ProductName", "", kText, kAlways, DemoMap::kProduct, "product_name"},
    {kInstanceFamily, "product/instanceFamily", "product_instance_family"},
    {kInstanceType, "product/instanceType", "product_instance_type"},
    {kLocation, "product/location", "product_location"},
    {kLocationType, "product/locationType", "product_location_type"},
    {kMemory, "product/memory", "", kText, kAlways, DemoMap::kProduct, "memory"},
    {kOperatingSystem, "product/operatingSystem", "", kText, kAlways, DemoMap::kProduct, "operating_system"},
    {kProductOperation, "product/operation", "product_operation"},
    {kProductFamily, "product/productFamily", "product_product_family"},
    {kRegion, "product/region", "", kText, kAlways, DemoMap::kProduct, "region"},
    {kRegionCode, "product/regionCode", "product_region_code"},
    {kServiceCode, "product/servicecode", "product_servicecode"},
    {kSku, "product/sku", "product_sku"},
    {kTenancy, "product/tenancy", "", kText, kAlways, DemoMap::kProduct, "tenancy"},
    {kProductUsageType, "product/usagetype", "product_usagetype"},
    {kVcpu, "product/vcpu", "", kText, kAlways, DemoMap::kProduct, "vcpu"},
    {kLeaseContractLength, "pricing/LeaseContractLength", "pricing_lease_contract_length"},
    {kOfferingClass, "pricing/OfferingClass", "pricing_offering_class"},
    {kPurchaseOption, "pricing/PurchaseOption", "pricing_purchase_option"},
    {kRateCode, "pricing/RateCode", "pricing_rate_code"},
    {kRateId, "pricing/RateId", "pricing_rate_id"},
    {kPricingCurrency, "pricing/currency", "pricing_currency"},
    {kTerm, "pricing/term", "pricing_term"},
    {kUnit, "pricing/unit", "pricing_unit"},
    {kReservationArn, "reservation/ReservationARN", "reservation_reservation_a_r_n"},
    {kReservationZone, "reservation/AvailabilityZone", "reservation_availability_zone"},
    {kReservationStart, "reservation/StartTime", "reservation_start_time"},
    {kReservationEnd, "reservation/EndTime", "reservation_end_time"},
    {kModificationStatus, "reservation/ModificationStatus", "reservation_modification_status"},
    {kNumberOfReservations, "reservation/NumberOfReservations", "reservation_number_of_reservations"},
    {kSubscriptionId, "reservation/SubscriptionId", "reservation_subscription_id"},
    {kTotalReservedUnits, "reservation/TotalReservedUnits", "reservation_total_reserved_units"},
    {kUnitsPerReservation, "reservation/UnitsPerReservation", "reservation_units_per_reservation"},
    {kSavingsPlanArn, "savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n"},
    {kSavingsPlanStart, "savingsPlan/StartTime", "savings_plan_start_time"},
    {kSavingsPlanEnd, "savingsPlan/EndTime", "savings_plan_end_time"},
    {kInstanceTypeFamily, "savingsPlan/InstanceTypeFamily", "savings_plan_instance_type_family"},
    {kOfferingType, "savingsPlan/OfferingType", "savings_plan_offering_type"},
    {kPaymentOption, "savingsPlan/PaymentOption", "savings_plan_payment_option"},
    {kPurchaseTerm, "savingsPlan/PurchaseTerm", "savings_plan_purchase_term"},
    {kSavingsPlanRegion, "savingsPlan/Region", "savings_plan_region"},
    {kParentResourceId, "splitLineItem/ParentResourceId", "split_line_item_parent_resource_id", kText, kSplit},
    {kTagCreatedBy, "resourceTags/aws:createdBy", "", kText, kAlways, DemoMap::kResourceTags, "aws_created_by"},
    {kTagName, "resourceTags/user:Name", "", kText, kAlways, DemoMap::kResourceTags, "user_name"},
    {kTagLowerName, "resourceTags/user:name", "", kText, kAlways, DemoMap::kResourceTags, "user_name"},
    {kTagProject, "resourceTags/user:Project", "", kText, kAlways, DemoMap::kResourceTags, "user_project"},
    {kTagCostCentre, "resourceTags/user:cost-centre", "", kText, kAlways, DemoMap::kResourceTags, "user_cost_centre"},
    {kTagUnicode, "resourceTags/user:Größe プロジェクト", "", kText, kAlways, DemoMap::kResourceTags, "user_größe_プロジェクト"},
    {kTagLegacy, "resourceTags/user:legacy", "", kText, kVanishing, DemoMap::kResourceTags, "user_legacy"},
    {kTagRecent, "resourceTags/user:Owner", "", kText, kAppearing, DemoMap::kResourceTags, "user_owner"},
    {kTagExperiment, "resourceTags/user:experiment", "", kText, kOddFiles, DemoMap::kResourceTags, "user_experiment"},
    {kCategoryTeam, "costCategory/Team", "", kText, kAlways, DemoMap::kCostCategory, "Team"},
    {kCategoryEnvironment, "costCategory/Environment", "", kText, kAlways, DemoMap::kCostCategory, "Environment"},
    {kUsageAmount, "lineItem/UsageAmount", "line_item_usage_amount", kNumber},
    {kNormalizationFactor, "lineItem/NormalizationFactor", "line_item_normalization_factor", kNumber},
    {kNormalizedUsageAmount, "lineItem/NormalizedUsageAmount", "line_item_normalized_usage_amount", kNumber},
    {kUnblendedRate, "lineItem/UnblendedRate", "line_item_unblended_rate", kNumber},
    {kUnblendedCost, "lineItem/UnblendedCost", "line_item_unblended_cost", kNumber},
    {kBlendedRate, "lineItem/BlendedRate", "line_item_blended_rate", kNumber},
    {kBlendedCost, "lineItem/BlendedCost", "line_item_blended_cost", kNumber},
    {kNetUnblendedRate, "lineItem/NetUnblendedRate", "line_item_net_unblended_rate", kNumber, kNet},
    {kNetUnblendedCost, "lineItem/NetUnblendedCost", "line_item_net_unblended_cost", kNumber, kNet},
    {kPublicOnDemandCost, "pricing/publicOnDemandCost", "pricing_public_on_demand_cost", kNumber},
    {kPublicOnDemandRate, "pricing/publicOnDemandRate", "pricing_public_on_demand_rate", kNumber},
    {kRiUpfrontForUsage, "reservation/AmortizedUpfrontCostForUsage", "reservation_amortized_upfront_cost_for_usage", kNumber},
    {kRiUpfrontForPeriod, "reservation/AmortizedUpfrontFeeForBillingPeriod", "reservation_amortized_upfront_fee_for_billing_period", kNumber},
    {kRiEffectiveCost, "reservation/EffectiveCost", "reservation_effective_cost", kNumber},
    {kRiRecurringForUsage, "reservation/RecurringFeeForUsage", "reservation_recurring_fee_for_usage", kNumber},
    {kRiUnusedUpfront, "reservation/UnusedAmortizedUpfrontFeeForBillingPeriod", "reservation_unused_amortized_upfront_fee_for_billing_period", kNumber},
    {kRiUnusedNormalizedUnits, "reservation/UnusedNormalizedUnitQuantity", "reservation_unused_normalized_unit_quantity", kNumber},
    {kRiUnusedQuantity, "reservation/UnusedQuantity", "reservation_unused_quantity", kNumber},
    {kRiUnusedRecurring, "reservation/UnusedRecurringFee", "reservation_unused_recurring_fee", kNumber},
    {kRiUpfrontValue, "reservation/UpfrontValue", "reservation_upfront_value", kNumber},
    {kNetRiUpfrontForUsage, "reservation/NetAmortizedUpfrontCostForUsage", "reservation_net_amortized_upfront_cost_for_usage", kNumber, kNet},
    {kNetRiUpfrontForPeriod, "reservation/NetAmortizedUpfrontFeeForBillingPeriod", "reservation_net_amortized_upfront_fee_for_billing_period", kNumber, kNet},
    {kNetRiEffectiveCost, "reservation/NetEffectiveCost", "reservation_net_effective_cost", kNumber, kNet},
    {kNetRiRecurringForUsage, "reservation/NetRecurringFeeForUsage", "reservation_net_recurring_fee_for_usage", kNumber, kNet},
    {kNetRiUnusedUpfront, "reservation/NetUnusedAmortizedUpfrontFeeForBillingPeriod", "reservation_net_unused_amortized_upfront_fee_for_billing_period", kNumber, kNet},
    {kNetRiUnusedRecurring, "reservation/NetUnusedRecurringFee", "reservation_net_unused_recurring_fee", kNumber, kNet},
    {kNetRiUpfrontValue, "reservation/NetUpfrontValue", "reservation_net_upfront_value", kNumber, kNet},
    {kSpUpfrontForPeriod, "savingsPlan/AmortizedUpfrontCommitmentForBillingPeriod", "savings_plan_amortized_upfront_commitment_for_billing_period", kNumber},
    {kSpRecurringForPeriod, "savingsPlan/RecurringCommitmentForBillingPeriod", "savings_plan_recurring_commitment_for_billing_period", kNumber},
    {kSpEffectiveCost, "savingsPlan/SavingsPlanEffectiveCost", "savings_plan_savings_plan_effective_cost", kNumber},
    {kSpRate, "savingsPlan/SavingsPlanRate", "savings_plan_savings_plan_rate", kNumber},
    {kSpTotalCommitment, "savingsPlan/TotalCommitmentToDate", "savings_plan_total_commitment_to_date", kNumber},
    {kSpUsedCommitment, "savingsPlan/UsedCommitment", "savings_plan_used_commitment", kNumber},
    {kNetSpUpfrontForPeriod, "savingsPlan/NetAmortizedUpfrontCommitmentForBillingPeriod", "savings_plan_net_amortized_upfront_commitment_for_billing_period", kNumber, kNet},
    {kNetSpRecurringForPeriod, "savingsPlan/NetRecurringCommitmentForBillingPeriod", "savings_plan_net_recurring_commitment_for_billing_period", kNumber, kNet},
    {kNetSpEffectiveCost, "savingsPlan/NetSavingsPlanEffectiveCost", "savings_plan_net_savings_plan_effective_cost", kNumber, kNet},
    {kTotalDiscount, "discount/TotalDiscount", "discount_total_discount", kNumber, DemoPresence::kDiscount},
    {kBundledDiscount, "discount/BundledDiscount", "discount_bundled_discount", kNumber, DemoPresence::kDiscount},
    {kEdpDiscount, "discount/EdpDiscount", "", kNumber, DemoPresence::kDiscount, DemoMap::kDiscount, "edp_discount"},
    {kSplitActualUsage, "splitLineItem/ActualUsage", "split_line_item_actual_usage", kNumber, kSplit},
    {kSplitReservedUsage, "splitLineItem/ReservedUsage", "split_line_item_reserved_usage", kNumber, kSplit},
    {kSplitCost, "splitLineItem/SplitCost", "split_line_item_split_cost", kNumber, kSplit},
    {kSplitUsage, "splitLineItem/SplitUsage", "split_line_item_split_usage", kNumber, kSplit},
    {kSplitUsageRatio, "splitLineItem/SplitUsageRatio", "split_line_item_split_usage_ratio", kNumber, kSplit},
    {kSplitUnusedCost, "splitLineItem/UnusedCost", "split_line_item_unused_cost", kNumber, kSplit},
    {kSplitPublicCost, "splitLineItem/PublicOnDemandSplitCost", "split_line_item_public_on_demand_split_cost", kNumber, kSplit},
    {kSplitPublicUnusedCost, "splitLineItem/PublicOnDemandUnusedCost", "split_line_item_public_on_demand_unused_cost", kNumber, kSplit},
    {kNetSplitCost, "splitLineItem/NetSplitCost", "split_line_item_net_split_cost", kNumber, kNetSplit},
    {kNetSplitUnusedCost, "splitLineItem/NetUnusedCost", "split_line_item_net_unused_cost", kNumber, kNetSplit},
});
// clang-format on

constexpr bool are_in_order() {
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const bool is_number = i >= kDemoFirstNumber;
    if (kFields[i].field != static_cast<DemoField>(i)) return false;
    if ((kFields[i].kind == kNumber) != is_number) return false;
  }
  return kFields.size() == kDemoFieldCount;
}
static_assert(are_in_order());

}  // namespace

std::span<const DemoFieldInfo> demo_fields() { return kFields; }

std::string_view demo_lake_name(DemoField field) {
  if (field == kEdpDiscount) return "discount_edp_discount";  // in v2 an entry of the map only
  return kFields[static_cast<std::size_t>(field)].v2;
}

}  // namespace finops
