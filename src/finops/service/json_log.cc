#include "finops/service/json_log.h"

#include "finops/core/json_or_null.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

const char* to_string(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "DEBUG";
    case LogLevel::kInfo: return "INFO";
    case LogLevel::kWarning: return "WARNING";
    case LogLevel::kError: return "ERROR";
  }
  return "ERROR";
}

}  // namespace

void JsonLog::write(const LogLine& line) {
  if (line.level < least_) return;
  const Json json = {{"timestamp", to_iso8601(clock_.now())},
                     {"level", to_string(line.level)},
                     {"service", "finops"},
                     {"organization_id", text_or_null(line.organization_id)},
                     {"job_id", text_or_null(line.job_id)},
                     {"message", line.message},
                     {"metadata", line.metadata}};
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::lock_guard lock(mutex_);
  out_ << text << std::flush;
}

}  // namespace finops
