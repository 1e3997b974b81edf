#include "finops/datasets/project_files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/utf8.h"
#include "finops/datasets/column_names.h"

namespace finops::datasets {
namespace {

namespace fs = std::filesystem;

Origin of_file(const std::string& path) { return {Origin::Kind::kFile, path, 0, 0}; }

bool is_read(const fs::path& file) {
  return file.extension() == ".toml" || file.extension() == ".sql";
}

bool is_folder(const fs::path& path) {
  std::error_code error;  // what cannot be looked at is told when it is read
  return fs::is_directory(path, error);
}

/// What is in a folder, by name, without what begins with a point; nothing where it is not there.
std::vector<fs::path> children(const fs::path& folder) {
  std::vector<fs::path> result;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    if (!entry->path().filename().string().starts_with('.')) result.push_back(entry->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw error_from_errno(error.value(), "list", folder.string());
  }
  std::sort(result.begin(), result.end());
  return result;
}

/// Goes through the folders of one kind.
class FolderReading {
 public:
  FolderReading(std::string root, const std::vector<std::string>& all_semantics, Mistakes& mistakes)
      : root_(std::move(root)), all_semantics_(all_semantics), mistakes_(mistakes) {}

  /// A folder without folders of its own.
  FilePaths plain(const std::string& kind) {
    FilePaths result;
    for (const fs::path& path : children(root_ + "/" + kind)) {
      if (is_folder(path)) {
        refuse_all(path, kind + "/ has no folders of its own");
      } else {
        take(path, ".toml", kind + "/ holds .toml files", result);
      }
    }
    return result;
  }

  void rules(LayeredFiles& toml) {
    for (const fs::path& path : children(root_ + "/rules")) {
      if (!is_folder(path)) {
        take(path, ".toml", "rules/ holds .toml files", toml.own);
      } else if (is_other_semantics(path)) {
        FilePaths& files = toml.overlays[path.filename().string()];
        for (const fs::path& file : layer(path)) {
          take(file, ".toml", "rules/ holds .toml files", files);
        }
      }
    }
  }

  void models(LayeredFiles& sql, LayeredFiles& toml) {
    for (const fs::path& path : children(root_ + "/models")) {
      if (!is_folder(path)) {
        take(path, path.extension() == ".sql" ? ".sql" : ".toml", "",
             path.extension() == ".sql" ? sql.own : toml.own);
      } else if (is_other_semantics(path)) {
        const std::string semantics = path.filename().string();
        for (const fs::path& file : layer(path)) {
          const bool is_sql = file.extension() == ".sql";
          take(file, is_sql ? ".sql" : ".toml", "", (is_sql ? sql : toml).overlays[semantics]);
        }
      }
    }
  }

 private:
  /// Whether a folder in rules/ or models/ holds what stands in under other semantics.
  bool is_other_semantics(const fs::path& folder) {
    const std::string name = folder.filename().string(), path = folder.string();
    if (name == all_semantics_.front()) {
      mistakes_.add(of_file(path), "'" + name +
                                       "' is the first of the semantics; its files stand in the "
                                       "folder above");
      return false;
    }
    if (std::ranges::find(all_semantics_, name) != all_semantics_.end()) return true;
    mistakes_.add(of_file(path), "'" + name + "' is none of the semantics in project.toml" +
                                     advice(name, all_semantics_, "semantics"));
    return false;
  }

  std::vector<fs::path> layer(const fs::path& folder) {
    std::vector<fs::path> result;
    for (const fs::path& path : children(folder)) {
      if (is_folder(path)) {
        refuse_all(path, "a folder of semantics has no folders of its own");
      } else {
        result.push_back(path);
      }
    }
    return result;
  }

  void refuse_all(const fs::path& folder, const std::string& why) {
    for (const fs::path& path : children(folder)) {
      if (is_folder(path)) {
        refuse_all(path, why);
      } else if (is_read(path)) {
        mistakes_.add(of_file(path.string()), "this file is not read: " + why);
      }
    }
  }

  void take(const fs::path& path, const std::string& extension, const std::string& why,
            FilePaths& files) {
    if (!is_read(path)) return;
    const std::string name = path.stem().string();
    if (path.extension() != extension) {
      mistakes_.add(of_file(path.string()), "this file is not read: " + why);
    } else if (!is_identifier(name)) {
      mistakes_.add(of_file(path.string()),
                    "a file that gives a name cannot be '" + name + "'; " + identifier_advice());
    } else {
      files.emplace(name, path.string());
    }
  }

  std::string root_;
  const std::vector<std::string>& all_semantics_;
  Mistakes& mistakes_;
};

}  // namespace

FilePaths LayeredFiles::of(const std::string& semantics) const {
  FilePaths result = own;
  const auto overlay = overlays.find(semantics);
  if (overlay == overlays.end()) return result;
  for (const auto& [name, path] : overlay->second) result[name] = path;
  return result;
}

ProjectFiles list_project_files(const std::string& folder,
                                const std::vector<std::string>& all_semantics, Mistakes& mistakes) {
  FolderReading reading(folder, all_semantics, mistakes);
  ProjectFiles result;
  result.datasets = reading.plain("datasets");
  result.collections = reading.plain("collections");
  reading.rules(result.rules);
  reading.models(result.model_sql, result.model_toml);
  return result;
}

std::optional<std::string> read_project_file(const std::string& path, Mistakes& mistakes) {
  constexpr std::size_t kLongestFile = 1 << 20;
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string text(kLongestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    mistakes.add(of_file(path), error_from_errno(errno, "read", path).what());
    return std::nullopt;
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLongestFile) {
    mistakes.add(of_file(path), "this file is longer than 1 MiB");
    return std::nullopt;
  }
  if (!is_utf8(text)) {
    mistakes.add(of_file(path), "this file is not UTF-8");
    return std::nullopt;
  }
  return text;
}

Origin beginning_of(const std::string& path) { return {Origin::Kind::kFile, path + ":1:1", 1, 1}; }

}  // namespace finops::datasets
