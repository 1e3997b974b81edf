#include "finops/warehouses/bigquery/copied_schema.h"

#include "finops/core/ascii_case.h"
#include "finops/warehouses/bigquery/bigquery_schema.h"

namespace finops::bigquery {
namespace {

bool is_repeated(const Json& field) { return text_of(field, "mode") == "REPEATED"; }

Json parts_of(const Json& field) { return field.value("fields", Json::array()); }

Json copied_field(const Json& field) {
  Json copied = {{"name", text_of(field, "name")},
                 {"type", plain_type(text_of(field, "type"))},
                 {"mode", is_repeated(field) ? "REPEATED" : "NULLABLE"}};
  const std::string description = text_of(field, "description");
  if (!description.empty()) copied["description"] = description;
  if (field.contains("fields")) copied["fields"] = copied_fields(parts_of(field));
  return copied;
}

std::string type_words(const Json& field) {
  return (is_repeated(field) ? "REPEATED " : "") + plain_type(text_of(field, "type"));
}

void merge_record(Json& copy, const Json& source, const std::string& path, MergedFields& merged);

/// `path`: of what they are parts of, "service."; empty for columns.
void merge_into(Json& copy, const Json& source, const std::string& path, MergedFields& merged) {
  for (const Json& field : source) {
    const std::string name = text_of(field, "name");
    const Json* found = find_field(copy, name);
    if (found == nullptr) {
      copy.push_back(copied_field(field));
      merged.added.push_back(path + name);
      continue;
    }
    Json& there = copy[static_cast<std::size_t>(found - &copy[0])];
    if (type_words(there) != type_words(field)) {
      merged.conflicts.push_back(path + name + " is " + type_words(field) + " in the source and " +
                                 type_words(there) + " in the copy");
    } else if (field.contains("fields")) {
      merge_record(there["fields"], parts_of(field), path + name + ".", merged);
    }
  }
}

void merge_record(Json& copy, const Json& source, const std::string& path, MergedFields& merged) {
  merge_into(copy, source, path, merged);
  for (std::size_t i = 0; i < copy.size(); ++i) {
    const std::string name = text_of(copy[i], "name");
    if (i < source.size() && text_of(source[i], "name") == name) continue;
    merged.conflicts.push_back(path + name +
                               (find_field(source, name) == nullptr
                                    ? " is in the copy only"
                                    : " has another place or case in the source's record"));
    return;
  }
}

}  // namespace

Json copied_fields(const Json& source) {
  Json fields = Json::array();
  for (const Json& field : source) fields.push_back(copied_field(field));
  return fields;
}

MergedFields merge_fields(const Json& copy, const Json& source) {
  MergedFields merged{.fields = copy, .added = {}, .conflicts = {}};
  merge_into(merged.fields, source, "", merged);
  return merged;
}

std::vector<RowColumn> row_columns(const Json& fields) {
  std::vector<RowColumn> columns;
  for (const Json& field : fields) {
    columns.push_back({.name = text_of(field, "name"),
                       .type = plain_type(text_of(field, "type")),
                       .is_repeated = is_repeated(field),
                       .parts = row_columns(parts_of(field))});
  }
  return columns;
}

const Json* find_field(const Json& fields, const std::string& name) {
  const std::string lower = ascii_lower(name);
  for (const Json& field : fields) {
    if (ascii_lower(text_of(field, "name")) == lower) return &field;
  }
  return nullptr;
}

}  // namespace finops::bigquery
