#include "finops/pipeline/staged_bucket.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "finops/core/error.h"
#include "finops/pipeline/folder_output.h"
#include "finops/pipeline/staging_mark.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

struct StagedObject {
  ObjectInfo info;
  std::string path;
};

class FilePart : public ByteReader {
 public:
  FilePart(std::unique_ptr<RandomAccessBytes> file, std::uint64_t begin, std::uint64_t end)
      : file_(std::move(file)), at_(begin), end_(end) {}
  std::size_t read(std::span<std::byte> out) override {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), end_ - at_));
    file_->read_at(at_, out.first(n));
    at_ += n;
    return n;
  }

 private:
  const std::unique_ptr<RandomAccessBytes> file_;
  std::uint64_t at_;
  const std::uint64_t end_;
};

class StagedBucket : public ObjectStore {
 public:
  StagedBucket(const std::string& staging_folder, const std::string& source) {
    std::error_code code;
    for (const auto& period : fs::directory_iterator(fs::path(staging_folder) / source, code)) {
      for (const auto& delivery : fs::directory_iterator(period.path(), code)) {
        const auto mark = read_staging_mark(delivery.path().string());
        if (mark && mark->is_complete) add(*mark, delivery.path());
      }
    }
  }

  std::vector<ObjectInfo> list(std::string_view prefix) override {
    std::vector<ObjectInfo> found;
    for (auto at = objects_.lower_bound(prefix); at != objects_.end(); ++at) {
      if (!at->first.starts_with(prefix)) break;
      found.push_back(at->second.info);
    }
    return found;
  }

  Listing list_level(std::string_view prefix) override {
    Listing level;
    for (ObjectInfo& object : list(prefix)) {
      const std::size_t slash = object.key.find('/', prefix.size());
      if (slash == std::string::npos) {
        level.objects.push_back(std::move(object));
        continue;
      }
      std::string folder = object.key.substr(0, slash + 1);
      if (level.folders.empty() || level.folders.back() != folder) {
        level.folders.push_back(std::move(folder));
      }
    }
    return level;
  }

  std::optional<ObjectInfo> stat(std::string_view key) override {
    const auto found = objects_.find(key);
    if (found == objects_.end()) return std::nullopt;
    return found->second.info;
  }

  std::unique_ptr<ByteReader> open(std::string_view key, const ReadOptions& options) override {
    const auto found = objects_.find(key);
    auto file = found == objects_.end() ? nullptr : open_file_if_there(found->second.path);
    if (!file) {
      throw Error(ErrorKind::kNotFound, "'" + std::string(key) + "' is not staged");
    }
    const ObjectInfo& info = found->second.info;
    if (!options.expected_etag.empty() && options.expected_etag != info.etag) {
      throw Error(ErrorKind::kConflict, "'" + info.key + "' is staged in another version");
    }
    if (file->size() != info.size) {
      throw Error(ErrorKind::kInvalidData,
                  "'" + found->second.path + "' has " + std::to_string(file->size()) +
                      " bytes instead of " + std::to_string(info.size) +
                      ": it was changed after the download; remove its folder and extract again");
    }
    const std::uint64_t begin = std::min(options.offset, info.size);
    const std::uint64_t length = std::min(options.length.value_or(UINT64_MAX), info.size - begin);
    return std::make_unique<FilePart>(std::move(file), begin, begin + length);
  }

  void put(std::string_view, std::span<const std::byte>) override { refuse(); }
  std::unique_ptr<ByteWriter> create(std::string_view) override { refuse(); }
  void copy(std::string_view, std::string_view) override { refuse(); }
  void remove(std::string_view) override { refuse(); }

 private:
  [[noreturn]] static void refuse() {
    throw Error(ErrorKind::kUnsupported, "the staging area is only read");
  }

  void add(const StagingMark& mark, const fs::path& folder) {
    for (const StagedFile& file : mark.files) {
      StagedObject object{file.object, (folder / file.name).string()};
      auto [known, is_new] = objects_.try_emplace(file.object.key, object);
      // An overwriting export has one key for all its versions.
      const bool is_newer = !is_new && object.info.last_modified > known->second.info.last_modified;
      if (is_newer) known->second = std::move(object);
    }
  }

  std::map<std::string, StagedObject, std::less<>> objects_;
};

}  // namespace

std::shared_ptr<ObjectStore> open_staged_bucket(const std::string& staging_folder,
                                                const std::string& source) {
  return std::make_shared<StagedBucket>(staging_folder, source);
}

}  // namespace finops
