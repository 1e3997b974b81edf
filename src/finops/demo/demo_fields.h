#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace finops {

/// Everything that a line item of the generator can say. Texts first, then numbers.
// clang-format off: grouped as AWS groups its columns
enum class DemoField : std::uint8_t {
  kLineItemId, kTimeInterval,
  kInvoiceId, kInvoicingEntity, kBillingEntity, kBillType, kPayerAccountId, kPayerAccountName,
  kPeriodStart, kPeriodEnd,
  kUsageAccountId, kUsageAccountName, kLineItemType, kUsageStart, kUsageEnd, kProductCode,
  kUsageType, kOperation, kAvailabilityZone, kResourceId, kCurrency, kDescription, kTaxType,
  kLegalEntity,
  kProductName, kInstanceFamily, kInstanceType, kLocation, kLocationType, kMemory,
  kOperatingSystem, kProductOperation, kProductFamily, kRegion, kRegionCode, kServiceCode, kSku,
  kTenancy, kProductUsageType, kVcpu,
  kLeaseContractLength, kOfferingClass, kPurchaseOption, kRateCode, kRateId, kPricingCurrency,
  kTerm, kUnit,
  kReservationArn, kReservationZone, kReservationStart, kReservationEnd, kModificationStatus,
  kNumberOfReservations, kSubscriptionId, kTotalReservedUnits, kUnitsPerReservation,
  kSavingsPlanArn, kSavingsPlanStart, kSavingsPlanEnd, kInstanceTypeFamily, kOfferingType,
  kPaymentOption, kPurchaseTerm, kSavingsPlanRegion,
  kParentResourceId,
  kTagCreatedBy, kTagName, kTagLowerName, kTagProject, kTagCostCentre, kTagUnicode, kTagLegacy,
  kTagRecent, kTagExperiment,
  kCategoryTeam, kCategoryEnvironment,

  kUsageAmount, kNormalizationFactor, kNormalizedUsageAmount, kUnblendedRate, kUnblendedCost,
  kBlendedRate, kBlendedCost, kNetUnblendedRate, kNetUnblendedCost, kPublicOnDemandCost,
  kPublicOnDemandRate,
  kRiUpfrontForUsage, kRiUpfrontForPeriod, kRiEffectiveCost, kRiRecurringForUsage,
  kRiUnusedUpfront, kRiUnusedNormalizedUnits, kRiUnusedQuantity, kRiUnusedRecurring,
  kRiUpfrontValue,
  kNetRiUpfrontForUsage, kNetRiUpfrontForPeriod, kNetRiEffectiveCost, kNetRiRecurringForUsage,
  kNetRiUnusedUpfront, kNetRiUnusedRecurring, kNetRiUpfrontValue,
  kSpUpfrontForPeriod, kSpRecurringForPeriod, kSpEffectiveCost, kSpRate, kSpTotalCommitment,
  kSpUsedCommitment,
  kNetSpUpfrontForPeriod, kNetSpRecurringForPeriod, kNetSpEffectiveCost,
  kTotalDiscount, kBundledDiscount, kEdpDiscount,
  kSplitActualUsage, kSplitReservedUsage, kSplitCost, kSplitUsage, kSplitUsageRatio,
  kSplitUnusedCost, kSplitPublicCost, kSplitPublicUnusedCost, kNetSplitCost, kNetSplitUnusedCost,
  kCount,
};
// clang-format on

inline constexpr std::size_t kDemoFieldCount = static_cast<std::size_t>(DemoField::kCount);
inline constexpr std::size_t kDemoFirstNumber = static_cast<std::size_t>(DemoField::kUsageAmount);
inline constexpr std::size_t kDemoNumberCount = kDemoFieldCount - kDemoFirstNumber;

enum class DemoKind : std::uint8_t { kText, kTime, kNumber };

/// In which deliveries a field has a column of its own, or an entry in a map.
enum class DemoPresence : std::uint8_t {
  kAlways,
  kNet,        // payers with net columns
  kDiscount,   // not in a month whose discounts are line items of their own
  kSplit,      // v2, and v1 from the second month on
  kNetSplit,   // both of it
  kVanishing,  // not in the last month, if there are several
  kAppearing,  // not in the first month, if there are several
  kOddFiles,   // files 1, 3, ... of a delivery only
};

/// v2's columns of JSON text.
enum class DemoMap : std::uint8_t { kNone, kProduct, kResourceTags, kCostCategory, kDiscount };

struct DemoFieldInfo {
  DemoField field;
  std::string_view v1;  // header name; empty: v1 has no such column
  std::string_view v2;  // header name; empty: no column of its own in v2
  DemoKind kind = DemoKind::kText;
  DemoPresence presence = DemoPresence::kAlways;
  DemoMap map = DemoMap::kNone;  // v2's map that has it, under `key`
  std::string_view key = "";
};

/// In the order of DemoField.
std::span<const DemoFieldInfo> demo_fields();

/// The column of the lake, the same for v1 and v2; for number fields.
std::string_view demo_lake_name(DemoField field);

}  // namespace finops
