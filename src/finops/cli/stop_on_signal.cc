#include "finops/cli/stop_on_signal.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "finops/core/error.h"

namespace finops {

// A handler may hardly do anything, and a stop request runs callbacks: so a thread of its own waits
// for the signals.
StopOnSignal::StopOnSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  end_ = ::eventfd(0, EFD_CLOEXEC);
  if (signals_ < 0 || end_ < 0) throw error_from_errno(errno, "wait for signals", "signalfd");
  thread_ = std::thread([this] { wait_for_signals(); });
}

StopOnSignal::~StopOnSignal() {
  const std::uint64_t one = 1;
  while (::write(end_, &one, sizeof one) < 0 && errno == EINTR) {
  }
  thread_.join();
  ::close(end_);
  ::close(signals_);
}

void StopOnSignal::wait_for_signals() {
  std::array<pollfd, 2> waits = {pollfd{signals_, POLLIN, 0}, pollfd{end_, POLLIN, 0}};
  while (true) {
    if (::poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (waits[1].revents != 0) return;
    signalfd_siginfo signal{};
    if (::read(signals_, &signal, sizeof signal) != sizeof signal) continue;
    if (stop_.stop_requested()) ::_exit(130);
    stop_.request_stop();
  }
}

}  // namespace finops
