#include <array>
#include <map>

#include "finops/core/ascii_case.h"
#include "finops/sources/aws_cur/column_dictionary.h"

namespace finops {
namespace {

using enum ColumnType;

struct Entry {
  std::string_view name;
  ColumnType type = kText;
};

// Those whose type is not text, and those that everything depends on.
constexpr Entry kEntries[] = {
    {"BilledCost", kDecimal},
    {"BillingAccountId"},
    {"BillingCurrency"},
    {"BillingPeriodEnd", kTimestamp},
    {"BillingPeriodStart", kTimestamp},
    {"CapacityReservationId"},
    {"ChargePeriodEnd", kTimestamp},
    {"ChargePeriodStart", kTimestamp},
    {"CommitmentDiscountId"},
    {"CommitmentDiscountQuantity", kDecimal},
    {"ConsumedQuantity", kDecimal},
    {"ContractedCost", kDecimal},
    {"ContractedUnitPrice", kDecimal},
    {"EffectiveCost", kDecimal},
    {"InvoiceId"},
    {"ListCost", kDecimal},
    {"ListUnitPrice", kDecimal},
    {"PricingCurrencyContractedUnitPrice", kDecimal},
    {"PricingCurrencyEffectiveCost", kDecimal},
    {"PricingCurrencyListUnitPrice", kDecimal},
    {"PricingQuantity", kDecimal},
    {"ResourceId"},
    {"SkuPriceDetails", kTextMap},
    {"SubAccountId"},
    {"Tags", kTextMap},
    {"x_CostCategories", kTextMap},
    {"x_Discounts", kDecimalMap},
};

class FocusDictionary final : public ColumnDictionary {
 public:
  FocusDictionary() {
    for (const Entry& entry : kEntries) known_[ascii_lower(entry.name)] = entry;
  }

  std::optional<std::string> column_of(std::string_view exact_name) const override {
    const auto known = known_.find(ascii_lower(exact_name));
    if (known == known_.end()) return std::nullopt;
    return std::string(known->second.name);
  }
  ColumnType type_of(std::string_view exact_name, std::string_view told_type) const override {
    const auto known = known_.find(ascii_lower(exact_name));
    return known == known_.end() ? type_as_told(told_type) : known->second.type;
  }
  std::string plain_name_of(std::string_view exact_name) const override {
    std::string name(exact_name);
    for (char& c : name) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '.') c = '_';
    }
    return name;
  }
  std::string currency_column() const override { return "BillingCurrency"; }
  std::string cost_column() const override { return "BilledCost"; }
  std::string period_column() const override { return "BillingPeriodStart"; }
  std::string default_table() const override { return "focus_aws"; }

 private:
  std::map<std::string, Entry> known_;  // without case
};

}  // namespace

const ColumnDictionary& focus_column_dictionary() {
  static const FocusDictionary dictionary;
  return dictionary;
}

}  // namespace finops
