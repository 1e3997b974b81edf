#pragma once

#include <array>
#include <string_view>

#include "finops/core/decimal.h"
#include "finops/demo/demo_fields.h"
#include "finops/demo/demo_number.h"

namespace finops {

/// One line item before it is written in any format. Texts are views: of constants, of what the
/// payer owns, or of what keep() holds until the next clear().
class DemoLineItem {
 public:
  void clear();

  void set(DemoField field, std::string_view text) { texts_[index(field)] = text; }
  void set(DemoField field, const DemoNumber& number) {
    numbers_[index(field) - kDemoFirstNumber] = number;
  }
  std::string_view text(DemoField field) const { return texts_[index(field)]; }
  const DemoNumber& number(DemoField field) const {
    return numbers_[index(field) - kDemoFirstNumber];
  }

  /// A copy that lives as long as the item; at most 4 KiB in all.
  std::string_view keep(std::string_view text);

 private:
  static std::size_t index(DemoField field) { return static_cast<std::size_t>(field); }

  std::array<std::string_view, kDemoFirstNumber> texts_{};
  std::array<DemoNumber, kDemoNumberCount> numbers_{};
  std::array<char, 4096> kept_{};
  std::size_t kept_size_ = 0;
};

/// Takes the line items of one delivery, in its order.
class DemoLineItemSink {
 public:
  virtual ~DemoLineItemSink() = default;
  virtual void take(const DemoLineItem& item) = 0;
};

/// What one line item adds to the usual totals, as decimal(38,18). Over any payer and month
/// amortized + true_up + upfront_fees = unblended, exactly, but for refunds of upfront fees: these
/// are in no month's amortized cost.
struct DemoCosts {
  Int128 unblended = 0;
  Int128 amortized = 0;  // as AWS's CUR query library: by line item type
  Int128 net_unblended = 0,
         net_amortized = 0;  // the same as without, for a payer without discounts
  Int128 true_up = 0;        // minus the amortised part of upfront payments
  Int128 upfront_fees = 0;   // unblended cost of upfront payments
};

DemoCosts demo_costs(const DemoLineItem& item);

/// Whether the row divides the cost of an instance once more: in no total of costs.
bool is_split_row(const DemoLineItem& item);

}  // namespace finops
