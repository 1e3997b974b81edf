#pragma once

#include <memory>
#include <string>
#include <vector>

#include "finops/lake/catalog.h"
#include "finops/stores/fault_plan.h"

namespace finops::lake {

/// Another catalog whose swaps run under a plan of faults, as a FaultyStore's durable calls do:
/// "swap billing.deliveries billing.aws_billing_data". A fault of kind kUnknownOutcome is that
/// outcome, any other is thrown. Everything else is passed on. A test hook.
class FaultyCatalog : public Catalog {
 public:
  FaultyCatalog(std::shared_ptr<Catalog> catalog, std::shared_ptr<FaultPlan> plan);

  std::vector<TableName> tables() override;
  std::optional<std::string> metadata_location(const TableName& table) override;
  Outcome swap(const std::vector<Swap>& swaps) override;

 private:
  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<FaultPlan> plan_;
};

/// The same, or the catalog itself when there is no plan.
std::shared_ptr<Catalog> with_faults(std::shared_ptr<Catalog> catalog,
                                     std::shared_ptr<FaultPlan> plan);

}  // namespace finops::lake
