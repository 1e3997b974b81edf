#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/billing_period.h"
#include "finops/core/clock.h"
#include "finops/core/error.h"
#include "finops/core/table_schema.h"

namespace finops {

/// A provider's own columns: which names mean the same one, and what they hold. Immutable.
class ColumnDictionary {
 public:
  virtual ~ColumnDictionary() = default;

  /// Name in the lake of the provider's own column that `exact_name` is a form of, whatever the
  /// case; nothing for names that the provider does not give (tags, aliases).
  virtual std::optional<std::string> column_of(std::string_view exact_name) const = 0;
  /// Its type: the dictionary's, else as `told_type` says, else text.
  virtual ColumnType type_of(std::string_view exact_name, std::string_view told_type) const = 0;
  /// How a column that is not the provider's own is called in the lake, if the name is free.
  virtual std::string plain_name_of(std::string_view exact_name) const = 0;

  /// Columns of the lake: the currency of a row, and the cost that says how much of a delivery is
  /// in quarantine.
  virtual std::string currency_column() const = 0;
  virtual std::string cost_column() const = 0;
  /// In which every row says when its billing period begins: the first instant of the month, UTC.
  virtual std::string period_column() const = 0;
  /// Where such deliveries go unless the configuration names a table.
  virtual std::string default_table() const = 0;
};

/// A column as the manifest tells it: never complete, never in order. The header of the files says
/// which columns there are.
struct DeliveredColumn {
  std::string name;       // exact, as in the header of the files: "lineItem/UnblendedCost"
  std::string told_type;  // in the provider's words; empty when the manifest is silent
};

/// The current version of one period's bill: what one manifest says or, where there is none, what
/// lies in a folder.
struct Delivery {
  BillingPeriod period{2000, 1};
  const ColumnDictionary* dictionary = nullptr;  // of the provider's table that this is
  std::string version;  // assemblyId or executionId; without one "m-<16 hex>"; fit for file names
  /// Without one `manifest_key` is the URI of the place that the files were found in, the ETag and
  /// the time are empty, and the rows have to bear out what nobody vouches for.
  bool has_manifest = true;
  bool is_period_told = true;  // false: it is what the first rows say
  std::string manifest_key, manifest_etag;
  TimePoint manifest_modified;
  std::string layout;                    // "v1" | "v2"; empty without a manifest
  std::vector<std::string> files;        // keys of the csv.gz files, in the manifest's order
  bool files_were_listed = false;        // the manifest names none: they are what its folder holds
  std::vector<DeliveredColumn> columns;  // may be empty
  std::string account;                   // of the payer, when the manifest tells it
};

/// A manifest, or a set of them, that gives no delivery. Nothing of its period may be loaded.
struct ManifestFailure {
  std::optional<BillingPeriod> period;  // nothing: the whole export is concerned
  std::string manifest_key;
  ErrorKind kind = ErrorKind::kInvalidData;
  std::string message;  // names the file, the cause and what to do
};

struct FoundManifests {
  std::vector<Delivery> deliveries;       // by period; at most one for each
  std::vector<ManifestFailure> failures;  // by period
  /// What people may want to know and no run depends on: "20250901-20251001/ has no manifest yet".
  std::vector<std::string> notes;
  /// When the newest of the manifests that were looked at was written, also of those that give no
  /// delivery; nothing when there is none.
  std::optional<TimePoint> newest_manifest;
};

/// Months to look at; an absent end is open.
struct PeriodRange {
  std::optional<BillingPeriod> first, last;
  bool contains(BillingPeriod period) const {
    return !(first && period < *first) && !(last && period > *last);
  }
};

/// One export of a provider: where its deliveries are and what their columns mean. Reads manifests,
/// of data files at most the beginning. Safe to call from several threads.
class BillingSource {
 public:
  virtual ~BillingSource() = default;

  /// The current delivery of each period in the range. A manifest that cannot be read or understood
  /// is a failure of its period and stops no other; throws only when the export itself cannot be
  /// looked at.
  virtual FoundManifests discover(const PeriodRange& range) = 0;

  /// False when there is another delivery now: what was read meanwhile may be a mix of two
  /// versions.
  virtual bool is_unchanged(const Delivery& delivery) = 0;
};

}  // namespace finops
