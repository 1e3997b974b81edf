#include "finops/sources/aws_cur/aws_cur_source.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/sources/aws_cur/column_dictionary.h"
#include "finops/sources/aws_cur/layout.h"
#include "finops/sources/aws_cur/manifest.h"
#include "finops/sources/aws_cur/manifest_files.h"
#include "finops/sources/aws_cur/partition_listing.h"

namespace finops {

namespace {

using aws_cur::last_name;
using aws_cur::Manifest;
using aws_cur::ManifestPlace;

constexpr int kReadAttempts = 3;  // of a manifest that AWS replaces while it is read

constexpr std::size_t kAtOnce = 8;  // requests: a bucket far away answers after a while

/// A manifest that exists.
struct Candidate {
  ManifestPlace place;
  ObjectInfo info;
};

struct Candidates {
  std::map<BillingPeriod, std::vector<Candidate>> by_period;
  std::vector<std::string> notes;
  bool has_layout = false;  // folders of an export are there, whatever is in them
};

class AwsCurSource final : public BillingSource {
 public:
  AwsCurSource(std::shared_ptr<ObjectStore> store, AwsCurOptions options)
      : store_(std::move(store)), options_(std::move(options)) {
    parent_ = aws_cur::folder_prefix(options_.prefix);
    root_ = parent_ + aws_cur::folder_prefix(options_.export_name);
  }

  FoundManifests discover(const PeriodRange& range) override {
    FoundManifests found;
    Candidates candidates = look(range);
    found.notes = std::move(candidates.notes);
    if (!candidates.has_layout) found.failures.push_back(nothing_there());
    std::vector<Candidate> single;
    for (const auto& [period, manifests] : candidates.by_period) {
      for (const Candidate& one : manifests) {
        const TimePoint written = one.info.last_modified;
        found.newest_manifest = std::max(found.newest_manifest.value_or(written), written);
      }
      if (manifests.size() > 1) {
        found.failures.push_back(ambiguous(period, manifests));
      } else {
        single.push_back(manifests.front());
      }
    }
    for (ReadManifest& one : read_all_manifests(single)) {
      if (one.delivery) found.deliveries.push_back(std::move(*one.delivery));
      if (one.failure) found.failures.push_back(std::move(*one.failure));
    }
    std::ranges::stable_sort(found.failures, {}, &ManifestFailure::period);
    return found;
  }

  const ColumnDictionary& dictionary() const override { return aws_column_dictionary(); }

 private:
  bool wants(CurLayout version) const {
    return !options_.cur_version || *options_.cur_version == version;
  }
  std::string manifest_name() const { return options_.export_name + "-Manifest.json"; }

  /// One of the two.
  struct ReadManifest {
    std::optional<Delivery> delivery;
    std::optional<ManifestFailure> failure;
  };

  std::vector<ReadManifest> read_all_manifests(const std::vector<Candidate>& candidates) {
    std::vector<ReadManifest> read(candidates.size());
    for_each_at_once(candidates.size(), kAtOnce, [&](std::size_t i) {
      const ManifestPlace& place = candidates[i].place;
      try {
        read[i].delivery = delivery_of(candidates[i]);
      } catch (const Error& e) {
        if (e.kind() == ErrorKind::kCancelled) throw;
        read[i].failure = {place.period, place.key, e.kind(), e.what()};
      }
    });
    return read;
  }

  Candidates look(const PeriodRange& range) {
    Candidates found;
    std::vector<ManifestPlace> places;
    const std::vector<std::string> folders = store_->list_level(root_).folders;
    for (const std::string& folder : folders) {
      const auto period = aws_cur::period_of_range(last_name(folder));
      if (!period || !wants(CurLayout::kV1)) continue;
      found.has_layout = true;
      if (range.contains(*period)) places.push_back(place_of(folder, "v1", *period));
    }
    const std::string metadata = root_ + "metadata/";
    if (wants(CurLayout::kV2) && std::ranges::find(folders, metadata) != folders.end()) {
      for (const std::string& folder : store_->list_level(metadata).folders) {
        const auto period = aws_cur::period_of_partition(last_name(folder));
        if (!period) continue;
        found.has_layout = true;
        if (range.contains(*period)) places.push_back(place_of(folder, "v2", *period));
      }
    }
    std::vector<std::optional<ObjectInfo>> infos(places.size());
    for_each_at_once(places.size(), kAtOnce,
                     [&](std::size_t i) { infos[i] = store_->stat(places[i].key); });
    for (std::size_t i = 0; i < places.size(); ++i) consider(places[i], std::move(infos[i]), found);
    return found;
  }

  ManifestPlace place_of(const std::string& folder, const char* layout,
                         BillingPeriod period) const {
    return {folder + manifest_name(), layout, period, options_.bucket};
  }

  static void consider(const ManifestPlace& place, std::optional<ObjectInfo> info,
                       Candidates& found) {
    if (!info) {
      found.notes.push_back("'" + place.key + "' does not exist: AWS writes the manifest of " +
                            place.period->to_string() + " last, after all its files");
      return;
    }
    found.by_period[*place.period].push_back({place, std::move(*info)});
  }

