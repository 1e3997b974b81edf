#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/clock.h"
#include "finops/service/service_message.h"

namespace finops {

/// What is wrong with one field of a message: "message.data.org_id", "has to be ...".
struct FieldMistake {
  std::string field, detail;

  bool operator==(const FieldMistake&) const = default;
};
using FieldMistakes = std::vector<FieldMistake>;

/// An answer that is no success, as RFC 9457 has it. `detail` is read by whoever called: no paths,
/// no names of code, no secrets.
struct ProblemDetails {
  int status = 500;
  std::string detail;
  FieldMistakes mistakes;
  std::optional<std::chrono::seconds> retry_after;
};

/// What RFC 9110 calls the status: "Not Found"; for unknown ones the name of their class.
std::string_view status_phrase(int status);

/// application/problem+json with `type` about:blank, so `title` is the status' phrase; the fields
/// that are wrong are in the list `errors`.
ServiceResponse problem_response(const ProblemDetails& problem);

/// The answer when something of ours broke: what it was is told to the log only.
ProblemDetails internal_problem();
/// 503: the same request may do later.
ProblemDetails overload_problem(std::string detail);

}  // namespace finops
