#include "finops/medallion/landing.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "finops/tabular/parquet_writing.h"

namespace finops::medallion {
namespace {

using Json = nlohmann::json;

std::vector<Column> landing_columns() {
  const auto column = [](const char* name, ColumnType type, bool is_required) {
    return Column{name, type, name, is_required};
  };
  return {column("dataset", ColumnType::kText, true),
          column("file", ColumnType::kText, true),
          column("size", ColumnType::kLong, true),
          column("etag", ColumnType::kText, true),
          column("sha256", ColumnType::kText, true),
          column("ingestion_time", ColumnType::kTimestamp, true),
          column("rows", ColumnType::kLong, true),
          column("unreadable_rows", ColumnType::kLong, true),
          column("data_files", ColumnType::kText, true),
          column("is_gone", ColumnType::kBoolean, true)};
}

std::string text_of(const CellValue& cell) { return std::get<std::string>(cell); }
std::int64_t number_of(const CellValue& cell) { return std::get<std::int64_t>(cell); }

std::vector<std::string> names_from(const std::string& json) {
  try {
    return Json::parse(json).get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::kInvalidData,
                std::string("the lake's landing_files has data files that are not finops': ") +
                    error.what());
  }
}

LandedFile from_row(const CellRow& row) {
  LandedFile file;
  file.dataset = text_of(row[0]);
  file.file = text_of(row[1]);
  file.size = static_cast<std::uint64_t>(number_of(row[2]));
  file.etag = text_of(row[3]);
  file.sha256 = text_of(row[4]);
  file.ingestion_time = number_of(row[5]);
  file.rows = number_of(row[6]);
  file.unreadable_rows = number_of(row[7]);
  file.data_files = names_from(text_of(row[8]));
  file.is_gone = std::get<bool>(row[9]);
  return file;
}

CellRow to_row(const LandedFile& file) {
  return {file.dataset,
          file.file,
          static_cast<std::int64_t>(file.size),
          file.etag,
          file.sha256,
          file.ingestion_time,
          file.rows,
          file.unreadable_rows,
          Json(file.data_files).dump(),
          file.is_gone};
}

/// What all files of the pattern begin with.
std::string fixed_part(const std::string& pattern) { return pattern.substr(0, pattern.find('*')); }

}  // namespace

bool matches(const std::string& pattern, const std::string& file) {
  // Backtracks to the last '*' only: what it took may always be made longer.
  std::size_t p = 0, f = 0, star = std::string::npos, taken = 0;
  while (f < file.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = f;
    } else if (p < pattern.size() && pattern[p] == file[f]) {
      ++p;
      ++f;
    } else if (star != std::string::npos && file[taken] != '/') {
      p = star + 1;
      f = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

LandingPlan plan_landing(const datasets::Dataset& dataset, ObjectStore& landing,
                         const std::vector<LandedFile>& landed) {
  std::map<std::string, LandedFile> known;
  for (const auto& file : landed) {
    if (file.dataset == dataset.name) known.emplace(file.file, file);
  }
  LandingPlan plan;
  for (auto& object : landing.list(fixed_part(dataset.landing))) {
    if (!matches(dataset.landing, object.key)) continue;
    const auto it = known.find(object.key);
    if (it == known.end()) {
      ++plan.new_files;
      plan.load.push_back(std::move(object));
      continue;
    }
    LandedFile before = std::move(it->second);
    known.erase(it);
    if (before.size == object.size && before.etag == object.etag) {
      plan.has_changes |= std::exchange(before.is_gone, false);
      plan.stay.push_back(std::move(before));
    } else {
      ++plan.changed_files;
      plan.unload.push_back(std::move(before));
      plan.load.push_back(std::move(object));
    }
  }
  for (auto& [name, file] : known) {
    if (!dataset.keeps_deleted_files) {
      ++plan.deleted_files;
      plan.unload.push_back(std::move(file));
      continue;
    }
    plan.has_changes |= !std::exchange(file.is_gone, true);
    plan.stay.push_back(std::move(file));
  }
  plan.has_changes |= !plan.load.empty() || !plan.unload.empty();
  return plan;
}

lake::TableName landing_table(const std::string& project) {
  return {project + "_bronze", "landing_files"};
}

std::vector<LandedFile> read_landed_files(RunTables& tables, const std::string& project) {
  std::vector<LandedFile> files;
  for (const auto& row : tables.read_small(landing_table(project), landing_columns())) {
    files.push_back(from_row(row));
  }
  return files;
}

void write_landed_files(RunTables& tables, const std::string& project,
                        const std::vector<LandedFile>& files) {
  std::vector<CellRow> rows;
  for (const auto& file : files) rows.push_back(to_row(file));
  tables.replace_small(landing_table(project), landing_columns(), std::move(rows), {"dataset"});
}

}  // namespace finops::medallion
