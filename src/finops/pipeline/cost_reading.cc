#include "finops/pipeline/cost_reading.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "finops/core/sha256.h"
#include "finops/tabular/parquet_groups.h"

namespace finops {
namespace {

/// In the order of kAmountColumns. From kNetUnblended on they stand for gross ones.
enum Amount : std::size_t {
  kUnblended,
  kPlanEffective,
  kPlanTotal,
  kPlanUsed,
  kPlanUpfront,
  kPlanRecurring,
  kReservedEffective,
  kReservedUpfront,
  kUnusedUpfront,
  kUnusedRecurring,
  kNetUnblended,
  kNetPlanEffective,
  kNetPlanUpfront,
  kNetPlanRecurring,
  kNetReservedEffective,
  kNetUnusedUpfront,
  kNetUnusedRecurring,
  kAmountCount,
};

constexpr std::array<std::string_view, kAmountCount> kAmountColumns = {
    "line_item_unblended_cost",
    "savings_plan_savings_plan_effective_cost",
    "savings_plan_total_commitment_to_date",
    "savings_plan_used_commitment",
    "savings_plan_amortized_upfront_commitment_for_billing_period",
    "savings_plan_recurring_commitment_for_billing_period",
    "reservation_effective_cost",
    "reservation_amortized_upfront_fee_for_billing_period",
    "reservation_unused_amortized_upfront_fee_for_billing_period",
    "reservation_unused_recurring_fee",
    "line_item_net_unblended_cost",
    "savings_plan_net_savings_plan_effective_cost",
    "savings_plan_net_amortized_upfront_commitment_for_billing_period",
    "savings_plan_net_recurring_commitment_for_billing_period",
    "reservation_net_effective_cost",
    "reservation_net_unused_amortized_upfront_fee_for_billing_period",
    "reservation_net_unused_recurring_fee",
};

constexpr std::array<Amount, kAmountCount - kNetUnblended> kGrossOfNet = {
    kUnblended,         kPlanEffective, kPlanUpfront,     kPlanRecurring,
    kReservedEffective, kUnusedUpfront, kUnusedRecurring,
};

/// The keys of a group of rows.
enum Key : std::size_t {
  kPayer,
  kCurrency,
  kOperation,  // "split" or ""
  kType,       // "" of types without a rule of their own
  kService,    // of refunds
  kReservation,
  kPlan,
  kDescription,  // "refund" or ""
};
using Keys = std::span<const std::string>;

constexpr std::string_view kSplit = "split";
constexpr std::string_view kRefundOfUpfront = "refund";

constexpr std::string_view kCoveredUsage = "SavingsPlanCoveredUsage";
constexpr std::string_view kRecurringFee = "SavingsPlanRecurringFee";
constexpr std::string_view kNegation = "SavingsPlanNegation";
constexpr std::string_view kUpfrontFee = "SavingsPlanUpfrontFee";
constexpr std::string_view kDiscountedUsage = "DiscountedUsage";
constexpr std::string_view kReservationFee = "RIFee";
constexpr std::string_view kFee = "Fee";
constexpr std::string_view kRefund = "Refund";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> texts) {
  return std::ranges::find(texts, text) != texts.end();
}

std::string key_of_type(std::string_view type) {
  const bool has_rule = is_one_of(type, {kCoveredUsage, kRecurringFee, kNegation, kUpfrontFee,
                                         kDiscountedUsage, kReservationFee, kFee, kRefund});
  return has_rule ? std::string(type) : std::string();
}

std::string key_of_operation(std::string_view operation) {
  return is_one_of(operation, {"EKSPod-EC2", "ECSTask-EC2"}) ? std::string(kSplit) : std::string();
}

std::string key_of_description(std::string_view description) {
  const bool is_upfront = description.starts_with("Refund for one-time fee for Savings Plan ID");
  return is_upfront ? std::string(kRefundOfUpfront) : std::string();
}

bool is_split(Keys keys) { return keys[kOperation] == kSplit; }

GroupQuery query_of_costs() {
  GroupQuery query;
  query.keys = {
      {"bill_payer_account_id", {}, {}},
      {"line_item_currency_code", {}, {}},
      {"line_item_operation", key_of_operation, {}},
      {"line_item_line_item_type", key_of_type, [](Keys keys) { return !is_split(keys); }},
      {"line_item_product_code", {}, [](Keys keys) { return keys[kType] == kRefund; }},
      {"reservation_reservation_a_r_n",
       {},
       [](Keys keys) { return is_one_of(keys[kType], {kFee, kDiscountedUsage, kReservationFee}); }},
      {"savings_plan_savings_plan_a_r_n",
       {},
       [](Keys keys) { return is_one_of(keys[kType], {kCoveredUsage, kRecurringFee, kNegation}); }},
      {"line_item_line_item_description", key_of_description,
       [](Keys keys) { return keys[kService] == "ComputeSavingsPlans"; }},
  };
  for (const auto name : kAmountColumns) query.decimals.emplace_back(name);
  return query;
}

/// By currency and service; beside the costs' groups, since services times commitments are many.
GroupQuery query_of_services() {
  GroupQuery query;
  query.keys = {
      {"line_item_currency_code", {}, {}},
      {"line_item_operation", key_of_operation, {}},
      {"line_item_product_code", {}, [](Keys keys) { return keys[1].empty(); }},
  };
  query.decimals.emplace_back(kAmountColumns[kUnblended]);
  return query;
}

/// Amounts of some rows, a net one that was not delivered being the gross one.
class Amounts {
 public:
  Amounts(const std::vector<ExactSum>& sums, const std::vector<bool>& is_delivered)
      : sums_(sums), is_delivered_(is_delivered) {}

