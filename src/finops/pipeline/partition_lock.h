#pragma once

#include <optional>
#include <stop_token>
#include <string>

#include "finops/core/clock.h"
#include "finops/core/export_id.h"

namespace finops {

/// Keeps two runs on one machine from loading the same (source, period) at once: an exclusive lock
/// on a file, held until destruction. The kernel gives it up when the process ends in any way, so a
/// crash leaves no lock behind; the empty file stays.
class PartitionLock {
 public:
  /// Of the table, source and partition of `id`, whatever its version. Nothing when another process
  /// or thread holds it. The folder is created when it is missing.
  static std::optional<PartitionLock> try_take(const std::string& folder, const ExportId& id);

  /// The same; kLocked when another has it.
  static PartitionLock take(const std::string& folder, const ExportId& id);
  /// The same, but waits for whoever holds it: for what is held for a moment only. kCancelled.
  static PartitionLock wait_for(const std::string& folder, const ExportId& id, Clock& clock,
                                const std::stop_token& stop);

  PartitionLock(PartitionLock&& other) noexcept;
  PartitionLock& operator=(PartitionLock&&) = delete;
  ~PartitionLock();

 private:
  explicit PartitionLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace finops