  Delivery delivery_of(const Candidate& candidate) {
    const auto [json, info] = read(candidate);
    const ManifestPlace& place = candidate.place;
    Manifest manifest = aws_cur::parse_manifest(json, place);
    Delivery delivery;
    delivery.files_were_listed = !manifest.files;
    if (!manifest.files) manifest.files = listed_files(manifest, place);
    delivery.period = manifest.period;
    delivery.version =
        manifest.version.value_or(aws_cur::version_of_content(info.etag, *manifest.files));
    delivery.manifest_key = place.key;
    delivery.manifest_etag = info.etag;
    delivery.manifest_modified = info.last_modified;
    delivery.layout = place.layout;
    delivery.files = std::move(*manifest.files);
    delivery.columns = std::move(manifest.columns);
    delivery.account = std::move(manifest.account);
    return delivery;
  }

  /// The manifest's text, and the object that it is of.
  std::pair<std::string, ObjectInfo> read(const Candidate& candidate) {
    ObjectInfo info = candidate.info;
    for (int attempt = 1;; ++attempt) {
      try {
        ReadOptions options;
        options.expected_etag = info.etag;
        return {read_all(*store_, info.key, options_.manifest_limit, options), info};
      } catch (const Error& e) {
        if (e.kind() != ErrorKind::kConflict || attempt == kReadAttempts) throw;
      }
      std::optional<ObjectInfo> now = store_->stat(info.key);
      if (!now) throw Error(ErrorKind::kNotFound, "manifest '" + info.key + "' has just gone");
      info = std::move(*now);
    }
  }

  std::vector<std::string> listed_files(const Manifest& manifest, const ManifestPlace& place) {
    if (place.layout == "v1") {
      throw Error(ErrorKind::kInvalidData,
                  "manifest '" + place.key + "': it has no reportKeys, the list of its files");
    }
    const std::string folder = root_ + "data/BILLING_PERIOD=" + manifest.period.to_string() + "/";
    std::vector<std::string> files =
        aws_cur::files_of_partition(*store_, folder, manifest.version, place);
    aws_cur::require_csv_gz(files, manifest.told_format, place.key);
    return files;
  }

  ManifestFailure ambiguous(BillingPeriod period, const std::vector<Candidate>& manifests) const {
    std::string keys;
    bool is_mixed = false;
    for (const Candidate& manifest : manifests) {
      keys += (keys.empty() ? "'" : " and '") + manifest.place.key + "'";
      is_mixed |= manifest.place.layout != manifests.front().place.layout;
    }
    return {period, manifests.front().place.key, ErrorKind::kInvalidData,
            "two manifests are about " + period.to_string() + ": " + keys +
                "; both bills together would count the costs twice. " +
                (is_mixed ? "Set cur_version to v1 or v2 for this export"
                          : "Remove the one that is wrong")};
  }

  ManifestFailure nothing_there() {
    const std::vector<std::string> here = store_->list_level(root_).folders;
    const bool is_athena =
        std::ranges::find(here, root_ + aws_cur::folder_prefix(last_name(root_))) != here.end();
    if (is_athena && wants(CurLayout::kV1)) {
      return {std::nullopt, root_, ErrorKind::kUnsupported,
              "'" + root_ +
                  "' holds a report for Athena (Parquet) only; finops reads csv.gz for "
                  "now, Parquet comes in a later version"};
    }
    const char* version = !options_.cur_version                     ? ""
                          : *options_.cur_version == CurLayout::kV1 ? "v1 "
                                                                    : "v2 ";
    std::string message = std::string("no ") + version + "deliveries of export '" +
                          options_.export_name + "' below '" + root_ +
                          "': neither folders of dates (20250901-20251001) nor "
                          "metadata/BILLING_PERIOD=2025-09. Check bucket, prefix, export_name and "
                          "cur_version";
    const std::vector<std::string>& shown = here.empty() ? siblings() : here;
    message += here.empty() ? "; below the prefix there " : "; there ";
    message += shown.empty() ? "is nothing" : "are: " + joined(shown);
    return {std::nullopt, root_, ErrorKind::kNotFound, message};
  }

  std::vector<std::string> siblings() { return store_->list_level(parent_).folders; }

  static std::string joined(const std::vector<std::string>& folders) {
    constexpr std::size_t kShown = 8;
    std::string text;
    for (std::size_t i = 0; i < folders.size() && i < kShown; ++i) {
      text += (i == 0 ? "'" : ", '") + folders[i] + "'";
    }
    return folders.size() > kShown ? text + ", …" : text;
  }

  std::shared_ptr<ObjectStore> store_;
  AwsCurOptions options_;
  std::string parent_, root_;
};

}  // namespace

std::unique_ptr<BillingSource> make_aws_cur_source(std::shared_ptr<ObjectStore> store,
                                                   AwsCurOptions options) {
  return std::make_unique<AwsCurSource>(std::move(store), std::move(options));
}

}  // namespace finops
