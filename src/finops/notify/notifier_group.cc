#include "finops/notify/notifier_group.h"

#include <optional>
#include <utility>

#include "finops/core/error.h"

namespace finops {

NotifierGroup::NotifierGroup(std::vector<std::unique_ptr<Notifier>> ways,
                             std::function<void(const std::string&)> warn)
    : ways_(std::move(ways)), warn_(std::move(warn)) {}

void NotifierGroup::send(const Notification& notification, std::stop_token stop) {
  std::vector<Error> errors;
  for (const auto& way : ways_) {
    try {
      way->send(notification, stop);
    } catch (const Error& error) {
      errors.push_back(error);
    }
  }
  if (!errors.empty() && errors.size() == ways_.size()) throw Error(errors.back());
  for (const Error& error : errors) warn_(error.what());
}

}  // namespace finops
