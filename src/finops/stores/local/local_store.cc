#include "finops/stores/local/local_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <set>
#include <string>
#include <utility>

#include "finops/core/error.h"
#include "finops/stores/local/local_file.h"
#include "finops/stores/local/local_listing.h"

namespace finops {
namespace {

using local::Descriptor;
using local::file_error;
using local::UnpublishedFile;

constexpr std::size_t kWriteBuffer = 256 << 10;

std::string parent_of(const std::string& folder) {
  const auto slash = folder.rfind('/');
  return slash == 0 ? "/" : folder.substr(0, slash);
}

/// Why a folder cannot hold this key, or its part up to the last '/'; empty when it can.
std::string_view objection_to(std::string_view key) {
  if (key.starts_with('/')) return "it begins with '/'";
  if (key.find('\0') != key.npos) return "it has a NUL byte";
  for (std::size_t at = 0; at <= key.size();) {
    const std::size_t end = std::min(key.find('/', at), key.size());
    const std::string_view name = key.substr(at, end - at);
    if (name.empty()) return "it has an empty name between slashes, or at its end";
    if (name == "." || name == "..") return "it has '.' or '..' as a name";
    if (name.starts_with(UnpublishedFile::kPartialPrefix))
      return "the name is kept for unfinished files";
    at = end + 1;
  }
  return "";
}

/// Small writes are gathered; large ones go straight through.
class LocalWriter : public ByteWriter {
 public:
  explicit LocalWriter(std::unique_ptr<UnpublishedFile> file) : file_(std::move(file)) {}

  void write(std::span<const std::byte> bytes) override {
    if (buffer_.size() + bytes.size() > kWriteBuffer) flush();
    if (bytes.size() >= kWriteBuffer) {
      file_->write(bytes);
    } else {
      buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    }
  }

  void finish() override {
    flush();
    file_->publish_new();
  }

 private:
  void flush() {
    file_->write(buffer_);
    buffer_.clear();
  }

  std::unique_ptr<UnpublishedFile> file_;
  std::vector<std::byte> buffer_;
};

class LocalStore : public ObjectStore {
 public:
  LocalStore(std::string root, bool nameless_files)
      : root_(std::move(root)), nameless_files_(nameless_files) {}

  std::vector<ObjectInfo> list(std::string_view prefix) override {
    const std::size_t names = prefix.rfind('/') + 1;  // 0 when there is no '/'
    return local::list_tree(folder_of_prefix(prefix.substr(0, names)), prefix.substr(0, names),
                            prefix.substr(names));
  }

  Listing list_level(std::string_view prefix) override {
    if (!prefix.empty() && !prefix.ends_with('/')) {
      throw Error(ErrorKind::kInternal, "a level was asked for by '" + std::string(prefix) +
                                            "', which does not end in '/'");
    }
    return local::list_folder(folder_of_prefix(prefix), prefix);
  }

  std::optional<ObjectInfo> stat(std::string_view key) override {
    const std::string path = path_of(key);
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
      throw file_error(errno, "cannot examine", path);
    }
    if (!S_ISREG(status.st_mode)) return std::nullopt;
    return local::info_of(std::string(key), status);
  }

  std::unique_ptr<ByteReader> open(std::string_view key, const ReadOptions& options) override {
    return local::open_reader(path_of(key), options);
  }

  void put(std::string_view key, std::span<const std::byte> content) override {
    const auto file = unpublished(key);
    file->write(content);
    file->publish_replacing();
  }

  std::unique_ptr<ByteWriter> create(std::string_view key) override {
    return std::make_unique<LocalWriter>(unpublished(key));
  }

  void copy(std::string_view from, std::string_view to) override {
    const std::string path = path_of(from);
    const Descriptor source = local::open_descriptor(path, O_RDONLY | O_NONBLOCK);
    if (!source && errno == ENOTDIR) errno = ENOENT;
    if (!source) throw file_error(errno, "cannot copy", path);
    if (!stat(from)) throw file_error(ENOENT, "cannot copy", path);
    const auto file = unpublished(to);
    file->append_file(source, path);
    file->publish_new();
  }

  void remove(std::string_view key) override {
    const std::string path = path_of(key);
    if (unlink(path.c_str()) != 0) {
      // A folder is no object: there is nothing of this key to remove.
      if (errno == ENOENT || errno == ENOTDIR || errno == EISDIR) return;
      throw file_error(errno, "cannot remove", path);
    }
    local::sync_folder(parent_of(path));
  }

 private:
  std::string path_of(std::string_view key) const {
    refuse_if(objection_to(key), key);
    return root_ + "/" + std::string(key);
  }

  std::string folder_of_prefix(std::string_view prefix) const {
    if (prefix.empty()) return root_;
    const std::string_view folder = prefix.substr(0, prefix.size() - 1);
    refuse_if(objection_to(folder), prefix);
    return root_ + "/" + std::string(folder);
  }

  void refuse_if(std::string_view objection, std::string_view key) const {
    if (objection.empty()) return;
    throw Error(ErrorKind::kUnsupported, "'" + std::string(key) + "' cannot name a file below '" +
                                             root_ + "': " + std::string(objection));
  }

  std::unique_ptr<UnpublishedFile> unpublished(std::string_view key) {
    const std::string path = path_of(key);
    const std::string folder = parent_of(path);
    make_folder(folder);
    if (struct stat status{}; ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
      throw file_error(EISDIR, "cannot write", path);
    }
    try {
      return std::make_unique<UnpublishedFile>(path, nameless_files_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kNotFound) throw;
    }
    {  // Somebody removed the folder since we made it.
      const std::lock_guard lock(mutex_);
      durable_folders_.clear();
    }
    make_folder(folder);
    return std::make_unique<UnpublishedFile>(path, nameless_files_);
  }

  /// The folder and those above it, with their names durable. A folder that is found is synced too,
  /// once: whoever made it may not have come so far yet.
  void make_folder(const std::string& folder) {
    {
      const std::lock_guard lock(mutex_);
      if (durable_folders_.contains(folder)) return;
    }
    const bool is_below_root = folder.size() > root_.size();
    if (is_below_root) make_folder(parent_of(folder));
    int made = mkdir(folder.c_str(), 0777);
    if (made != 0 && errno == ENOENT) {
      make_folder(parent_of(folder));
      made = mkdir(folder.c_str(), 0777);
    }
    if (made != 0 && errno != EEXIST) throw file_error(errno, "cannot make the folder", folder);
    if (made == 0 || is_below_root) local::sync_folder(parent_of(folder));
    const std::lock_guard lock(mutex_);
    durable_folders_.insert(folder);
  }

  const std::string root_;  // absolute, without a '/' at its end
  const bool nameless_files_;
  std::mutex mutex_;
  std::set<std::string> durable_folders_;
};

void require_folder(const std::string& root) {
  struct stat status{};
  if (stat(root.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR)
      throw file_error(errno, "cannot read the folder", root);
    throw Error(ErrorKind::kNotFound, "there is no folder '" + root + "'; check the path");
  }
  if (!S_ISDIR(status.st_mode)) {
    throw Error(ErrorKind::kNotFound,
                "'" + root + "' is not a folder; give the folder that holds it");
  }
}

}  // namespace

std::unique_ptr<ObjectStore> make_local_store(const std::filesystem::path& root,
                                              const LocalStoreOptions& options) {
  std::string path = std::filesystem::absolute(root).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  if (options.must_exist) require_folder(path);
  return std::make_unique<LocalStore>(std::move(path), options.nameless_files);
}

}  // namespace finops
