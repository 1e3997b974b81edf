#include <nlohmann/json.hpp>

#include "finops/cli/commands/commands.h"
#include "finops/cli/human_text.h"
#include "finops/cli/json_documents.h"

namespace finops {
namespace {

bool is_bare(ValueType type) {
  return type == ValueType::kShare || type == ValueType::kCount || type == ValueType::kBoolean;
}

/// "aws.exports[1].bucket" stands in the section "aws.exports[1]".
std::string heading_of(std::string_view section) {
  const std::size_t bracket = section.find('[');
  if (bracket == std::string_view::npos) return "[" + std::string(section) + "]";
  return "[[" + std::string(section.substr(0, bracket)) + "]]";
}

void print_values(std::ostream& out, const Configuration& configuration) {
  constexpr std::size_t kOriginColumn = 48;
  out << "# configuration file: " << (configuration.file.empty() ? "none" : configuration.file)
      << '\n';
  std::string_view section;
  for (const EffectiveValue& value : configuration.values) {
    if (section_of(value.key) != section) {
      section = section_of(value.key);
      out << '\n' << heading_of(section) << '\n';
    }
    std::string line = std::string(last_name_of(value.key)) + " = ";
    line += is_bare(value.type) ? printable(value.text) : "\"" + printable(value.text) + "\"";
    if (text_width(line) < kOriginColumn) line.append(kOriginColumn - text_width(line), ' ');
    out << line << "  # " << value.origin.where << '\n';
  }
}

int show_config(CommandContext& context) {
  const Configuration configuration = context.configuration();
  if (context.console.is_json()) {
    context.console.print_document(config_document(configuration));
  } else {
    print_values(context.console.out(), configuration);
  }
  return 0;
}

}  // namespace

void add_config_command(CommandTree& tree) {
  tree.add(tree.root(), "config",
           "Show the configuration in force and where each value came from; never a secret",
           "  finops config\n  finops config --json\n  FINOPS_S3_BUCKET=other finops config\n",
           show_config);
}

}  // namespace finops
