#include "finops/cli/plan_table.h"

#include <algorithm>
#include <map>

#include "finops/cli/human_text.h"
#include "finops/cli/text_table.h"
#include "finops/core/error.h"

namespace finops {
namespace {

bool is_read(const PlanItem& item) {
  return item.action == PlanAction::kLoad || item.action == PlanAction::kReplace ||
         item.action == PlanAction::kCheck;
}

}  // namespace

void require_exports(const Configuration& configuration, const Selection& selection) {
  if (configuration.exports.empty()) {
    throw Error(ErrorKind::kInvalidConfig,
                "no export is configured: set 'bucket' and 'export_name' in [aws] (`finops init` "
                "writes a commented file), or give --set aws.bucket=… --set aws.export_name=…");
  }
  for (const std::string& source : selection.sources) find_export(configuration, source);
}

void print_plan(std::ostream& out, const std::vector<PlanItem>& plan) {
  using enum TextTable::Align;
  TextTable table({{"SOURCE"},
                   {"PERIOD"},
                   {"ACTION"},
                   {"OFFERED"},
                   {"IN THE LAKE"},
                   {"FILES", kRight},
                   {"BYTES", kRight},
                   {"WHY"}});
  for (const PlanItem& item : plan) {
    table.add({item.id.source, item.id.partition.empty() ? "?" : item.id.partition,
               std::string(to_string(item.action)), short_id(item.id.version),
               short_id(item.current_version), is_read(item) ? count_text(item.files) : "",
               is_read(item) ? bytes_text(item.bytes) : "", item.reason});
  }
  table.print(out);
}

std::string plan_summary(const std::vector<PlanItem>& plan) {
  std::map<PlanAction, std::uint64_t> counts;
  std::uint64_t files = 0, bytes = 0;
  for (const PlanItem& item : plan) {
    ++counts[item.action];
    if (!is_read(item)) continue;
    files += item.files;
    bytes += item.bytes;
  }
  static const std::map<PlanAction, std::string> words = {
      {PlanAction::kLoad, "to load"},    {PlanAction::kReplace, "to replace"},
      {PlanAction::kCheck, "to check"},  {PlanAction::kNothing, "up to date"},
      {PlanAction::kRefused, "refused"}, {PlanAction::kHeld, "held"},
      {PlanAction::kBroken, "unusable"},
  };
  std::string text;
  for (const auto& [action, count] : counts) {
    text += (text.empty() ? "" : ", ") + count_text(count) + " " + words.at(action);
  }
  if (files > 0) text += "; " + plural(files, "file") + ", " + bytes_text(bytes) + " to read";
  return text.empty() ? "Nothing is offered." : text + ".";
}

bool has_unusable_item(const std::vector<PlanItem>& plan) {
  return std::any_of(plan.begin(), plan.end(), [](const PlanItem& item) {
    return item.action == PlanAction::kBroken || item.action == PlanAction::kRefused;
  });
}

}  // namespace finops
