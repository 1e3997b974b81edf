#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"

namespace finops {
namespace {

std::string_view mark_of(DoctorCheck::Result result) {
  switch (result) {
    case DoctorCheck::Result::kGood: return "ok";
    case DoctorCheck::Result::kWarning: return "warning";
    case DoctorCheck::Result::kBad: return "BAD";
  }
  return "BAD";
}

void print_checks(std::ostream& out, const std::vector<DoctorCheck>& checks) {
  std::uint64_t bad = 0, warnings = 0;
  for (const DoctorCheck& check : checks) {
    bad += check.result == DoctorCheck::Result::kBad;
    warnings += check.result == DoctorCheck::Result::kWarning;
    std::string mark(mark_of(check.result));
    mark.resize(9, ' ');
    out << mark << printable(check.subject) << ": " << printable(check.finding) << '\n';
    if (!check.advice.empty()) out << std::string(9, ' ') << printable(check.advice) << '\n';
  }
  out << (bad == 0 ? "Everything that finops needs is there"
                   : plural(bad, "check") + " of " + std::to_string(checks.size()) + " failed");
  out << (warnings == 0 ? ".\n" : "; " + plural(warnings, "warning") + ".\n");
}

int examine(CommandContext& context) {
  const std::vector<DoctorCheck> checks = context.services.doctor(context.configuration());
  bool is_good = true;
  for (const DoctorCheck& check : checks) is_good &= check.result != DoctorCheck::Result::kBad;
  if (context.console.is_json()) {
    context.console.print_document(doctor_document(checks));
  } else {
    print_checks(context.console.out(), checks);
  }
  return is_good ? 0 : 1;
}

}  // namespace

void add_doctor_command(CommandTree& tree) {
  tree.add(tree.root(), "doctor",
           "Check everything that a run needs: folders, catalog, exports, the lake itself",
           "  finops doctor\n  finops doctor --json\n", examine);
}

}  // namespace finops
