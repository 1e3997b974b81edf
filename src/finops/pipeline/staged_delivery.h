#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/pipeline/staging_mark.h"
#include "finops/sources/billing_source.h"

namespace finops {

/// One delivery on its way into the staging area, or in it already:
/// <staging_dir>/<source>/<billing_period>/<execution_id>/. Reading an object through it keeps what
/// was read, so that bytes come over the network once and touch the disk once; a killed download
/// goes on where it was. Under the lock of its (source, period); one thread at a time, except that
/// several objects may be opened and read at once.
class StagedDelivery {
 public:
  /// Makes the folder ready: what is in it of other versions of these objects goes away. kNoSpace
  /// when the disk cannot take what is missing.
  StagedDelivery(const std::string& staging_folder, const std::string& source,
                 const Delivery& delivery, const std::vector<ObjectInfo>& objects,
                 std::shared_ptr<ObjectStore> bucket);

  const std::string& folder() const { return folder_; }
  bool is_complete() const { return mark_.is_complete; }
  /// Bytes that are there already.
  std::uint64_t present_bytes() const;

  /// The whole object, from the folder as far as it is there, then from the bucket.
  std::unique_ptr<ByteReader> open(const ObjectInfo& object);
  /// The whole object when all of it is in the folder, else nothing.
  std::unique_ptr<RandomAccessBytes> open_random(const ObjectInfo& object);
  /// Everything that is missing, several files at once. `on_bytes` is told how many came, by one
  /// thread at a time.
  void download(const std::function<void(std::uint64_t)>& on_bytes, std::stop_token stop);

  /// All is there: downloads what nobody read to its end, marks the folder complete and removes
  /// older deliveries of the same (source, period).
  void complete(std::stop_token stop);
  /// What is there is not right: it is removed, so that the next run gets it again.
  void discard() noexcept;

 private:
  void forget_other_versions();
  void require_space() const;
  std::string path_of(const StagedFile& file) const { return folder_ + "/" + file.name; }
  const StagedFile& file_of(const ObjectInfo& object) const;
  void remove_older_deliveries() const;

  const std::shared_ptr<ObjectStore> bucket_;
  std::string folder_;
  StagingMark mark_;
};

}  // namespace finops
