#pragma once

#include <string>

#include "finops/core/error.h"
#include "finops/net/retry.h"

namespace finops {

/// One line of at most 500 bytes, for a message: what a server says is not ours and may hold
/// anything.
std::string one_line(std::string text);

/// Of a request that got no answer, as an Error: kUnavailable, or kUnknownOutcome when
/// `changes_something` and it may have been acted upon.
Error error_of_missing_answer(const RetriedResponse& result, const std::string& tried,
                              bool changes_something);

}  // namespace finops
