#pragma once

#include <mutex>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <string_view>

#include "finops/core/clock.h"

namespace finops {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// One line of the log. Texts of others may be in it, secrets are not.
struct LogLine {
  LogLevel level = LogLevel::kInfo;
  std::string message;
  std::string organization_id, job_id;  // empty: null
  nlohmann::ordered_json metadata = nlohmann::ordered_json::object();
};

/// Lines of JSON in the structure of the reference service: timestamp, level, service,
/// organization_id, job_id, message, metadata. Safe to call from any thread.
class JsonLog {
 public:
  JsonLog(std::ostream& out, LogLevel least, Clock& clock)
      : out_(out), least_(least), clock_(clock) {}

  void write(const LogLine& line);

 private:
  std::ostream& out_;
  const LogLevel least_;
  Clock& clock_;
  std::mutex mutex_;  // of out_
};

}  // namespace finops
