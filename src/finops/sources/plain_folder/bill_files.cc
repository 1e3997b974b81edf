#include "finops/sources/plain_folder/bill_files.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/sha256.h"

namespace finops::plain_folder {
namespace {

constexpr std::size_t kNamedAtMost = 5;
constexpr const char* kEndings = ".csv, .csv.gz, .csv.zip or .parquet";

std::string_view last_name(std::string_view key) {
  return key.substr(key.rfind('/') + 1);  // npos + 1 is 0
}

std::string_view folder_of(std::string_view key) { return key.substr(0, key.rfind('/') + 1); }

/// As Hadoop, Spark and macOS call what is no data: "_SUCCESS", ".part-1.csv.crc", "._bill.csv".
bool is_hidden(std::string_view name) { return name.starts_with('_') || name.starts_with('.'); }

/// "report-1" of "report-1.csv.gz" and "report-1.parquet".
std::string stem_of(std::string_view key) {
  std::string stem = ascii_lower(key);
  for (const std::string_view ending : {".gz", ".zip", ".csv", ".parquet"}) {
    if (stem.ends_with(ending)) stem.resize(stem.size() - ending.size());
  }
  return stem;
}

std::string formats_text(const std::map<BillFormat, std::vector<std::string>>& formats) {
  std::string text;
  for (const auto& [format, names] : formats) {
    text += (text.empty() ? "" : "; ") + std::string(to_string(format)) + ": " + named(names);
  }
  return text;
}

class Choice {
 public:
  explicit Choice(const PlainFolderOptions& options) : options_(options) {}

  void consider_manifest(const std::string& key, const std::string& shown) {
    if (ascii_lower(last_name(key)).ends_with("manifest.json")) manifests_.push_back(shown);
  }

  /// One of the objects of a folder; `shown` is its name there.
  void consider(ObjectInfo object, const std::string& shown) {
    const std::string_view name = last_name(object.key);
    if (name.empty()) return;  // "a/": how consoles draw a folder
    consider_manifest(object.key, shown);
    if (is_hidden(name)) {
      others_.push_back(shown);
    } else {
      take(std::move(object), shown);
    }
  }

  /// What a person names is the bill, whatever it is called beside its ending.
  void take(ObjectInfo object, const std::string& shown) {
    const auto format = format_of_name(object.key);
    if (!format) {
      others_.push_back(shown);
    } else if (!options_.told_formats.empty() && !options_.told_formats.contains(*format)) {
      of_other_formats_.push_back(shown);
    } else {
      formats_[*format].push_back(shown);
      folders_.insert(std::string(folder_of(shown)));
      chosen_.files.push_back(std::move(object));
    }
  }

  BillFiles finish() {
    refuse_manifest();
    require_files();
    require_one_format();
    require_one_folder();
    require_different_names();
    note("their names are of no bill's file (" + std::string(kEndings) + ")", others_);
    note("they are in other formats than --format says", of_other_formats_);
    return std::move(chosen_);
  }

 private:
  std::string place() const { return "'" + options_.location + "'"; }

  void refuse_manifest() const {
    if (manifests_.empty()) return;
    throw Error(ErrorKind::kInvalidData,
                place() + " has a manifest, " + named(manifests_) +
                    ", which says which of the files are the bill and of which month and version. "
                    "Configure it as an export ([[aws.exports]] with bucket, prefix and "
                    "export_name) for `finops aws run-pipeline`; or, where the files are the bill "
                    "as they lie there, take the manifest away");
  }

  void require_files() const {
    if (!chosen_.files.empty()) return;
    std::string there = "there is nothing";
    if (!of_other_formats_.empty()) {
      there = "there are files in other formats than --format says: " + named(of_other_formats_);
    } else if (!others_.empty()) {
      there = "there are " + named(others_);
    }
    throw Error(ErrorKind::kNotFound,
                "no bill in " + place() + ": " + there + ". A bill's files end in " + kEndings);
  }

  void require_one_format() const {
    if (!options_.told_formats.empty() || formats_.size() == 1) return;
    std::string all;
    for (const auto& [format, names] : formats_) {
      all += (all.empty() ? "" : ",") + std::string(to_string(format));
    }
    throw Error(ErrorKind::kInvalidData,
                place() + " holds files in several formats (" + formats_text(formats_) +
                    "), which may be the same bill, counted twice. Choose with --format " +
                    std::string(to_string(formats_.begin()->first)) +
                    ", or say that all are of one bill with --format " + all);
  }

  void require_one_folder() const {
    if (options_.is_recursive || folders_.size() == 1) return;
    std::vector<std::string> names;
    for (const auto& folder : folders_) names.push_back(folder.empty() ? "./" : folder);
    throw Error(ErrorKind::kInvalidData,
                place() + " holds files of bills in several folders (" + named(names) +
                    "), which may be several months or versions. Name the folder of one bill, or "
                    "give --recursive when all of them together are one");
  }

  /// A file and its unpacked copy.
  void require_different_names() const {
    std::map<std::string, std::string> stems;
    for (const ObjectInfo& file : chosen_.files) {
      const auto [known, is_new] = stems.try_emplace(stem_of(file.key), file.key);
      if (is_new) continue;
      throw Error(ErrorKind::kInvalidData,
                  "'" + known->second + "' and '" + file.key + "' in " + place() +
                      " are one file in two formats by their names, which would count twice. "
                      "Choose with --format, or take one of them away");
    }
  }

  void note(const std::string& why, const std::vector<std::string>& names) {
    if (!names.empty()) chosen_.notes.push_back("not taken, as " + why + ": " + named(names));
  }

  const PlainFolderOptions& options_;
  BillFiles chosen_;
  std::map<BillFormat, std::vector<std::string>> formats_;
  std::set<std::string> folders_;
  std::vector<std::string> manifests_, others_, of_other_formats_;
};

}  // namespace

std::string named(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kNamedAtMost; ++i) {
    text += (i == 0 ? "'" : ", '") + names[i] + "'";
  }
  if (names.size() <= kNamedAtMost) return text;
  return text + " and " + std::to_string(names.size() - kNamedAtMost) + " more";
}

BillFiles find_bill_files(ObjectStore& store, const PlainFolderOptions& options) {
  Choice choice(options);
  if (!options.manifest_prefix.empty()) {
    for (const ObjectInfo& object : store.list(options.manifest_prefix)) {
      choice.consider_manifest(object.key, object.key);
    }
  }
  std::string prefix = options.prefix;
  if (!prefix.empty() && !prefix.ends_with('/')) {
    if (auto object = store.stat(prefix)) {
      choice.take(std::move(*object), std::string(last_name(prefix)));
      return choice.finish();
    }
    prefix += '/';
  }
  for (ObjectInfo& object : store.list(prefix)) {
    const std::string shown = object.key.substr(prefix.size());
    choice.consider(std::move(object), shown);
  }
  return choice.finish();
}

std::string version_of_files(const std::vector<ObjectInfo>& files) {
  std::string listing;
  for (const ObjectInfo& file : files) {
    listing += file.key + "\n" + std::to_string(file.size) + " " + file.etag + "\n";
  }
  return "f-" + sha256_of(listing).substr(0, 16);
}

}  // namespace finops::plain_folder
