#pragma once

// For tests: what a generator wrote.

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

namespace finops {

inline std::string content(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Every file by its name below `folder`, config.toml aside.
inline std::map<std::string, std::string> tree(const std::filesystem::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const auto name = std::filesystem::relative(entry.path(), folder).string();
    if (entry.is_regular_file() && name != "config.toml") files[name] = content(entry.path());
  }
  return files;
}

inline nlohmann::ordered_json truth_of(const std::filesystem::path& out) {
  return nlohmann::ordered_json::parse(content(out / "truth.json"));
}

}  // namespace finops
