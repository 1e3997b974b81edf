#include "finops/pipeline/staged_delivery.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <map>
#include <mutex>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/pipeline/file_bytes.h"
#include "finops/pipeline/folder_output.h"

namespace finops {
namespace {

namespace fs = std::filesystem;

/// What is not wholly there yet has this behind its name.
constexpr const char* kPartial = ".part";

/// Each has several ranges on their way, once it is long.
constexpr std::size_t kDownloadsAtOnce = 4;

std::uint64_t size_of(const std::string& path) {
  std::error_code code;
  const auto size = fs::file_size(path, code);
  return code ? 0 : size;
}

/// An open file; closed with its owner.
class File {
 public:
  File(std::string path, int flags) : path_(std::move(path)) {
    number_ = ::open(path_.c_str(), flags | O_CLOEXEC, 0644);
    if (number_ < 0) throw error_from_errno(errno, "open", path_);
  }
  ~File() { ::close(number_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::size_t read(std::span<std::byte> out) const {
    for (;;) {
      const ssize_t n = ::read(number_, out.data(), out.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) throw error_from_errno(errno, "read", path_);
    }
  }

  void write(std::span<const std::byte> bytes) const { write_all(number_, bytes, path_); }

  /// Durable, and from then on under its final name.
  void publish(const std::string& path) const {
    if (::fsync(number_) != 0) throw error_from_errno(errno, "write to disk", path_);
    if (std::rename(path_.c_str(), path.c_str()) != 0) {
      throw error_from_errno(errno, "rename to", path);
    }
  }

 private:
  const std::string path_;
  int number_ = -1;
};

class WholeFileReader : public ByteReader {
 public:
  explicit WholeFileReader(const std::string& path) : file_(path, O_RDONLY) {}
  std::size_t read(std::span<std::byte> out) override { return file_.read(out); }

 private:
  const File file_;
};

/// First what an earlier download left, then the rest from the bucket, which it keeps.
class KeepingReader : public ByteReader {
 public:
  KeepingReader(std::shared_ptr<ObjectStore> bucket, ObjectInfo object, std::string path)
      : bucket_(std::move(bucket)),
        object_(std::move(object)),
        path_(std::move(path)),
        file_(path_ + kPartial, O_CREAT | O_RDWR) {}

  std::size_t read(std::span<std::byte> out) override {
    if (is_done_ || out.empty()) return 0;
    if (!rest_) {
      const std::size_t n = file_.read(out);
      at_ += n;
      if (n > 0) return n;
      if (at_ > 0 && at_ == object_.size) {
        finish();
        return 0;
      }
      // The end of what is there is where writing goes on.
      rest_ = bucket_->open(object_.key, {.offset = at_, .expected_etag = object_.etag});
    }
    const std::size_t n = rest_->read(out);
    if (n == 0) {
      finish();
      return 0;
    }
    file_.write(out.first(n));
    at_ += n;
    return n;
  }

 private:
  void finish() {
    is_done_ = true;
    if (at_ != object_.size) {
      throw Error(ErrorKind::kInvalidData, "'" + object_.key + "' ended after " +
                                               std::to_string(at_) + " of " +
                                               std::to_string(object_.size) + " bytes");
    }
    file_.publish(path_);
  }

  const std::shared_ptr<ObjectStore> bucket_;
  const ObjectInfo object_;
  const std::string path_;
  const File file_;
  std::uint64_t at_ = 0;
  std::unique_ptr<ByteReader> rest_;
  bool is_done_ = false;
};

/// The last part of its key; with a number where two keys have the same.
std::string name_for(const std::string& key, std::map<std::string, int>& taken) {
  std::string name = key.substr(key.rfind('/') + 1);
  if (name.empty() || name == "." || name == ".." || name == StagingMark::kFileName ||
      name.ends_with(kPartial) || name.size() > 200) {
    name = "file";
  }
  const int times = ++taken[name];
  return times == 1 ? name : std::to_string(times) + "-" + name;
}

ObjectInfo manifest_of(const Delivery& delivery, ObjectStore& bucket) {
  const auto found = bucket.stat(delivery.manifest_key);
  if (found && found->etag == delivery.manifest_etag) return *found;
  throw Error(ErrorKind::kConflict,
              "'" + delivery.manifest_key +
                  "' changed since it was read: a newer version is being delivered. Nothing was "
                  "done; run the same command again");
}

bool is_same_object(const StagedFile& one, const StagedFile& other) {
  return one.name == other.name && one.object.key == other.object.key &&
         one.object.etag == other.object.etag && one.object.size == other.object.size;
}

}  // namespace

StagedDelivery::StagedDelivery(const std::string& staging_folder, const std::string& source,
                               const Delivery& delivery, const std::vector<ObjectInfo>& objects,
                               std::shared_ptr<ObjectStore> bucket)
    : bucket_(std::move(bucket)) {
  mark_.source = source;
  mark_.billing_period = delivery.period.to_string();
  mark_.execution_id = delivery.version;
  folder_ =
      (fs::path(staging_folder_of(staging_folder, source, mark_.billing_period)) / delivery.version)
          .string();
  std::map<std::string, int> taken;
  if (delivery.has_manifest) {
    const ObjectInfo manifest = manifest_of(delivery, *bucket_);
    mark_.files.push_back({manifest, name_for(manifest.key, taken)});
  }
  for (const ObjectInfo& object : objects) {
    mark_.files.push_back({object, name_for(object.key, taken)});
  }
  std::error_code code;
  fs::create_directories(folder_, code);
  if (code) throw error_from_errno(code.value(), "create the folder", folder_);
  forget_other_versions();
  if (mark_.is_complete) return;
  require_space();
  write_staging_mark(folder_, mark_);
}

void StagedDelivery::forget_other_versions() {
  const auto before = read_staging_mark(folder_);
  bool is_all_there = before && before->is_complete;
  for (const StagedFile& file : mark_.files) {
    const bool is_known =
        before && std::ranges::any_of(before->files, [&](const StagedFile& known) {
          return is_same_object(known, file);
        });
    const std::string path = path_of(file);
    std::error_code ignored;
    if (!is_known || size_of(path) != file.object.size) fs::remove(path, ignored);
    if (!is_known || size_of(path + kPartial) > file.object.size) {
      fs::remove(path + kPartial, ignored);
    }
    is_all_there = is_all_there && fs::exists(path, ignored);
  }
  mark_.is_complete = is_all_there;
}

std::uint64_t StagedDelivery::present_bytes() const {
  std::uint64_t bytes = 0;
  for (const StagedFile& file : mark_.files) {
    bytes += size_of(path_of(file)) + size_of(path_of(file) + kPartial);
  }
  return bytes;
}

void StagedDelivery::require_space() const {
  std::uint64_t needed = 0;
  for (const StagedFile& file : mark_.files) needed += file.object.size;
  needed -= std::min(needed, present_bytes());
  std::error_code code;
  const auto space = fs::space(folder_, code);
  if (code || space.available >= needed) return;
  throw Error(ErrorKind::kNoSpace,
              "staging in '" + folder_ + "' needs " + std::to_string(needed) + " bytes and " +
                  std::to_string(space.available) +
                  " are free; make room, set another staging_dir, or keep_staging = false");
}

const StagedFile& StagedDelivery::file_of(const ObjectInfo& object) const {
  for (const StagedFile& file : mark_.files) {
    if (file.object.key == object.key && file.object.etag == object.etag) return file;
  }
  throw Error(ErrorKind::kInternal, "'" + object.key + "' is no file of the staged delivery");
}

std::unique_ptr<ByteReader> StagedDelivery::open(const ObjectInfo& object) {
  const StagedFile& file = file_of(object);
  const std::string path = path_of(file);
  if (fs::exists(path)) return std::make_unique<WholeFileReader>(path);
  return std::make_unique<KeepingReader>(bucket_, file.object, path);
}

std::unique_ptr<RandomAccessBytes> StagedDelivery::open_random(const ObjectInfo& object) {
  return open_file_if_there(path_of(file_of(object)));
}

void StagedDelivery::download(const std::function<void(std::uint64_t)>& on_bytes,
                              std::stop_token stop) {
  std::mutex mutex;
  for_each_at_once(mark_.files.size(), kDownloadsAtOnce, [&](std::size_t i) {
    const StagedFile& file = mark_.files[i];
    if (fs::exists(path_of(file))) return;
    KeepingReader reader(bucket_, file.object, path_of(file));
    std::vector<std::byte> buffer(1 << 20);
    while (const std::size_t n = reader.read(buffer)) {
      if (stop.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
      const std::lock_guard lock(mutex);
      if (on_bytes) on_bytes(n);
    }
  });
}

void StagedDelivery::complete(std::stop_token stop) {
  if (!mark_.is_complete) {
    download(nullptr, std::move(stop));
    mark_.is_complete = true;
    write_staging_mark(folder_, mark_);
  }
  remove_older_deliveries();
}

void StagedDelivery::discard() noexcept {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void StagedDelivery::remove_older_deliveries() const {
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(fs::path(folder_).parent_path(), code)) {
    // Only what is ours: a folder with a mark of another delivery.
    if (entry.path() == fs::path(folder_) || !read_staging_mark(entry.path().string())) continue;
    std::error_code ignored;
    fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace finops