  const ExactSum& operator[](std::size_t amount) const {
    const bool is_replaced = amount >= kNetUnblended && !is_delivered_[amount];
    return sums_[is_replaced ? kGrossOfNet[amount - kNetUnblended] : amount];
  }
  /// The sum of some amounts, less the sum of others.
  ExactSum total(std::initializer_list<Amount> plus, std::initializer_list<Amount> minus) const {
    ExactSum total;
    for (const Amount amount : plus) total.add((*this)[amount]);
    for (const Amount amount : minus) total.subtract((*this)[amount]);
    return total;
  }

 private:
  const std::vector<ExactSum>& sums_;
  const std::vector<bool>& is_delivered_;
};

void add_costs(Keys keys, const GroupTotals& group, const Amounts& amounts, PayerCosts& costs) {
  const std::string& type = keys[kType];
  costs.lines += group.rows;
  costs.unblended.add(amounts[kUnblended]);
  costs.net_unblended.add(amounts[kNetUnblended]);
  if (type == kCoveredUsage) {
    costs.amortized.add(amounts[kPlanEffective]);
    costs.net_amortized.add(amounts[kNetPlanEffective]);
  } else if (type == kRecurringFee) {
    costs.amortized.add(amounts.total({kPlanTotal}, {kPlanUsed}));
    costs.net_amortized.add(group.derived);
    costs.true_up.subtract(amounts[kPlanUpfront]);
  } else if (type == kDiscountedUsage) {
    costs.amortized.add(amounts[kReservedEffective]);
    costs.net_amortized.add(amounts[kNetReservedEffective]);
  } else if (type == kReservationFee) {
    costs.amortized.add(amounts.total({kUnusedUpfront, kUnusedRecurring}, {}));
    costs.net_amortized.add(amounts.total({kNetUnusedUpfront, kNetUnusedRecurring}, {}));
    costs.true_up.subtract(amounts[kReservedUpfront]);
  } else if (type == kUpfrontFee || (type == kFee && !keys[kReservation].empty())) {
    costs.upfront_fees.add(amounts[kUnblended]);
  } else if (type != kNegation && keys[kDescription] != kRefundOfUpfront) {
    costs.amortized.add(amounts[kUnblended]);
    costs.net_amortized.add(amounts[kNetUnblended]);
  }
}

/// A part of what a group of rows adds to the residual. All parts that are to balance each other,
/// those of one plan or reservation, have the same reason.
struct ResidualPart {
  ResidualReason reason;
  ExactSum amount;
  std::vector<Amount> needs;
};

std::vector<ResidualPart> residual_parts(Keys keys, const Amounts& amounts) {
  using enum ResidualReason;
  const std::string& type = keys[kType];
  if (type == kCoveredUsage) {
    return {{kNegationDiffers, amounts[kUnblended], {}},
            {kUsedPartDiffers, amounts.total({}, {kPlanEffective}), {kPlanEffective, kPlanUsed}}};
  }
  if (type == kNegation) return {{kNegationDiffers, amounts[kUnblended], {}}};
  if (type == kRecurringFee) {
    return {{kUsedPartDiffers, amounts[kPlanUsed], {kPlanEffective, kPlanUsed}},
            {kCommitmentDiffers,
             amounts.total({kUnblended, kPlanUpfront}, {kPlanTotal}),
             {kPlanUpfront, kPlanTotal}}};
  }
  const std::vector<Amount> of_reservations = {kReservedEffective, kReservedUpfront, kUnusedUpfront,
                                               kUnusedRecurring};
  if (type == kDiscountedUsage) {
    return {
        {kReservationDiffers, amounts.total({kUnblended}, {kReservedEffective}), of_reservations}};
  }
  if (type == kReservationFee) {
    return {{kReservationDiffers,
             amounts.total({kUnblended, kReservedUpfront}, {kUnusedUpfront, kUnusedRecurring}),
             of_reservations}};
  }
  if (keys[kDescription] == kRefundOfUpfront) {
    return {{kUpfrontRefunded, amounts[kUnblended], {}}};
  }
  return {};
}

/// Which line items a residual comes from: plans and reservations that balance are none.
class ResidualSearch {
 public:
  explicit ResidualSearch(const std::vector<bool>& is_delivered) : is_delivered_(is_delivered) {}

