#include "finops/sources/aws_cur/aws_cur_source.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/sources/aws_cur/layout.h"
#include "finops/sources/aws_cur/manifest.h"
#include "finops/sources/aws_cur/manifest_files.h"
#include "finops/sources/aws_cur/partition_listing.h"
#include "finops/sources/delivered_files.h"
#include "finops/tabular/delivered_text.h"

namespace finops {

namespace {

using aws_cur::last_name;
using aws_cur::Manifest;
using aws_cur::ManifestPlace;

constexpr int kReadAttempts = 3;  // of a manifest that AWS replaces while it is read

constexpr std::size_t kStatusLimit = 1 << 20;  // bytes of a status table's file

constexpr std::size_t kAtOnce = 8;  // requests: a bucket far away answers after a while

/// A manifest that exists.
struct Candidate {
  ManifestPlace place;
  ObjectInfo info;
};

/// Where a manifest may be.
struct Place {
  ManifestPlace place;
  bool is_of_athena = false;  // in a folder year=2025/month=9/
};

struct Candidates {
  std::map<BillingPeriod, std::vector<Candidate>> by_period;
  std::map<BillingPeriod, std::string> awaited;  // notes on manifests that are not there (yet)
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
    std::optional<bool> is_updating;  // asked once, when there is a report for Athena
    for (ReadManifest& one : read_all_manifests(single)) {
      if (one.delivery && is_for_athena(*one.delivery)) {
        if (!is_updating) is_updating = is_being_updated(found.notes);
        if (*is_updating) {
          found.notes.push_back(one.delivery->period.to_string() + " of '" + options_.export_name +
                                "' waits: AWS is replacing its files, as its status table says "
                                "(UPDATING); a later run loads it");
          continue;
        }
      }
      if (one.delivery) found.deliveries.push_back(std::move(*one.delivery));
      if (one.failure) found.failures.push_back(std::move(*one.failure));
    }
    std::ranges::stable_sort(found.failures, {}, &ManifestFailure::period);
    return found;
  }

  bool is_unchanged(const Delivery& delivery) override {
    return manifest_is_unchanged(*store_, delivery);
  }

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
    const std::vector<std::string> folders = store_->list_level(root_).folders;
    std::vector<Place> places;
    if (wants(CurLayout::kV1)) add_v1_places(folders, places);
    if (wants(CurLayout::kV2)) add_v2_places(folders, found, places);
    found.has_layout = !places.empty();
    std::erase_if(places, [&](const Place& one) { return !range.contains(*one.place.period); });
    std::vector<std::optional<ObjectInfo>> infos(places.size());
    for_each_at_once(places.size(), kAtOnce,
                     [&](std::size_t i) { infos[i] = store_->stat(places[i].place.key); });
    // A report for Athena has its manifest twice: where reports of CSV have it, and beside the
    // data.
    consider_all(places, infos, false, found);
    consider_all(places, infos, true, found);
    for (auto& [period, note] : found.awaited) {
      if (!found.by_period.contains(period)) found.notes.push_back(std::move(note));
    }
    return found;
  }

  static bool has_folder(const std::vector<std::string>& folders, const std::string& name) {
    return std::ranges::find(folders, name) != folders.end();
  }

  void add_v1_places(const std::vector<std::string>& folders, std::vector<Place>& places) {
    for (const std::string& folder : folders) {
      const auto period = aws_cur::period_of_range(last_name(folder));
      if (period) places.push_back({place_of(folder, "v1", *period), false});
    }
    if (!has_folder(folders, athena_root())) return;
    for (const std::string& year : store_->list_level(athena_root()).folders) {
      if (!last_name(year).starts_with("year=")) continue;
      for (const std::string& month : store_->list_level(year).folders) {
        const auto period = aws_cur::period_of_hive(last_name(year), last_name(month));
        if (period) places.push_back({place_of(month, "v1", *period), true});
      }
    }
  }

  void add_v2_places(const std::vector<std::string>& folders, Candidates& found,
                     std::vector<Place>& places) {
    const std::string metadata = root_ + "metadata/";
    if (!has_folder(folders, metadata)) return;
    for (const std::string& folder : store_->list_level(metadata).folders) {
      const auto period = aws_cur::period_of_partition(last_name(folder));
      if (period) {
        places.push_back({place_of(folder, "v2", *period), false});
      } else if (last_name(folder).starts_with("BILLING_PERIOD")) {
        found.notes.push_back("'" + folder +
                              "' is no billing period (BILLING_PERIOD=2025-09), so nothing in it "
                              "is read");
      }
    }
  }

