#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "finops/core/byte_stream.h"
#include "finops/core/error.h"
#include "finops/stores/object_store.h"

namespace finops::local {

/// An open file of the system; closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// open(2), again when a signal came in between; empty, with errno set, when it failed.
Descriptor open_descriptor(const std::string& path, int flags, mode_t mode = 0);

/// What errno says of a file that stands for a key: as error_from_errno, except that a name that a
/// file system cannot hold (a file where a folder would be needed, or the reverse, a name that is
/// too long) is kUnsupported.
Error file_error(int number, std::string_view tried, const std::string& path);

/// Size, modification time in nanoseconds and inode.
std::string etag_of(const struct stat& status);
ObjectInfo info_of(std::string key, const struct stat& status);

/// Makes the names in a folder durable.
void sync_folder(const std::string& folder);

/// A regular file for reading. Compares the ETag at each read with that of the opening, because
/// others may write in place: kConflict then, so that nobody takes a torn object for a whole one.
std::unique_ptr<ByteReader> open_reader(const std::string& path, const ReadOptions& options);

/// A file that has no final name yet. It is written, then published once, durably, by one of the
/// two calls; destroyed before that, it leaves nothing behind. Where the file system allows, it has
/// no name at all until then, so that not even a killed process leaves something; else its name
/// begins with kPartialPrefix. One thread at a time.
class UnpublishedFile {
 public:
  static constexpr std::string_view kPartialPrefix = ".finops-partial-";

  /// In the folder of `target`, which must exist: kNotFound otherwise.
  UnpublishedFile(std::string target, bool nameless);
  ~UnpublishedFile();
  UnpublishedFile(const UnpublishedFile&) = delete;
  UnpublishedFile& operator=(const UnpublishedFile&) = delete;

  void write(std::span<const std::byte> bytes);
  /// All of another file, without taking the bytes through this process where the system can.
  void append_file(const Descriptor& source, const std::string& source_path);

  void publish_new();  // kAlreadyExists when the name is taken
  void publish_replacing();

 private:
  void make_durable();
  void link_as(const std::string& path);  // kAlreadyExists when the name is taken
  void after_publication();
  std::string fresh_partial_path() const;

  const std::string target_;
  std::string partial_path_;  // empty: it has no name
  Descriptor file_;
  std::uint64_t written_ = 0, flushed_ = 0;
};

}  // namespace finops::local
