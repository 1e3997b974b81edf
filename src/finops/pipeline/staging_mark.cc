#include "finops/pipeline/staging_mark.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "finops/pipeline/folder_output.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

std::optional<StagedFile> file_of(const Json& json) {
  StagedFile file;
  file.name = json.at("name");
  file.object.key = json.at("key");
  file.object.size = json.at("bytes");
  file.object.etag = json.at("etag");
  file.object.last_modified = TimePoint(Duration(json.at("modified_ms").get<std::int64_t>()));
  // Names stay in their folder, whatever wrote the mark.
  if (file.name.empty() || file.name.find('/') != std::string::npos || file.name == "..") {
    return std::nullopt;
  }
  return file;
}

std::optional<StagingMark> mark_of(const Json& json) {
  StagingMark mark;
  mark.source = json.at("source");
  mark.billing_period = json.at("billing_period");
  mark.execution_id = json.at("execution_id");
  mark.is_complete = json.at("complete");
  for (const Json& one : json.at("files")) {
    auto file = file_of(one);
    if (!file) return std::nullopt;
    mark.files.push_back(std::move(*file));
  }
  return mark;
}

}  // namespace

std::optional<StagingMark> read_staging_mark(const std::string& folder) {
  std::ifstream file(std::filesystem::path(folder) / StagingMark::kFileName, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    return mark_of(json);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

void write_staging_mark(const std::string& folder, const StagingMark& mark) {
  Json json = {{"source", mark.source},
               {"billing_period", mark.billing_period},
               {"execution_id", mark.execution_id},
               {"complete", mark.is_complete},
               {"files", Json::array()}};
  for (const StagedFile& file : mark.files) {
    json["files"].push_back(
        {{"name", file.name},
         {"key", file.object.key},
         {"bytes", file.object.size},
         {"etag", file.object.etag},
         {"modified_ms", file.object.last_modified.time_since_epoch().count()}});
  }
  const std::string text = json.dump(2) + "\n";
  ReplacingFileWriter writer((std::filesystem::path(folder) / StagingMark::kFileName).string());
  writer.write(std::as_bytes(std::span(text)));
  writer.finish();
}

std::string staging_folder_of(const std::string& staging_folder, const std::string& source,
                              const std::string& billing_period) {
  return (std::filesystem::path(staging_folder) / source / billing_period).string();
}

}  // namespace finops