  /// Those of Athena count where no other is there.
  static void consider_all(const std::vector<Place>& places,
                           std::vector<std::optional<ObjectInfo>>& infos, bool of_athena,
                           Candidates& found) {
    std::set<BillingPeriod> told;
    for (const auto& [period, manifests] : found.by_period) told.insert(period);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const ManifestPlace& place = places[i].place;
      const bool is_told = of_athena && told.contains(*place.period);
      if (places[i].is_of_athena == of_athena && !is_told) {
        consider(place, std::move(infos[i]), found);
      }
    }
  }

  /// Where a report that is also made for Athena has its Parquet files.
  std::string athena_root() const { return root_ + aws_cur::folder_prefix(last_name(root_)); }

  ManifestPlace place_of(const std::string& folder, const char* layout,
                         BillingPeriod period) const {
    return {folder + manifest_name(), layout, period, options_.bucket};
  }

  static void consider(const ManifestPlace& place, std::optional<ObjectInfo> info,
                       Candidates& found) {
    if (!info) {
      found.awaited[*place.period] = "'" + place.key +
                                     "' does not exist: AWS writes the manifest of " +
                                     place.period->to_string() + " last, after all its files";
      return;
    }
    found.by_period[*place.period].push_back({place, std::move(*info)});
  }

  bool is_for_athena(const Delivery& delivery) const {
    return std::ranges::any_of(delivery.files, [this](const std::string& key) {
      return key.starts_with(athena_root() + "year=");
    });
  }

  /// The one cell of AWS's status table: READY, or UPDATING while the report's files are replaced.
  /// A word that is a day old is none: no refresh takes so long, and AWS forgets to take it back.
  bool is_being_updated(std::vector<std::string>& notes) {
    const TimePoint begin = options_.clock->now() - std::chrono::hours(24);
    for (const ObjectInfo& file :
         store_->list_level(athena_root() + "cost_and_usage_data_status/").objects) {
      if (format_of_name(file.key) != BillFormat::kParquet || file.size > kStatusLimit) continue;
      const BillPart part{file.key,
                          [&] { return store_->open(file.key, {.expected_etag = file.etag}); },
                          BillFormat::kParquet, [&] { return open_random(*store_, file); }};
      try {
        std::string words(kStatusLimit, '\0');
        words.resize(bill::open_text(part)->read(words.data(), words.size()));
        if (words.find("UPDATING") != words.npos && file.last_modified > begin) return true;
      } catch (const Error& error) {
        // It is written anew while reports are: the manifests decide.
        const bool is_unsure = error.kind() == ErrorKind::kInvalidData ||
                               error.kind() == ErrorKind::kUnsupported ||
                               error.kind() == ErrorKind::kConflict;
        if (!is_unsure) throw;
        notes.push_back("the status table of '" + options_.export_name +
                        "' is left out of account: " + error.what());
      }
    }
    return false;
  }

  Delivery delivery_of(const Candidate& candidate) {
    const auto [json, info] = read(candidate);
    const ManifestPlace& place = candidate.place;
    Manifest manifest = aws_cur::parse_manifest(json, place);
    Delivery delivery;
    delivery.files_were_listed = !manifest.files;
    if (!manifest.files) manifest.files = listed_files(manifest, place);
    delivery.period = manifest.period;
    delivery.dictionary = manifest.dictionary;
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
    aws_cur::require_known_formats(files, manifest.told_format, place.key);
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
    const char* version = !options_.cur_version                     ? ""
                          : *options_.cur_version == CurLayout::kV1 ? "v1 "
                                                                    : "v2 ";
    std::string message = std::string("no ") + version + "deliveries of export '" +
                          options_.export_name + "' below '" + root_ +
                          "': neither folders of dates (20250901-20251001), nor "
                          "metadata/BILLING_PERIOD=2025-09, nor year=2025/month=9. Check bucket, "
                          "prefix, export_name and cur_version";
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
