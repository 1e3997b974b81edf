#pragma once

#include <map>
#include <string>
#include <vector>

#include "finops/warehouses/bigquery/day_sums.h"

namespace finops::bigquery {

/// A day whose rows were changed on their way: what the source had, what the copy got, and by which
/// version of the transform.
struct TransformedDay {
  DaySum source, copy;
  std::string version;
  friend bool operator==(const TransformedDay&, const TransformedDay&) = default;
};

/// The table `<copy>__finops_days` beside a copy, where its transformed days are kept: what equals
/// the source cannot be seen by looking at such a copy. A day is written down after it was
/// published; one whose writing down was prevented is copied again.
class TransformedDays {
 public:
  /// Makes the table where it is not there.
  TransformedDays(Jobs jobs, const TableRef& copy);

  std::map<Day, TransformedDay> read();
  void write(const std::map<Day, TransformedDay>& days);

 private:
  Jobs jobs_;
  TableRef table_;
};

}  // namespace finops::bigquery
