#pragma once

#include <memory>
#include <string>

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

}  // namespace finops
