#include "finops/pipeline/delivery_decision.h"

#include <algorithm>

namespace finops {

bool is_version_of(const std::string& recorded, const std::string& delivered) {
  if (recorded == delivered) return true;
  return recorded.size() == delivered.size() + 9 && recorded.starts_with(delivered + "+");
}

std::string held_by(const DeliveryRecord& current) {
  return "held at " + current.id.version + " since a rollback; 'finops release' lets it go";
}

Decision decide(const Delivery& delivery, const std::vector<DeliveryRecord>& records,
                const std::string& judged_by, bool overwrite) {
  const DeliveryRecord* current = current_delivery(records);
  const bool is_current =
      current != nullptr && is_version_of(current->id.version, delivery.version);
  const bool is_same_manifest = is_current && current->manifest_etag == delivery.manifest_etag;
  if (is_same_manifest && !overwrite) return {PlanAction::kNothing, "this delivery is loaded"};
  if (is_current && !is_same_manifest) {
    return {PlanAction::kCheck, "the manifest of " + delivery.version +
                                    " changed: the files' hashes decide whether anything did"};
  }
  if (is_current) return {PlanAction::kReplace, "loaded again as asked (--overwrite)"};
  if (current != nullptr && !current->hold.empty()) {
    return {PlanAction::kHeld, held_by(*current)};
  }
  const auto is_of_this = [&](const DeliveryRecord& record) {
    return record.state == DeliveryState::kRefused &&
           is_version_of(record.id.version, delivery.version) &&
           record.manifest_etag == delivery.manifest_etag;
  };
  // What was refused by several rules is waived in one of its records, for all of them.
  const bool is_waived = std::ranges::any_of(records, [&](const DeliveryRecord& record) {
    return is_of_this(record) && !record.waiver.empty();
  });
  const auto refused = std::ranges::find_if(records, [&](const DeliveryRecord& record) {
    return !is_waived && is_of_this(record) && record.judged_by == judged_by;
  });
  if (refused != records.end() && !overwrite) {
    return {PlanAction::kRefused, "refused before and not read again: " + refused->refusal};
  }
  if (current == nullptr) return {PlanAction::kLoad, "not in the lake yet"};
  return {PlanAction::kReplace, "replaces " + current->id.version};
}

}  // namespace finops
