#include <malloc.h>
#include <unistd.h>

#include <iostream>

#include "finops/app/wiring.h"
#include "finops/cli/run_cli.h"
#include "finops/cli/stop_on_signal.h"

namespace {

/// Gives freed memory back to the system instead of waiting for ever larger blocks of it: the
/// buffers of a load come and go by the megabyte, and peak memory is nearly halved at no cost in
/// time (docs/performance.md).
void return_freed_memory() {
#if defined(__GLIBC__)
  constexpr int kMostFreedBytes = 4 << 20;
  ::mallopt(M_TRIM_THRESHOLD, kMostFreedBytes);
  ::mallopt(M_MMAP_THRESHOLD, kMostFreedBytes);  // asking the system for each costs page faults
#endif
}

}  // namespace

int main(int argc, char** argv) {
  return_freed_memory();
  const finops::StopOnSignal signals;  // before any other thread
  finops::CliHost host{.in = std::cin,
                       .out = std::cout,
                       .err = std::cerr,
                       .is_err_terminal = ::isatty(STDERR_FILENO) == 1,
                       .environment = finops::Environment::of_process(),
                       .clock = finops::system_clock(),
                       .stop = signals.token()};
  return finops::run_cli({argv + 1, argv + argc}, finops::make_services(), host);
}
