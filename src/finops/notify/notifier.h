#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/clock.h"

namespace finops {

/// Something that is not right, until a run finds that it is over.
struct Problem {
  std::string source;          // empty: the run as a whole
  std::string billing_period;  // "YYYY-MM"; empty: the source as a whole
  std::string kind;            // "permission_denied", "refused", "stale": docs/commands.md
  std::string message;         // for people; empty when this run did not look at it
  TimePoint since;             // of the run that found it first
};

/// The same trouble in another run: what it says may change, and when it began is no part of it.
bool is_same(const Problem& one, const Problem& other);

/// A month that was closed and costs something else since a delivery replaced another.
struct MonthChange {
  std::string source, billing_period;
  std::string from, to;                        // execution ids
  std::map<std::string, std::string> amounts;  // after - before, exact, by currency
};

/// What changed with a run.
struct Notification {
  enum class Event {
    kNewProblems,
    kFewerProblems,  // some are over, some remain
    kRecovered,      // all are over
    kClosedMonthChanged,
  };
  Event event = Event::kNewProblems;
  TimePoint time;
  std::string host;  // of the run
  std::vector<Problem> fresh, remaining, solved;
  std::vector<MonthChange> changes;  // of kClosedMonthChanged
};
std::string_view to_string(Notification::Event event);  // "new_problems"

/// For people, without any markup: one line that says what is the matter, then a line for each
/// problem, of bounded length.
std::string text_of(const Notification& notification);

/// `text` as one line of at most `longest` bytes and valid UTF-8.
std::string one_line(std::string_view text, std::size_t longest);

/// Where people are told. Safe to call from one thread at a time.
class Notifier {
 public:
  virtual ~Notifier() = default;

  /// Returns when it was taken. Throws Error when it was not, or may not have been; soon, for
  /// nobody waits for a message that cannot be delivered.
  virtual void send(const Notification& notification, std::stop_token stop) = 0;
};

}  // namespace finops
