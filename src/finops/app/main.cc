#include <unistd.h>

#include <iostream>

#include "finops/app/wiring.h"
#include "finops/cli/run_cli.h"
#include "finops/cli/stop_on_signal.h"
#include "finops/core/freed_memory.h"

int main(int argc, char** argv) {
  finops::return_freed_memory(1 << 20);
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
