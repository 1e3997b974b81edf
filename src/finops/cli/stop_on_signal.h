#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace finops {

/// Turns the first SIGINT or SIGTERM into a stop request; a second one ends the process at once
/// with exit code 130, which is safe at any point. To be made in main before any other thread,
/// because the signals are blocked for all threads that come after it.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }

 private:
  void wait_for_signals();

  std::stop_source stop_;
  int signals_ = -1;  // signalfd
  int end_ = -1;      // eventfd: the destructor's message to the thread
  std::thread thread_;
};

}  // namespace finops
