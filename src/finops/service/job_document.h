#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "finops/journal/job.h"
#include "finops/service/service_message.h"

namespace finops {

/// A job as the API shows it; docs/service.md says what its members are.
nlohmann::ordered_json job_document(const journal::Job& job);

/// The document as an answer.
ServiceResponse json_response(int status, const nlohmann::ordered_json& document);

/// The answer of a request that waited for a job that ended: 200 with the job; 500 when it failed,
/// 422 when it always will, 409 when it was cancelled.
ServiceResponse ended_response(const journal::Job& job);

}  // namespace finops
