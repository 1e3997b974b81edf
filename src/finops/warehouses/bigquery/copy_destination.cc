#include "finops/warehouses/bigquery/copy_destination.h"

#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/warehouses/bigquery/bigquery_places.h"
#include "finops/warehouses/bigquery/copied_schema.h"

namespace finops::bigquery {
namespace {

std::string joined(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : "; ") + text;
  return all;
}

void find_place(Client& writer, const TableRef& to, const CopyShape& shape) {
  std::optional<Json> dataset = find_dataset(writer, to.project, to.dataset);
  if (!dataset) {
    create_dataset(writer, to.project, to.dataset, shape.location);
    dataset = find_dataset(writer, to.project, to.dataset);
  }
  const std::string place = dataset ? text_of(*dataset, "location") : "";
  if (ascii_lower(place) == ascii_lower(shape.location)) return;
  throw Error(ErrorKind::kInvalidConfig,
              "the dataset " + to.project + "." + to.dataset + " is in " + place +
                  ", and the source " + shape.source.to_string() + " is in " + shape.location +
                  ": BigQuery copies within one location; name another dataset, which is made in " +
                  shape.location);
}

Json found_or_made(Client& writer, const TableRef& to, const CopyShape& shape) {
  std::optional<Json> resource = find_table(writer, to);
  if (!resource) {
    create_table(
        writer, to,
        {{"schema", {{"fields", copied_fields(shape.source_fields)}}},
         {"timePartitioning", {{"type", "DAY"}, {"field", shape.time_column}}},
         {"labels", {{"finops", "copy"}}},
         {"description", "Copy of " + shape.source.to_string() + ", kept equal by finops"}});
    resource = find_table(writer, to);
    if (!resource) {
      throw Error(ErrorKind::kUnknownOutcome,
                  "the table " + to.to_string() + " was created and is not there");
    }
  }
  return std::move(*resource);
}

void check_partitions(const Json& partitioning, const TableRef& to, const CopyShape& shape,
                      std::vector<std::string>& notes) {
  if (text_of(partitioning, "type") != "DAY" ||
      ascii_lower(text_of(partitioning, "field")) != ascii_lower(shape.time_column)) {
    throw Error(ErrorKind::kUnsupported,
                "the table " + to.to_string() + " is not partitioned by the day of " +
                    shape.time_column +
                    ", so no day of it can be replaced as a whole: rename it, or name another "
                    "table for the copy, which finops makes");
  }
  if (!text_of(partitioning, "expirationMs").empty()) {
    notes.push_back("the partitions of " + to.to_string() +
                    " expire: days that BigQuery removed are copied again while they are "
                    "looked at");
  }
}

/// Adds what the source has more. Somebody else may do the same meanwhile.
Json with_all_columns(Client& writer, const TableRef& to, const CopyShape& shape, Json resource,
                      std::vector<std::string>& notes) {
  constexpr int kPatches = 5;
  for (int n = 1;; ++n) {
    const Json fields = resource.value("schema", Json::object()).value("fields", Json::array());
    const MergedFields merged = merge_fields(fields, shape.source_fields);
    if (!merged.conflicts.empty()) {
      throw Error(ErrorKind::kUnsupported,
                  "the table " + to.to_string() +
                      " does not fit its source any more: " + joined(merged.conflicts) +
                      ". Rename it, or name another table for the copy, which is then made anew");
    }
    if (merged.added.empty()) return resource;
    Call call{.method = "PATCH",
              .url = to.path(),
              .tried = "add columns to " + to.to_string(),
              .changes_something = true};
    call.headers = {{"if-match", text_of(resource, "etag")}};
    try {
      Json patched = writer.tell(call, {{"schema", {{"fields", merged.fields}}}});
      notes.push_back("new columns: " + joined(merged.added));
      return patched;
    } catch (const Error& error) {
      const bool is_known =
          error.kind() != ErrorKind::kConflict && error.kind() != ErrorKind::kUnknownOutcome;
      if (is_known || n == kPatches) throw;
    }
    resource = writer.ask({.url = to.path(), .tried = "look at the table " + to.to_string()});
  }
}

}  // namespace

Json provide_copy(Client& writer, const TableRef& copy, const CopyShape& shape,
                  std::vector<std::string>& notes) {
  find_place(writer, copy, shape);
  Json resource = found_or_made(writer, copy, shape);
  check_partitions(resource.value("timePartitioning", Json::object()), copy, shape, notes);
  return with_all_columns(writer, copy, shape, std::move(resource), notes);
}

}  // namespace finops::bigquery
