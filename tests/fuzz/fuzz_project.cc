// Whatever stands in a project's files, they are a project of which silver's SQL can be made, or an
// Error that tells every mistake with its place.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/error.h"
#include "finops/datasets/project.h"
#include "finops/medallion/silver_sql.h"

namespace {

namespace fs = std::filesystem;

/// An input is these files, one after the other, with a line kEndOfFile between them. What is empty
/// is not there, but for the first.
constexpr std::array<const char*, 15> kFiles = {
    "project.toml",
    "datasets/customers_orgs.toml",
    "datasets/resources.toml",
    "datasets/usage_events.toml",
    "rules/customers_orgs.toml",
    "rules/resources.toml",
    "rules/usage_events.toml",
    "rules/reference/usage_events.toml",
    "models/org_daily_usage_by_service.sql",
    "models/org_daily_usage_by_service.toml",
    "models/usage_cost_anomalies.sql",
    "models/usage_cost_anomalies.toml",
    "models/reference/usage_cost_anomalies.sql",
    "models/reference/usage_cost_anomalies.toml",
    "collections/org_daily_usage.toml",
};
constexpr std::array<const char*, 2> kSemantics = {"rules/reference", "models/reference"};
constexpr std::string_view kEndOfFile = "\n####\n";

/// A folder of its own, in memory where there is such a place, removed at the end.
class ProjectFolder {
 public:
  ProjectFolder()
      : path_((fs::exists("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path()) /
              ("fuzz_project_" + std::to_string(::getpid()))) {
    for (const char* file : kFiles) fs::create_directories((path_ / file).parent_path());
  }
  ~ProjectFolder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  ProjectFolder(const ProjectFolder&) = delete;
  ProjectFolder& operator=(const ProjectFolder&) = delete;

  std::string path() const { return path_.string(); }

  void hold(std::string_view input) const {
    for (const char* file : kFiles) {
      const auto end = input.find(kEndOfFile);
      const std::string_view text = input.substr(0, end);
      input.remove_prefix(end == std::string_view::npos ? input.size() : end + kEndOfFile.size());
      if (text.empty() && file != kFiles.front()) {
        fs::remove(path_ / file);
      } else {
        fs::create_directories((path_ / file).parent_path());
        std::ofstream(path_ / file, std::ios::binary | std::ios::trunc) << text;
      }
    }
    std::error_code is_in_use;  // a folder of semantics without files is a mistake by itself
    for (const char* folder : kSemantics) fs::remove(path_ / folder, is_in_use);
  }

 private:
  const fs::path path_;
};

void require(bool holds) {
  if (!holds) __builtin_trap();
}

/// Whether a text goes on with a number and then `end`.
bool takes_number(std::string_view& text, char end) {
  unsigned number = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || rest == text.data() + text.size() || *rest != end) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()) + 1);
  return number > 0;
}

/// "<folder>/rules/events.toml:3:7: …"; of a whole file, or folder, without line and column.
bool has_place(std::string_view mistake, const std::string& folder) {
  if (!mistake.starts_with(folder + "/")) return false;
  mistake.remove_prefix(folder.size() + 1);
  for (const std::string_view file : kFiles) {
    if (!mistake.starts_with(file)) continue;
    mistake.remove_prefix(file.size() + 1);
    return mistake.starts_with(' ') || (takes_number(mistake, ':') && takes_number(mistake, ':'));
  }
  return std::ranges::any_of(kSemantics, [&](const std::string& semantics) {
    return mistake.starts_with(semantics + ": ");
  });
}

void require_places(std::string_view message, const std::string& folder) {
  constexpr std::string_view kMany = "the project has ";
  if (!message.starts_with(kMany)) return require(has_place(message, folder));
  message.remove_prefix(kMany.size());
  std::size_t left = 0;
  std::from_chars(message.data(), message.data() + message.size(), left);
  require(left > 1);
  for (auto line = message.find("\n  "); line != std::string_view::npos && left > 0;
       line = message.find("\n  ")) {
    message.remove_prefix(line + 3);
    if (has_place(message, folder)) --left;
  }
  require(left == 0);
}

void require_sql(const finops::datasets::Project& project) {
  std::map<std::string, std::vector<finops::Column>> columns;
  for (std::size_t i = 0; i < project.datasets.size(); ++i) {
    const finops::medallion::SilverSql sql(project.datasets[i], project.rules[i], columns);
    columns[project.datasets[i].name] = sql.columns();
    require(!sql.judged("bronze").empty());
    sql.pieces("bronze");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ProjectFolder folder;
  folder.hold({reinterpret_cast<const char*>(data), size});
  std::optional<finops::datasets::Project> project;
  try {
    project = finops::datasets::read_project(folder.path(), "");
  } catch (const finops::Error& error) {
    require(error.kind() == finops::ErrorKind::kInvalidConfig);
    require_places(error.what(), folder.path());
    return 0;
  }
  require_sql(*project);
  return 0;
}
