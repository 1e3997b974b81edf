#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "finops/config/setting.h"

namespace finops::datasets {

/// Paths of files by their names without extension.
using FilePaths = std::map<std::string, std::string>;

/// Files of one kind, and by semantics those that stand in for them.
struct LayeredFiles {
  FilePaths own;
  std::map<std::string, FilePaths> overlays;

  /// Those that are in force.
  FilePaths of(const std::string& semantics) const;
};

/// Which files a project has.
struct ProjectFiles {
  FilePaths datasets, collections;
  LayeredFiles rules, model_sql, model_toml;
};

/// Goes through datasets/, rules/, models/ and collections/ where they are. Files of TOML and SQL
/// that stand where none is read are mistakes, as are names that are no identifiers; all other
/// files, and whatever begins with a point, may be there.
ProjectFiles list_project_files(const std::string& folder,
                                const std::vector<std::string>& all_semantics, Mistakes& mistakes);

/// The whole text; nothing, and a mistake, where it cannot be read, is longer than 1 MiB or is no
/// UTF-8.
std::optional<std::string> read_project_file(const std::string& path, Mistakes& mistakes);

/// The beginning of a file.
Origin beginning_of(const std::string& path);

}  // namespace finops::datasets
