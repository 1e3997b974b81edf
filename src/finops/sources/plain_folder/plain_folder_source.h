#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/sources/billing_source.h"
#include "finops/stores/object_store.h"
#include "finops/tabular/bill_layout.h"

namespace finops {

/// A kind of bill as people name it: "cur", "focus".
struct BillKind {
  std::string name;
  const ColumnDictionary* dictionary = nullptr;
};

/// Where the files lie, and what was told of them. What was not is found out.
struct PlainFolderOptions {
  std::string location;  // a URI, for people and for the ledger: "s3://bucket/a/b"
  /// Of the keys: the folder, with or without a slash at its end; empty: all of the store; or the
  /// key of the only file.
  std::string prefix;
  std::string manifest_prefix;  // of keys: where else their manifest would lie; may be empty
  std::vector<BillKind> kinds;  // that there are
  std::string told_kind;        // the name of one of them
  std::set<BillFormat> told_formats;
  std::optional<BillingPeriod> told_period;
  bool is_recursive = false;  // the files of all folders together are one bill
};

/// Files of a bill without a manifest: one delivery, of one month. Which files, what they are and
/// of which month is told or unambiguous, else discover() throws; README.md says the rules. The
/// version is "f-<16 hex>" of the files' keys, sizes and ETags.
std::unique_ptr<BillingSource> make_plain_folder_source(std::shared_ptr<ObjectStore> store,
                                                        PlainFolderOptions options);

}  // namespace finops
