#include "finops/lake/metadata_heads.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/lake/json_edge.h"
#include "finops/lake/metadata_name.h"

namespace finops::lake {
namespace {

constexpr std::size_t kReadsAtOnce = 16;
constexpr std::uint64_t kLongestMetadata = 1ull << 30;
constexpr std::string_view kMetadataFolder = "/metadata/";

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// What LakePaths::table_folder made of it.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
                           hex_digit(text[i + 2]) >= 0;
    if (is_escape) {
      out.push_back(static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

/// Nothing unless the folder is "<namespace>/<table>".
std::optional<TableName> table_of(std::string_view folder) {
  const auto slash = folder.find('/');
  if (slash == std::string_view::npos || folder.find('/', slash + 1) != std::string_view::npos) {
    return std::nullopt;
  }
  TableName name{unescaped(folder.substr(0, slash)), unescaped(folder.substr(slash + 1))};
  if (LakePaths::table_folder(name) != folder) return std::nullopt;
  return name;
}

FoundMetadata parsed(const Json& json, std::string name) {
  FoundMetadata out{.name = std::move(name)};
  std::string location = json.at("location");
  while (location.ends_with('/')) location.pop_back();
  out.uri = location + std::string(kMetadataFolder) + out.name;
  out.updated_ms = json.at("last-updated-ms");
  const auto snapshot = json.find("current-snapshot-id");
  if (snapshot != json.end() && !snapshot->is_null() && *snapshot != -1) {
    out.snapshot_id = snapshot->get<std::int64_t>();
  }
  for (const auto& entry : json.value("metadata-log", Json::array())) {
    out.base_updated_ms = entry.at("timestamp-ms");
    const auto uri = entry.at("metadata-file").get<std::string>();
    out.base_name = last_name(uri);
    out.log.push_back(out.base_name);
  }
  return out;
}

/// Sorts out which of the table's files may be current.
void find_heads(FoundTable& table) {
  std::ranges::stable_sort(table.files, std::ranges::greater(), &FoundMetadata::updated_ms);
  std::set<std::string> past;
  for (const auto& file : table.files) past.insert(file.log.begin(), file.log.end());
  std::int64_t latest = -1;
  for (const auto& file : table.files) {
    if (!past.contains(file.name)) latest = std::max(latest, file.base_updated_ms);
  }
  std::set<std::string> bases;
  for (const auto& file : table.files) {
    if (past.contains(file.name) || file.base_updated_ms != latest) continue;
    table.heads.push_back(file);
    bases.insert(file.base_name);
  }
  std::ranges::copy_if(table.files, std::back_inserter(table.bases),
                       [&](const auto& file) { return bases.contains(file.name); });
}

class Search {
 public:
  Search(ObjectStore& store, const LakePaths& paths) : store_(store), paths_(paths) {}

  FoundTables run() {
    for (const auto& [folder, keys] : metadata_by_folder()) {
      if (const auto name = table_of(folder)) {
        take(*name, folder, keys);
      } else {
        leave_alone("'" + paths_.uri_of(folder) +
                    "' has metadata, but its name is not <namespace>/<table>");
      }
    }
    return std::move(found_);
  }

 private:
  using Keys = std::vector<std::string>;

  std::map<std::string, Keys> metadata_by_folder() {
    std::map<std::string, Keys> folders;
    for (auto& object : store_.list("")) {
      if (!is_metadata_name(object.key)) continue;
      const auto end = object.key.size() - last_name(object.key).size();
      const auto folder = object.key.substr(0, end);
      if (!folder.ends_with(kMetadataFolder)) continue;
      folders[folder.substr(0, end - kMetadataFolder.size())].push_back(std::move(object.key));
    }
    return folders;
  }

  void take(const TableName& name, const std::string& folder, const Keys& keys) {
    FoundTable table{.name = name, .folder = folder};
    table.files = read(keys);
    find_heads(table);
    if (table.heads.empty()) return;
    const auto& uri = table.heads.front().uri;
    const auto end = "/" + folder + std::string(kMetadataFolder) + table.heads.front().name;
    if (!uri.ends_with(end)) {
      return leave_alone("the metadata in '" + paths_.uri_of(folder) + "' is of '" + uri +
                         "', which is another folder");
    }
    table.root = uri.substr(0, uri.size() - end.size());
    found_.tables.push_back(std::move(table));
  }

  std::vector<FoundMetadata> read(const Keys& keys) {
    std::vector<std::optional<FoundMetadata>> parsed_files(keys.size());
    Keys objections(keys.size());
    for_each_at_once(keys.size(), kReadsAtOnce, [&](std::size_t i) {
      try {
        const auto text = read_all(store_, keys[i], kLongestMetadata);
        parsed_files[i] = without_json_errors(
            [&] { return parsed(Json::parse(text), std::string(last_name(keys[i]))); });
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kInvalidData) throw;
        objections[i] = error.what();
      }
    });
    std::vector<FoundMetadata> files;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (parsed_files[i]) {
        files.push_back(std::move(*parsed_files[i]));
      } else {
        leave_alone("'" + paths_.uri_of(keys[i]) + "': " + objections[i]);
      }
    }
    return files;
  }

  void leave_alone(const std::string& why) { found_.notes.push_back("left alone: " + why); }

  ObjectStore& store_;
  const LakePaths& paths_;
  FoundTables found_;
};

}  // namespace

FoundTables find_tables(ObjectStore& store, const LakePaths& paths) {
  return Search(store, paths).run();
}

}  // namespace finops::lake
