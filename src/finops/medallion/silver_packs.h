#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "finops/medallion/dataset_report.h"
#include "finops/medallion/landing.h"

namespace finops::medallion {

/// The rows of some landing files in silver and quarantine: one data file of quarantine, and of
/// silver one for each partition, made together and proved together. A changed landing file costs
/// the work of its pack, not of the dataset.
struct Pack {
  std::map<std::string, std::string> files;            // landing file: version_of() it
  std::set<std::string> silver_keys, quarantine_keys;  // of the lake's store; none without rows
  RowCounts counts;
};

/// Changes whenever the file is loaded again.
std::string version_of(const LandedFile& file);

struct PackPlan {
  std::vector<Pack> stay;
  std::vector<Pack> go;                       // some file of theirs is not as it was
  std::vector<std::vector<LandedFile>> make;  // files of the packs to come
  std::set<std::string> changed_files;        // new, changed and gone ones
};

/// What to do so that the packs hold these landing files. Packs with a file of `also` are made
/// anew too. New packs have at most kPackRows rows, unless one file has more.
/// Where many small ones have gathered, they are made one.
inline constexpr std::int64_t kPackRows = 250'000;
inline constexpr std::size_t kMostSmallPacks = 50;
PackPlan plan_packs(const std::vector<Pack>& packs, const std::vector<LandedFile>& landed,
                    const std::set<std::string>& also);

/// The counts of all packs, as the dataset's.
RowCounts total_of(const std::vector<Pack>& packs);

std::string packs_to_json(const std::vector<Pack>& packs);
/// kInvalidData for a text that is none.
std::vector<Pack> packs_from_json(const std::string& json);

}  // namespace finops::medallion
