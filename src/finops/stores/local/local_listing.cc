#include "finops/stores/local/local_listing.h"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "finops/core/error.h"
#include "finops/stores/local/local_file.h"

namespace finops::local {
namespace {

struct Entry {
  std::string name;  // a folder's ends in '/', which gives entries the order of their keys
  struct stat status{};
  bool is_folder() const { return S_ISDIR(status.st_mode); }
};

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};
using OpenFolder = std::unique_ptr<DIR, CloseFolder>;

OpenFolder open_folder(const std::string& path) {
  OpenFolder folder(opendir(path.c_str()));
  // Not there, or no longer: others may remove what we list.
  if (!folder && errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
    throw file_error(errno, "cannot list the folder", path);
  }
  return folder;
}

/// The next name that may be an object or a folder of objects; nullptr at the end.
const char* next_name(DIR* folder, const std::string& path) {
  while (true) {
    errno = 0;
    const dirent* entry = readdir(folder);
    if (entry == nullptr && errno != 0) throw file_error(errno, "cannot list the folder", path);
    if (entry == nullptr) return nullptr;
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && !name.starts_with(UnpublishedFile::kPartialPrefix)) {
      return entry->d_name;
    }
  }
}

/// False when it is neither a file nor a folder, or has gone.
bool read_status(DIR* folder, const std::string& path, const char* name, struct stat& status) {
  if (fstatat(dirfd(folder), name, &status, 0) == 0) {
    return S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
  }
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return false;
  throw file_error(errno, "cannot examine", path + "/" + name);
}

std::vector<Entry> entries_of(const std::string& path, std::string_view name_prefix) {
  std::vector<Entry> entries;
  const OpenFolder folder = open_folder(path);
  if (!folder) return entries;
  while (const char* name = next_name(folder.get(), path)) {
    if (!std::string_view(name).starts_with(name_prefix)) continue;
    Entry entry{name, {}};
    if (!read_status(folder.get(), path, name, entry.status)) continue;
    if (entry.is_folder()) entry.name += '/';
    entries.push_back(std::move(entry));
  }
  std::ranges::sort(entries, {}, &Entry::name);
  return entries;
}

/// The folders from the one that is listed down to the current one.
using Way = std::vector<std::pair<dev_t, ino_t>>;

bool leads_back(const Way& way, const struct stat& status) {
  return std::ranges::find(way, std::pair(status.st_dev, status.st_ino)) != way.end();
}

Way way_to(const std::string& folder) {
  struct stat status{};
  if (stat(folder.c_str(), &status) != 0) return {};
  return {{status.st_dev, status.st_ino}};
}

void append_tree(const std::string& path, const std::string& key_prefix,
                 std::string_view name_prefix, Way& way, std::vector<ObjectInfo>& found) {
  for (const Entry& entry : entries_of(path, name_prefix)) {
    if (!entry.is_folder()) {
      found.push_back(info_of(key_prefix + entry.name, entry.status));
    } else if (!leads_back(way, entry.status)) {
      way.emplace_back(entry.status.st_dev, entry.status.st_ino);
      append_tree(path + "/" + entry.name.substr(0, entry.name.size() - 1), key_prefix + entry.name,
                  "", way, found);
      way.pop_back();
    }
  }
}

/// Goes down only until the first file. An unreadable folder counts as one that does: whoever lists
/// it gets the error.
bool holds_an_object(const std::string& path, Way& way) try {
  const OpenFolder folder = open_folder(path);
  if (!folder) return false;
  while (const char* name = next_name(folder.get(), path)) {
    struct stat status{};
    if (!read_status(folder.get(), path, name, status)) continue;
    if (S_ISREG(status.st_mode)) return true;
    if (leads_back(way, status)) continue;
    way.emplace_back(status.st_dev, status.st_ino);
    const bool holds = holds_an_object(path + "/" + name, way);
    way.pop_back();
    if (holds) return true;
  }
  return false;
} catch (const Error& error) {
  if (error.kind() == ErrorKind::kPermissionDenied) return true;
  throw;
}

}  // namespace

std::vector<ObjectInfo> list_tree(const std::string& folder, std::string_view key_prefix,
                                  std::string_view name_prefix) {
  std::vector<ObjectInfo> found;
  Way way = way_to(folder);
  append_tree(folder, std::string(key_prefix), name_prefix, way, found);
  return found;
}

Listing list_folder(const std::string& folder, std::string_view key_prefix) {
  Listing listing;
  Way way = way_to(folder);
  for (const Entry& entry : entries_of(folder, "")) {
    std::string key = std::string(key_prefix) + entry.name;
    if (!entry.is_folder()) {
      listing.objects.push_back(info_of(std::move(key), entry.status));
    } else if (!leads_back(way, entry.status) && holds_an_object(folder + "/" + entry.name, way)) {
      listing.folders.push_back(std::move(key));
    }
  }
  return listing;
}

}  // namespace finops::local
