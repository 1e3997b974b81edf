#pragma once

#include <vector>

#include "finops/core/billing_period.h"
#include "finops/sources/plain_folder/plain_folder_source.h"
#include "finops/stores/object_store.h"

namespace finops::plain_folder {

/// What the files are, by their headers and first rows.
struct BillContents {
  const ColumnDictionary* dictionary = nullptr;
  BillingPeriod period{2000, 1};
};

/// Reads the beginning of each file. Throws kInvalidData when kind or period are neither told nor
/// plain to see, when files differ in them, or when they are others than told.
BillContents look_into(const std::shared_ptr<ObjectStore>& store,
                       const std::vector<ObjectInfo>& files, const PlainFolderOptions& options);

}  // namespace finops::plain_folder
