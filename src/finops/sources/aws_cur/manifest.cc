#include "finops/sources/aws_cur/manifest.h"

#include <simdjson.h>

#include <utility>

#include "finops/core/error.h"
#include "finops/sources/aws_cur/column_dictionary.h"
#include "finops/sources/aws_cur/layout.h"
#include "finops/sources/aws_cur/manifest_files.h"

namespace finops::aws_cur {

namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::size_t kVersionLimit = 200;  // it becomes part of folder names

Error refused(const ManifestPlace& place, const std::string& why) {
  return {ErrorKind::kInvalidData, "manifest '" + place.key + "': " + why};
}

/// Nothing when the field is absent, null or an empty text.
std::optional<std::string> text_field(const object& json, std::string_view name) {
  element value;
  if (json[name].get(value) != simdjson::SUCCESS) return std::nullopt;
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) {
    if (text.empty()) return std::nullopt;
    return std::string(text);
  }
  if (value.is_int64() || value.is_uint64()) return simdjson::minify(value);
  return std::nullopt;
}

object parsed_object(simdjson::dom::parser& parser, std::string_view json,
                     const ManifestPlace& place) {
  if (json.starts_with("\xef\xbb\xbf")) json.remove_prefix(3);
  element document;
  const auto error = parser.parse(json.data(), json.size()).get(document);
  if (error != simdjson::SUCCESS) {
    throw refused(place, std::string("not valid JSON: ") + simdjson::error_message(error) +
                             "; it may have been copied in part, copy it again");
  }
  object result;
  if (document.get(result) != simdjson::SUCCESS) throw refused(place, "not a JSON object");
  return result;
}

/// The dictionary of the table that the export delivers; manifests that name none are of bills.
const ColumnDictionary& dictionary_of(const object& json, const ManifestPlace& place) {
  const std::string table = text_field(json, "tableName").value_or("");
  if (table.starts_with("FOCUS")) return focus_column_dictionary();
  for (const std::string_view other : {"COST_OPTIMIZATION", "CARBON", "COST_AND_USAGE_DASHBOARD"}) {
    if (!table.starts_with(other)) continue;
    throw Error(ErrorKind::kUnsupported, "manifest '" + place.key +
                                             "': the export delivers the table " + table +
                                             "; finops reads COST_AND_USAGE_REPORT and FOCUS");
  }
  return aws_column_dictionary();
}

BillingPeriod period_of(const object& json, const ManifestPlace& place) {
  std::optional<std::string> start;
  object range;
  if (json["billingPeriod"].get(range) == simdjson::SUCCESS) {
    start = text_field(range, "start");
  } else {
    start = text_field(json, "billingPeriod");
  }
  if (!start) {
    if (place.period) return *place.period;
    throw refused(place, "it tells no billing period, and neither does its folder");
  }
  const std::optional<BillingPeriod> told = period_of_date(*start);
  if (!told)
    throw refused(place, "its billing period starts at '" + *start + "', which is no date");
  if (place.period && *told != *place.period) {
    throw refused(place, "it is about " + told->to_string() + " but lies in the folder of " +
                             place.period->to_string() + "; finops cannot tell which is right");
  }
  return *told;
}

bool is_fit_for_names(std::string_view version) {
  if (version == "." || version == ".." || version.size() > kVersionLimit) return false;
  for (const char c : version) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '/' || c == '\\') return false;
  }
  return true;
}

/// Never exportArn or reportId: they name the export, whatever the version.
std::optional<std::string> version_of(const object& json, const ManifestPlace& place) {
  const bool is_v1 = place.layout == "v1";
  auto version = text_field(json, is_v1 ? "assemblyId" : "executionId");
  if (!version) version = text_field(json, is_v1 ? "executionId" : "assemblyId");
  if (version && !is_fit_for_names(*version)) {
    throw refused(place, "its delivery id '" + *version +
                             "' is longer than 200 bytes or has blanks or slashes, so it cannot "
                             "name a folder");
  }
  return version;
}

std::vector<DeliveredColumn> columns_of(const object& json) {
  std::vector<DeliveredColumn> columns;
  simdjson::dom::array told;
  if (json["columns"].get(told) != simdjson::SUCCESS) return columns;
  for (const element column : told) {
    std::string_view name;
    if (column.get(name) == simdjson::SUCCESS) {
      columns.push_back({std::string(name), {}});
      continue;
    }
    object fields;
    if (column.get(fields) != simdjson::SUCCESS) continue;
    const auto field_name = text_field(fields, "name");
    if (!field_name) continue;
    const auto category = text_field(fields, "category");
    columns.push_back({category ? *category + "/" + *field_name : *field_name,
                       text_field(fields, "type").value_or("")});
  }
  return columns;
}

/// One entry of a file list, as text: a string, or the field of an object that holds it.
std::string file_entry(const element& entry, const ManifestPlace& place) {
  std::string_view text;
  if (entry.get(text) == simdjson::SUCCESS) return std::string(text);
  object fields;
  if (entry.get(fields) == simdjson::SUCCESS) {
    for (const std::string_view name : {"s3Uri", "key", "path", "uri"}) {
      if (const auto value = text_field(fields, name)) return *value;
    }
  }
  throw refused(place,
                "an entry of its file list is neither a text nor an object with s3Uri, key, "
                "path or uri: " +
                    simdjson::minify(entry));
}

std::optional<std::vector<std::string>> files_of(const object& json, const ManifestPlace& place) {
  std::optional<std::vector<std::string>> files;
  for (const char* field : {"dataFiles", "reportKeys", "files"}) {
    element value;
    if (json[field].get(value) != simdjson::SUCCESS || value.is_null()) continue;
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) {
      throw refused(place, std::string(field) + " is not a list of files");
    }
    std::vector<std::string> entries;
    for (const element entry : list) entries.push_back(file_entry(entry, place));
    const std::string own_bucket = text_field(json, "bucket").value_or("");
    auto keys = keys_of_entries(entries, own_bucket, place);
    if (files && *files != keys) {
      throw refused(place,
                    std::string("it has two lists of files that differ, the second in ") + field);
    }
    files = std::move(keys);
  }
  return files;
}

}  // namespace

Manifest parse_manifest(std::string_view json, const ManifestPlace& place) {
  simdjson::dom::parser parser;
  const object root = parsed_object(parser, json, place);
  Manifest manifest;
  manifest.dictionary = &dictionary_of(root, place);
  manifest.period = period_of(root, place);
  manifest.version = version_of(root, place);
  manifest.files = files_of(root, place);
  manifest.columns = columns_of(root);
  manifest.account = text_field(root, "account").value_or("");
  manifest.told_format = text_field(root, "compression").value_or("") + " " +
                         text_field(root, "contentType").value_or("");
  if (manifest.files) require_known_formats(*manifest.files, manifest.told_format, place.key);
  return manifest;
}

}  // namespace finops::aws_cur
