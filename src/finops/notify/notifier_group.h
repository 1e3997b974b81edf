#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "finops/notify/notifier.h"

namespace finops {

/// Tells the same in several ways, for whoever keeps one memory of what was told. It was told when
/// one of them took it; ways that did not are told to `warn`. Throws the last error when none did.
class NotifierGroup : public Notifier {
 public:
  NotifierGroup(std::vector<std::unique_ptr<Notifier>> ways,
                std::function<void(const std::string&)> warn);

  void send(const Notification& notification, std::stop_token stop) override;

 private:
  const std::vector<std::unique_ptr<Notifier>> ways_;
  const std::function<void(const std::string&)> warn_;
};

}  // namespace finops
