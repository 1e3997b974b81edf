#pragma once

namespace finops {

/// How a command that publishes several things one after the other ended.
struct RunEnding {
  bool is_published = false;  // at least one
  bool has_failed = false;    // or was refused
  bool is_locked = false;     // somebody else was at one
  bool is_imperfect = false;  // withheld, or with rows in quarantine that came now

  /// Of both together.
  RunEnding operator+(const RunEnding& other) const {
    return {is_published || other.is_published, has_failed || other.has_failed,
            is_locked || other.is_locked, is_imperfect || other.is_imperfect};
  }

  /// The exit codes of docs/commands.md: 0, 1, 3, 5.
  int exit_code() const {
    if (has_failed) return is_published ? 3 : 1;
    if (is_imperfect) return 3;
    if (is_locked) return is_published ? 3 : 5;
    return 0;
  }
};

}  // namespace finops