  void add(Keys keys, const GroupTotals& group, const Amounts& amounts) {
    for (ResidualPart& part : residual_parts(keys, amounts)) {
      for (const Amount needed : part.needs) {
        if (is_delivered_[needed]) continue;
        missing_.insert(std::string(kAmountColumns[needed]));
        part.reason = ResidualReason::kMissingColumns;
      }
      const auto place =
          std::tuple(keys[kPayer], keys[kCurrency], part.reason, keys[kReservation] + keys[kPlan]);
      Balance& balance = balances_[place];
      balance.total.add(part.amount);
      balance.parts.push_back({keys[kType], part.amount, &group});
    }
  }

  using Place = std::tuple<std::string, std::string, ResidualReason, std::string>;
  struct Part {
    std::string line_item_type;
    ExactSum amount;
    const GroupTotals* group;
  };
  /// By payer, currency, reason and type: what does not balance.
  struct Found {
    ResidualCause cause;
    std::vector<RowPlace> first;
  };
  using FoundCauses =
      std::map<std::tuple<std::string, std::string, std::string, ResidualReason>, Found>;

  FoundCauses causes() const {
    FoundCauses found;
    for (const auto& [place, balance] : balances_) {
      if (balance.total.is_zero()) continue;
      const auto& [payer, currency, reason, commitment] = place;
      for (const Part& part : balance.parts) {
        Found& one = found[{payer, currency, part.line_item_type, reason}];
        one.cause.line_item_type = part.line_item_type;
        one.cause.reason = reason;
        one.cause.lines += part.group->rows;
        one.cause.amount.add(part.amount);
        one.first.insert(one.first.end(), part.group->first.begin(), part.group->first.end());
      }
    }
    for (auto& [key, one] : found) {
      std::ranges::sort(one.first);
      if (one.first.size() > GroupTotals::kFirstRows) one.first.resize(GroupTotals::kFirstRows);
    }
    return found;
  }

  const std::set<std::string>& missing() const { return missing_; }

 private:
  struct Balance {
    ExactSum total;
    std::vector<Part> parts;
  };
  const std::vector<bool>& is_delivered_;
  std::map<Place, Balance> balances_;
  std::set<std::string> missing_;
};

/// By currency and service.
using ServiceCosts = std::map<std::pair<std::string, std::string>, ExactSum>;

ServiceCosts service_costs(const GroupsByKeys& groups) {
  ServiceCosts costs;
  for (const auto& [keys, group] : groups) {
    if (keys[1] != kSplit) costs[{keys[0], keys[2]}].add(group.sums[0]);
  }
  return costs;
}

std::string service_totals(const ServiceCosts& totals) {
  std::string text;
  for (const auto& [key, total] : totals) {
    if (total.is_zero()) continue;
    text += key.first + '\0' + key.second + '\0' + total.to_string() + '\n';
  }
  return text.empty() ? "" : sha256_of(text);
}

const Column* find(const std::vector<Column>& columns, std::string_view name, ColumnType type) {
  const auto it = std::ranges::find(columns, name, &Column::name);
  return it == columns.end() || it->type != type ? nullptr : &*it;
}

GroupsByKeys read_groups(const std::vector<std::shared_ptr<const RandomAccessBytes>>& files,
                         const std::vector<Column>& columns, const GroupQuery& query,
                         unsigned threads) {
  GroupsByKeys groups;
  for (std::size_t i = 0; i < files.size(); ++i) {
    add_parquet_groups(files[i], i, columns, query, threads, groups);
  }
  return groups;
}

/// Looks up where the first lines of each cause were delivered.
void name_lines(const std::vector<std::shared_ptr<const RandomAccessBytes>>& files,
                const std::vector<Column>& columns, ResidualSearch::Found& found) {
  const Column* file = find(columns, "source_file", ColumnType::kText);
  const Column* line = find(columns, "source_line", ColumnType::kLong);
  if (file == nullptr || line == nullptr) return;
  for (const RowPlace& place : found.first) {
    const auto cells = read_text_and_number(files[place.file], {&place, 1}, *file, *line);
    found.cause.first.push_back({cells[0].text, cells[0].number});
  }
  std::ranges::sort(found.cause.first, {},
                    [](const FileLine& at) { return std::pair(at.file, at.line); });
}

}  // namespace

