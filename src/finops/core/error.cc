#include "finops/core/error.h"

#include <cerrno>
#include <cstring>
#include <utility>

namespace finops {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage: return "usage";
    case ErrorKind::kInvalidConfig: return "invalid_config";
    case ErrorKind::kInvalidData: return "invalid_data";
    case ErrorKind::kNotFound: return "not_found";
    case ErrorKind::kAlreadyExists: return "already_exists";
    case ErrorKind::kConflict: return "conflict";
    case ErrorKind::kLocked: return "locked";
    case ErrorKind::kPermissionDenied: return "permission_denied";
    case ErrorKind::kNoSpace: return "no_space";
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kUnknownOutcome: return "unknown_outcome";
    case ErrorKind::kCancelled: return "cancelled";
    case ErrorKind::kUnsupported: return "unsupported";
    case ErrorKind::kInternal: return "internal";
  }
  return "internal";
}

bool is_transient(ErrorKind kind) { return kind == ErrorKind::kUnavailable; }

Error::Error(ErrorKind kind, std::string message) : kind_(kind), message_(std::move(message)) {}

Error Error::within(std::string_view context) const {
  return {kind_, std::string(context) + ": " + message_};
}

Error error_from_errno(int number, std::string_view tried, std::string_view path) {
  ErrorKind kind = ErrorKind::kUnavailable;
  std::string advice;
  switch (number) {
    case EACCES:
    case EPERM:
    case EROFS:
      kind = ErrorKind::kPermissionDenied;
      advice = "; check the owner and the permissions of the file and its folders";
      break;
    case ENOENT: kind = ErrorKind::kNotFound; break;
    case EEXIST: kind = ErrorKind::kAlreadyExists; break;
    case ENOSPC:
    case EDQUOT:
      kind = ErrorKind::kNoSpace;
      advice = "; make room on that disk and run the same command again";
      break;
    default: break;
  }
  std::string message = std::string(tried) + " '" + std::string(path) + "': ";
  return {kind, message + std::strerror(number) + advice};
}

}  // namespace finops
