#include "finops/lake/faulty_catalog.h"

#include <utility>

namespace finops::lake {

FaultyCatalog::FaultyCatalog(std::shared_ptr<Catalog> catalog, std::shared_ptr<FaultPlan> plan)
    : catalog_(std::move(catalog)), plan_(std::move(plan)) {}

std::vector<TableName> FaultyCatalog::tables() { return catalog_->tables(); }

std::optional<std::string> FaultyCatalog::metadata_location(const TableName& table) {
  return catalog_->metadata_location(table);
}

Catalog::Outcome FaultyCatalog::swap(const std::vector<Swap>& swaps) {
  std::string step = "swap";
  for (const auto& swap : swaps) step += " " + swap.table.to_string();
  auto outcome = Outcome::kUnknown;
  try {
    plan_->run(step, [&] { outcome = catalog_->swap(swaps); });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUnknownOutcome) throw;
    return Outcome::kUnknown;
  }
  return outcome;
}

std::shared_ptr<Catalog> with_faults(std::shared_ptr<Catalog> catalog,
                                     std::shared_ptr<FaultPlan> plan) {
  if (plan == nullptr) return catalog;
  return std::make_shared<FaultyCatalog>(std::move(catalog), std::move(plan));
}

}  // namespace finops::lake
