#include "finops/app/wiring.h"
#include "finops/cli/run_cli.h"

int main(int argc, char** argv) {
  finops::CliHost host = finops::process_host();
  return finops::run_cli({argv + 1, argv + argc}, finops::make_services(), host);
}
