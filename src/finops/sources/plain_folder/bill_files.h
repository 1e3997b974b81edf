#pragma once

#include <string>
#include <vector>

#include "finops/sources/plain_folder/plain_folder_source.h"
#include "finops/stores/object_store.h"

namespace finops::plain_folder {

/// Which objects of a place are the bill.
struct BillFiles {
  std::vector<ObjectInfo> files;   // in the order of their keys; one at least
  std::vector<std::string> notes;  // on those that are not taken
};

/// Lists the place and chooses. Throws kNotFound when no file can be a bill's, kInvalidData when
/// several choices are possible or AWS's manifest lies there; the messages say what to do.
BillFiles find_bill_files(ObjectStore& store, const PlainFolderOptions& options);

/// "f-<16 hex>": another one whenever a file comes, goes or changes.
std::string version_of_files(const std::vector<ObjectInfo>& files);

/// "'a', 'b' and 7 more"
std::string named(const std::vector<std::string>& names);

}  // namespace finops::plain_folder
