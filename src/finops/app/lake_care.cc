#include "finops/app/lake_care.h"

#include <algorithm>
#include <utility>

#include "finops/app/lake_queries.h"
#include "finops/app/lake_session.h"
#include "finops/core/error.h"

namespace finops {
namespace {

LakeExpiry expire(const Configuration& configuration, bool dry_run) {
  const LakeSession session(configuration);
  const OpenLake& lake = session.lake;
  const KeptPast kept{configuration.lake.keep_days, configuration.lake.keep_versions};
  LakeExpiry expiry = expire_lake(*lake.tables, kept, system_clock(), dry_run);
  // Some views name a table's metadata file.
  if (!dry_run) publish_lake_views(lake, configuration);
  return expiry;
}

/// A file that is missing is found twice, and told once.
void add_new(const std::vector<lake::LakeProblem>& found, std::vector<lake::LakeProblem>& all) {
  for (const auto& problem : found) {
    const bool is_known = std::ranges::any_of(all, [&](const lake::LakeProblem& known) {
      return known.table == problem.table && (problem.file.empty() || known.file == problem.file);
    });
    if (!is_known) all.push_back(problem);
  }
}

LakeCheckReport check(const Configuration& configuration, const LakeCheckRequest& request,
                      const std::stop_token& stop) {
  const LakeSession session(configuration, stop);
  const OpenLake& lake = session.lake;
  const lake::LakePaths paths(lake.root_uri);
  LakeCheckReport report{.check = lake::check_lake(*lake.store, paths, *lake.catalog)};
  if (request.is_deep) {
    report.deep = check_deep(*lake.tables, stop);
    add_new(report.deep->problems, report.check.problems);
  }
  if (request.remove_orphans_older_than) {
    report.removed = lake::remove_orphans(*lake.store, paths, *lake.catalog, system_clock(),
                                          report.check, *request.remove_orphans_older_than);
  }
  return report;
}

RelocationReport relocate(const Configuration& configuration, const std::string& from,
                          bool dry_run) {
  const LakeSession session(configuration);
  const OpenLake& lake = session.lake;
  const lake::LakePaths former(root_uri_of(from));
  const lake::LakePaths paths(lake.root_uri, former.root());
  RelocationReport report{.is_dry_run = dry_run, .from = former.root(), .to = paths.root()};
  if (report.from == report.to) {
    throw Error(ErrorKind::kUsage, "--from is where the lake is now: " + report.to +
                                       ". Set lake_dir to the new place first");
  }
  report.tables = lake::relocate_lake(*lake.store, paths, *lake.catalog, system_clock(), dry_run);
  if (!dry_run) publish_lake_views(lake, configuration);
  return report;
}

CatalogRestoration restore(const Configuration& configuration,
                           const std::map<std::string, std::string>& choices, bool dry_run) {
  const LakeSession session(configuration);
  const OpenLake& lake = session.lake;
  CatalogRestoration restoration =
      restore_catalog({lake.store, lake.root_uri, lake.catalog}, system_clock(), choices, dry_run);
  const bool can_be_read = !dry_run && restoration.former_root.empty();
  if (can_be_read) publish_lake_views(lake, configuration);
  return restoration;
}

}  // namespace

void wire_lake_care(Services& services) {
  services.expire_lake = expire;
  services.check_lake = check;
  services.relocate_lake = relocate;
  services.restore_catalog = restore;
}

}  // namespace finops
