#include "finops/tabular/kernels.h"

#include <atomic>
#include <cstdlib>
#include <string_view>

#include "finops/tabular/bill_converter.h"

namespace finops::bill {
namespace {

const Kernels* choose() {
  const char* wanted = std::getenv("FINOPS_KERNELS");
  const bool is_portable = wanted != nullptr && std::string_view(wanted) == "portable";
  const Kernels* best = is_portable ? nullptr : avx2_kernels();
  return best != nullptr ? best : &portable_kernels();
}

std::atomic<const Kernels*>& chosen_kernels() {
  static std::atomic<const Kernels*> chosen{choose()};
  return chosen;
}

}  // namespace

const Kernels& kernels() { return *chosen_kernels().load(std::memory_order_relaxed); }
void use_kernels(const Kernels& chosen) { chosen_kernels().store(&chosen); }

}  // namespace finops::bill

namespace finops {
std::string_view converter_kernels() { return bill::kernels().name; }
}  // namespace finops
