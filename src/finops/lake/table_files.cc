#include "finops/lake/table_files.h"

#include <utility>

#include "finops/core/error.h"
#include "finops/lake/file_metrics.h"

namespace finops::lake {
namespace {

constexpr std::uint64_t kLongestFile = 1ull << 30;
// Bounds on what is kept parsed, in about bytes: 10,000 data files, and metadata of some tables.
constexpr std::size_t kKeptMetadata = 48 << 20, kKeptLists = 8 << 20, kKeptEntries = 48 << 20,
                      kKeptLiveFiles = 16 << 20;
constexpr std::size_t kParsedPerByte = 4;  // a JSON document in memory

std::size_t weight_of(const ManifestList& list) { return 64 + list.size() * 600; }

std::size_t weight_of(const ManifestEntries& entries) {
  std::size_t weight = 64;
  for (const auto& entry : entries) {
    weight += sizeof entry + entry.file.path.size() + entry.file.metrics.size();
  }
  return weight;
}

}  // namespace

TableFiles::TableFiles(ObjectStore& store, const LakePaths& paths)
    : store_(store),
      paths_(paths),
      metadata_(kKeptMetadata),
      lists_(kKeptLists),
      entries_(kKeptEntries),
      live_files_(kKeptLiveFiles) {}

std::string TableFiles::read(const std::string& uri, const char* what) {
  try {
    return read_all(store_, paths_.key_of(uri), kLongestFile);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kNotFound) throw error.within(std::string("read ") + what);
    throw Error(
        ErrorKind::kInvalidData,
        std::string(what) + " '" + uri +
            "' is missing, so the table cannot be read; somebody removed it by hand or with "
            "a clean-up of old files: restore it from a backup");
  }
}

std::shared_ptr<const TableMetadata> TableFiles::metadata(const std::string& uri) {
  if (auto known = metadata_.find(uri)) return known;
  const auto text = read(uri, "the metadata file");
  try {
    auto parsed = std::make_shared<const TableMetadata>(TableMetadata::parse(text));
    metadata_.add(uri, parsed, text.size() * kParsedPerByte);
    return parsed;
  } catch (const Error& error) {
    throw error.within("read '" + uri + "'");
  }
}

std::shared_ptr<const ManifestList> TableFiles::manifests(const Json& snapshot) {
  const auto it = snapshot.find("manifest-list");
  if (it == snapshot.end()) {
    throw Error(ErrorKind::kUnsupported, "the snapshot " + snapshot.at("snapshot-id").dump() +
                                             " has no manifest list (Iceberg version 1)");
  }
  const auto uri = it->get<std::string>();
  if (auto known = lists_.find(uri)) return known;
  const auto bytes = read(uri, "the manifest list");
  try {
    auto parsed = std::make_shared<const ManifestList>(read_manifest_list(bytes));
    lists_.add(uri, parsed, weight_of(*parsed));
    return parsed;
  } catch (const Error& error) {
    throw error.within("read '" + uri + "'");
  }
}

std::shared_ptr<const ManifestEntries> TableFiles::entries(const ManifestFile& manifest) {
  if (auto known = entries_.find(manifest.path)) return known;
  const auto bytes = read(manifest.path, "the manifest");
  try {
    auto parsed = std::make_shared<const ManifestEntries>(read_manifest(bytes, manifest));
    entries_.add(manifest.path, parsed, weight_of(*parsed));
    return parsed;
  } catch (const Error& error) {
    throw error.within("read '" + manifest.path + "'");
  }
}

std::shared_ptr<const TableFiles::LiveFiles> TableFiles::live_files(const ManifestFile& manifest,
                                                                    int execution_id_field) {
  // A column added later is another one than none: both may be asked for in one process.
  const auto name = std::to_string(execution_id_field) + " " + manifest.path;
  if (auto known = live_files_.find(name)) return known;
  auto live = std::make_shared<LiveFiles>();
  std::size_t weight = 64;
  const auto all = entries(manifest);
  for (const auto& entry : *all) {
    if (!entry.is_live()) continue;
    if (entry.file.content != Content::kData) {
      live->has_deletes = true;
      continue;
    }
    live->data.push_back(lake_file_of(entry.file, execution_id_field));
    weight += sizeof(LakeFile) + 2 * live->data.back().uri.size();
  }
  live_files_.add(name, live, weight);
  return live;
}

void TableFiles::write(const std::string& uri, std::string_view bytes) {
  put_if_absent(store_, paths_.key_of(uri), bytes);
}

void TableFiles::write(const std::string& uri, std::shared_ptr<const TableMetadata> metadata) {
  const auto text = metadata->dump();
  write(uri, text);
  metadata_.add(uri, std::move(metadata), text.size() * kParsedPerByte);
}

void TableFiles::remove(const std::string& uri) {
  if (paths_.is_inside(uri)) store_.remove(paths_.key_of(uri));
}

LakeFile lake_file_of(const DataFile& file, int execution_id_field) {
  if (file.format != "PARQUET" && file.format != "parquet") {
    throw Error(ErrorKind::kUnsupported, "the data file '" + file.path + "' has the format " +
                                             file.format + "; finops reads Parquet only");
  }
  LakeFile out{.uri = file.path,
               .partition = file.partition,
               .rows = file.rows,
               .bytes = static_cast<std::uint64_t>(file.bytes),
               .execution_id = {},
               .columns = columns_of(file.metrics)};
  const auto lower = lower_bound_of(file.metrics, execution_id_field);
  if (lower && lower == upper_bound_of(file.metrics, execution_id_field)) {
    out.execution_id = *lower;
  }
  return out;
}

void require_spec(const ManifestFile& manifest, const TableMetadata& metadata) {
  if (metadata.partition_spec().at("spec-id") == manifest.spec_id) return;
  throw Error(ErrorKind::kUnsupported,
              "the manifest '" + manifest.path + "' holds files of another partition spec (" +
                  std::to_string(manifest.spec_id) +
                  ") than the table's; rewrite the table's data files with the engine "
                  "that wrote them");
}

}  // namespace finops::lake
