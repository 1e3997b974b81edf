#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/demo/demo_line_item.h"
#include "finops/demo/demo_payer.h"
#include "finops/demo/demo_random.h"

namespace finops {

/// Which delivery of a payer's month, and how large.
struct DemoMonthPlan {
  BillingPeriod period{2025, 1};
  int version = 1;
  bool is_first = false, is_last = false;  // of the months that are generated; both: the only one
  bool has_split_rows = false;
  std::int64_t rows = 0;
};

/// Makes the line items of one payer's month, in order of time, one at a time: usage, commitments
/// with their fees, then what is charged once a month. The rows of a later version are those of the
/// first with some amounts changed, and a few late ones at the end.
class DemoMonth {
 public:
  DemoMonth(const DemoPayer& payer, const DemoMonthPlan& plan, DemoLineItemSink& sink,
            std::stop_token stop);

  /// Once. Throws kCancelled and what the sink throws.
  void run();

 private:
  struct Slot {
    DemoTime begin, end;
    std::int64_t hours() const {
      return std::chrono::duration_cast<std::chrono::hours>(end - begin).count();
    }
  };

  // demo_month.cc
  std::vector<Slot> slots() const;
  Slot active_part(Slot slot, DemoTime from, DemoTime to) const;
  bool has_separate_discounts() const { return payer_.has_separate_discounts && plan_.is_first; }
  void begin_item(std::size_t account, std::string_view type, DemoTime from, DemoTime to);
  void set_service(const DemoService& service, const DemoRegion& region);
  void set_cost(const DemoNumber& cost);
  void set_discounts();
  void set_net_columns(bool is_discounted);
  void emit();
  template <typename... Args>
  std::string_view text(fmt::format_string<Args...> format, Args&&... args) {
    buffer_.clear();
    fmt::format_to(std::back_inserter(buffer_), format, std::forward<Args>(args)...);
    return item_.keep({buffer_.data(), buffer_.size()});
  }

  // demo_usage.cc
  void usage(const Slot& slot);
  void set_amount_and_cost(const DemoService& service, DemoNumber rate);
  void set_instance(std::size_t type, bool is_spot);
  void set_resource(const DemoService& service, std::size_t account);
  void set_tags();
  void split_usage(const Slot& slot);

  // demo_commitments.cc
  void upfront_fees();
  void savings_plan(const DemoSavingsPlan& plan, const Slot& slot);
  void set_savings_plan(const DemoSavingsPlan& plan);
  DemoNumber covered_usage(const DemoSavingsPlan& plan, const Slot& slot, Int128 effective);
  void savings_plan_negation(const DemoSavingsPlan& plan, const Slot& slot, const DemoNumber& cost);
  void reservation(std::size_t index, const Slot& slot);
  void set_reservation(const DemoReservation& reservation);
  void discounted_usage(const DemoReservation& reservation, const Slot& slot, std::int64_t hours);
  void reservation_fee(std::size_t index);

  // demo_charges.cc
  std::int64_t rows_of_month_end() const;
  void month_end();
  void single_charge(std::size_t account, std::string_view type, const DemoService& service,
                     const DemoNumber& cost, std::string_view description);
  void refund();
  void marketplace();
  void separate_discounts();
  void taxes();
  void late_charges();

  const DemoPayer& payer_;
  const DemoMonthPlan plan_;
  DemoLineItemSink& sink_;
  const std::stop_token stop_;
  const Slot month_;
  DemoRandom random_;  // the same in all versions
  DemoRandom late_;    // what a later version changes
  DemoLineItem item_;
  fmt::memory_buffer buffer_;
  std::string period_start_, period_end_;
  std::string invoice_, purchase_invoice_, marketplace_invoice_, refund_invoice_;
  std::size_t account_ = 0;  // of item_
  std::int64_t emitted_ = 0;
  bool has_large_amount_ = false;
  std::vector<Int128> charged_;              // by account: what is taxed
  std::vector<std::int64_t> reserved_used_;  // by reservation: instance hours
};

}  // namespace finops
