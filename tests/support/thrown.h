#pragma once

#include <gtest/gtest.h>

#include <utility>

#include "finops/core/error.h"

namespace finops {

/// The Error that `call` throws; a test failure, and kInternal, when it throws none.
template <typename Call>
Error error_thrown_by(Call&& call) {
  try {
    std::forward<Call>(call)();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return {ErrorKind::kInternal, "nothing was thrown"};
}

template <typename Call>
ErrorKind kind_thrown_by(Call&& call) {
  return error_thrown_by(std::forward<Call>(call)).kind();
}

inline void PrintTo(ErrorKind kind, std::ostream* out) { *out << to_string(kind); }

}  // namespace finops
