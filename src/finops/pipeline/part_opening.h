#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "finops/pipeline/staged_delivery.h"
#include "finops/stores/object_store.h"
#include "finops/tabular/bill_layout.h"

namespace finops {

/// Where the bytes of a delivery's files come from.
struct PartPlace {
  std::shared_ptr<ObjectStore> bucket;
  bool is_remote = false;            // of the bucket: jumping through it costs requests
  StagedDelivery* staged = nullptr;  // keeps what is read; outlives the parts
  std::string spool_folder;          // for Parquet of a remote bucket that is not staged
};

/// The bytes of a delivery's file from its beginning, pinned to the object's ETag.
std::unique_ptr<ByteReader> open_object(const PartPlace& place, const ObjectInfo& object);

/// A file of a delivery for the readers. Of
/// Parquet from a remote bucket, open() keeps the bytes in the staged copy, or in a file of the
/// spool folder that has no name and goes away with the part, for open_random() to jump through.
BillPart part_of_delivery(const PartPlace& place, const ObjectInfo& object);

/// The files of a delivery for who reads all headers first, then the files. What was read of a file
/// the first time is not asked for again, as long as it is no more than a header's and all of it
/// fits into `memory_bytes`; what is staged, or on this machine anyway, takes none.
std::vector<BillPart> parts_of_delivery(const PartPlace& place,
                                        const std::vector<ObjectInfo>& objects,
                                        std::uint64_t memory_bytes);

}  // namespace finops
