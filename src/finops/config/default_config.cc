#include "finops/config/default_config.h"

#include <string_view>

#include "finops/config/known_keys.h"
#include "finops/config/setting_reader.h"

namespace finops {
namespace {

constexpr std::string_view kHead =
    "# finops configuration. Every key may also be an environment variable (FINOPS__SECTION__KEY) "
    "or,\n"
    "# for one run, an option (--set section.key=value); an option beats the environment, which "
    "beats\n"
    "# this file. Relative paths start at the folder where finops is started.\n"
    "# `finops config` shows what is in force and where each value came from.\n\n";

constexpr std::string_view kExports =
    "\n# More than one export: [aws] above holds the defaults of each.\n"
    "# [[aws.exports]]\n"
    "# name = \"payer-a\"\n"
    "# export_name = \"my-export\"\n";

bool is_bare(ValueType type) {
  return type == ValueType::kShare || type == ValueType::kCount || type == ValueType::kBoolean;
}

std::string line_of(const KnownKey& key) {
  const std::string fallback = default_text(key, "./data");
  std::string value = fallback.empty() ? std::string(key.example) : fallback;
  if (!is_bare(key.type)) value = "\"" + value + "\"";
  std::string line = std::string(last_name_of(key.path)) + " = " + value;
  if (!key.comment.empty()) {
    constexpr std::size_t kCommentColumn = 40;
    line.resize(line.size() < kCommentColumn ? kCommentColumn : line.size() + 2, ' ');
    line += "# " + std::string(key.comment);
  }
  return line;
}

}  // namespace

std::string default_config_text() {
  std::string text(kHead);
  std::string_view section;
  for (const KnownKey& key : known_keys()) {
    if (section_of(key.path) != section) {
      section = section_of(key.path);
      // An empty [database.bigquery] would switch BigQuery on.
      const bool is_off = section == "database.bigquery";
      text += std::string(is_off ? "\n# [" : "\n[") + std::string(section) + "]\n";
    }
    // Defaults below data_dir stay comments: written out, they would not follow it any more.
    const bool is_comment = key.fallback.empty() ||
                            key.fallback.find('<') != std::string_view::npos ||
                            section == "database.bigquery" || section == "aws";
    text += (is_comment ? "# " : "") + line_of(key) + "\n";
  }
  return text + std::string(kExports);
}

}  // namespace finops