Int128 discounted_unused(Int128 unused, Int128 commitment, Int128 net_commitment) {
  constexpr Int128 kBillionth = 1'000'000'000;
  const Int128 limit = power_of_10(kDecimalScale + 11);
  const bool can_be_told = commitment > 0 && commitment < limit && net_commitment >= 0 &&
                           net_commitment <= commitment && unused < limit && unused > -limit;
  if (!can_be_told) return unused;
  const Int128 ratio = (net_commitment * kBillionth + commitment / 2) / commitment;
  const Int128 half = unused < 0 ? -kBillionth / 2 : kBillionth / 2;
  return (unused * ratio + half) / kBillionth;
}

BillCosts read_bill_costs(const std::vector<std::shared_ptr<const RandomAccessBytes>>& files,
                          const std::vector<Column>& columns, unsigned threads) {
  std::vector<bool> is_delivered;
  for (const auto name : kAmountColumns) {
    is_delivered.push_back(find(columns, name, ColumnType::kDecimal) != nullptr);
  }
  GroupQuery query = query_of_costs();
  query.is_derived = [](Keys keys) { return keys[kType] == kRecurringFee; };
  query.derive = [&](std::span<const Int128> row) {
    const auto net = [&](Amount amount, Amount gross) {
      return row[is_delivered[amount] ? amount : gross];
    };
    return discounted_unused(
        row[kPlanTotal] - row[kPlanUsed], row[kPlanUpfront] + row[kPlanRecurring],
        net(kNetPlanUpfront, kPlanUpfront) + net(kNetPlanRecurring, kPlanRecurring));
  };
  const GroupsByKeys groups = read_groups(files, columns, query, threads);

  std::map<std::pair<std::string, std::string>, PayerCosts> by_payer;
  ResidualSearch search(is_delivered);
  for (const auto& [keys, group] : groups) {
    PayerCosts& costs = by_payer[{keys[kPayer], keys[kCurrency]}];
    costs.payer = keys[kPayer];
    costs.currency = keys[kCurrency];
    if (is_split(keys)) {
      costs.split_lines += group.rows;
      costs.split_unblended.add(group.sums[kUnblended]);
      continue;
    }
    const Amounts amounts(group.sums, is_delivered);
    add_costs(keys, group, amounts, costs);
    search.add(keys, group, amounts);
  }
  for (auto& [key, found] : search.causes()) {
    name_lines(files, columns, found);
    by_payer[{std::get<0>(key), std::get<1>(key)}].causes.push_back(std::move(found.cause));
  }
  BillCosts costs;
  for (auto& [key, payer] : by_payer) costs.payers.push_back(std::move(payer));
  costs.missing_columns.assign(search.missing().begin(), search.missing().end());
  costs.service_totals =
      service_totals(service_costs(read_groups(files, columns, query_of_services(), threads)));
  return costs;
}

BillMark read_focus_mark(const std::vector<std::shared_ptr<const RandomAccessBytes>>& files,
                         const std::vector<Column>& columns, unsigned threads) {
  GroupQuery query;
  query.keys = {{"BillingAccountId", {}, {}}, {"BillingCurrency", {}, {}}, {"ServiceName", {}, {}}};
  query.decimals = {"BilledCost"};
  BillMark mark;
  ServiceCosts costs;
  for (const auto& [keys, group] : read_groups(files, columns, query, threads)) {
    if (!keys[0].empty()) mark.payers.insert(keys[0]);
    costs[{keys[1], keys[2]}].add(group.sums[0]);
  }
  mark.service_totals = service_totals(costs);
  return mark;
}

}  // namespace finops
