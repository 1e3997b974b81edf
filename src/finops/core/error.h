#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace finops {

/// What went wrong, as a caller would react to it. Add a kind only when some caller has to behave
/// differently for it.
enum class ErrorKind {
  kUsage,          // the command line: exit 2, with the help of the command
  kInvalidConfig,  // the operator must fix the configuration: exit 2
  kInvalidData,    // the provider's file, or a file of the lake, breaks its own format
  kNotFound,
  kAlreadyExists,
  kConflict,  // somebody else changed it first
  kLocked,    // somebody else is at it now: exit 5 when nothing else happened
  kPermissionDenied,
  kNoSpace,         // disk or quota full: making room helps, repeating does not
  kUnavailable,     // not done; worth another try later
  kUnknownOutcome,  // sent, but the reply was lost: look before doing anything
  kCancelled,       // exit 130
  kUnsupported,     // valid, but finops does not handle it: refuse, never guess
  kInternal,        // a bug in finops
};

std::string_view to_string(ErrorKind kind);

/// True when repeating the same call unchanged may succeed.
bool is_transient(ErrorKind kind);

/// The only exception type that finops throws. Adapters turn their library's errors into this one
/// at the edge, so no vendor type is seen above them. A message says what was tried, on what, why
/// it failed and what to do; it never holds a secret.
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message);

  ErrorKind kind() const noexcept { return kind_; }
  const char* what() const noexcept override { return message_.c_str(); }

  /// The same error told from one level up: "load payer-a 2026-05: <message>".
  Error within(std::string_view context) const;

 private:
  ErrorKind kind_;
  std::string message_;
};

/// What errno says, as an Error: "<tried> '<path>': <strerror>". EACCES, EPERM and EROFS are
/// kPermissionDenied, ENOENT kNotFound, EEXIST kAlreadyExists, ENOSPC and EDQUOT kNoSpace, all else
/// kUnavailable.
Error error_from_errno(int number, std::string_view tried, std::string_view path);

}  // namespace finops
