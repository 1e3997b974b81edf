#include <algorithm>
#include <filesystem>
#include <utility>

#include "finops/core/error.h"
#include "finops/datasets/collection_reading.h"
#include "finops/datasets/dataset_reading.h"
#include "finops/datasets/join_order.h"
#include "finops/datasets/model_reading.h"
#include "finops/datasets/project.h"
#include "finops/datasets/project_files.h"
#include "finops/datasets/rules_reading.h"
#include "finops/datasets/table_reader.h"

namespace finops::datasets {
namespace {

using Documents = std::map<std::string, TomlNode>;

constexpr const char* kStandardSemantics = "standard";

const TomlNode* find(const Documents& documents, const std::string& name) {
  const auto found = documents.find(name);
  return found == documents.end() ? nullptr : &found->second;
}

std::optional<TomlNode> read_document(const std::string& path, Mistakes& mistakes) {
  const auto text = read_project_file(path, mistakes);
  return text ? parse_toml(*text, path, mistakes) : std::nullopt;
}

Documents read_documents(const FilePaths& files, Mistakes& mistakes) {
  Documents result;
  for (const auto& [name, path] : files) {
    if (auto document = read_document(path, mistakes)) result.emplace(name, std::move(*document));
  }
  return result;
}

/// project.toml.
Project read_head(const std::string& folder, Mistakes& mistakes) {
  const std::string path = folder + "/project.toml";
  Project project;
  project.folder = folder;
  project.all_semantics = {kStandardSemantics};
  const auto document = read_document(path, mistakes);
  if (!document) return project;
  TableReader reader(*document, "project.toml", mistakes);
  project.name = reader.required_identifier("name");
  project.description = reader.text("description");
  std::vector<std::string> semantics;
  for (const WrittenName& name : reader.names("semantics")) {
    if (!is_identifier(name.name)) {
      mistakes.add(name.origin,
                   "semantics cannot be named '" + name.name + "'; " + identifier_advice());
    }
    semantics.push_back(name.name);
  }
  if (!semantics.empty()) project.all_semantics = std::move(semantics);
  reader.refuse_others();
  return project;
}

/// Of a delivered text column, before rules set it; of others it is not known.
bool may_be_null(const Dataset& dataset, const SilverRules& rules, const std::string& column) {
  if (std::ranges::find(dataset.columns, column, &DatasetColumn::name) == dataset.columns.end()) {
    return false;
  }
  const auto found = std::ranges::find(rules.columns, column, &ColumnRule::column);
  const ColumnRule rule = found == rules.columns.end() ? ColumnRule() : *found;
  if (rule.default_value) return false;
  if (!rule.one_of.empty()) return rule.one_of_otherwise == Otherwise::kNull;
  return !rule.is_required && std::ranges::find(dataset.key, column) == dataset.key.end();
}

/// Reads what there is under one of the semantics.
class SemanticsReading {
 public:
  SemanticsReading(Project head, std::string semantics, const ProjectFiles& files,
                   Mistakes& mistakes)
      : project_(std::move(head)), files_(files), mistakes_(mistakes) {
    project_.semantics = std::move(semantics);
  }

  Project read() {
    read_datasets();
    read_rules();
    model_documents_ = read_documents(files_.model_toml.of(project_.semantics), mistakes_);
    read_models();
    read_collections();
    return std::move(project_);
  }

 private:
  void read_datasets() {
    for (const auto& [name, document] : read_documents(files_.datasets, mistakes_)) {
      Dataset dataset = read_dataset(name, document, mistakes_);
      refuse_same_landing(dataset, document);
      datasets_.emplace(name, std::move(dataset));
    }
    if (files_.datasets.empty()) {
      mistakes_.add(beginning_of(project_.folder + "/project.toml"),
                    "the project has no dataset; write datasets/<name>.toml");
    }
    for (const auto& [name, dataset] : datasets_) {
      refuse_name(name + "_quarantine", "what '" + name + "' has in quarantine");
      refuse_name(name + "_repeated_keys", "the keys that '" + name + "' has more than once");
    }
    refuse_name("landing_files", "the files that have landed");
    refuse_name("table_states", "how tables were made");
    refuse_name("waivers", "what of quarantine is accepted");
  }

  /// Tables of finops' own stand beside those of datasets.
  void refuse_name(const std::string& name, const std::string& what) {
    const auto dataset = datasets_.find(name);
    if (dataset == datasets_.end()) return;
    mistakes_.add(dataset->second.origin,
                  "a dataset cannot be named '" + name + "': that is the table of " + what);
  }

  void refuse_same_landing(const Dataset& dataset, const TomlNode& document) {
    if (dataset.landing.empty()) return;
    for (const auto& [name, other] : datasets_) {
      if (other.landing != dataset.landing) continue;
      mistakes_.add(
          document.find("landing")->value.find("path")->value.origin,
          "'" + dataset.landing + "' is the landing path of the dataset '" + name + "' already");
    }
  }

  void read_rules() {
    const FilePaths files = files_.rules.of(project_.semantics);
    const Documents documents = read_documents(files, mistakes_);
    for (const auto& [name, path] : files_.datasets) {
      // Without a file that is no TOML nobody knows the columns, and no name of one is wrong.
      const bool is_known =
          datasets_.contains(name) && (documents.contains(name) || !files.contains(name));
      ColumnNames columns;
      if (is_known) columns = silver_columns(datasets_.at(name), find(documents, name));
      silver_.emplace(name, std::move(columns));
    }
    std::map<std::string, SilverRules> rules;
    for (const auto& [name, dataset] : datasets_) {
      const TomlNode* document = find(documents, name);
      SilverRules one{.dataset = name, .origin = dataset.origin};
      if (document != nullptr) one = datasets::read_rules(dataset, *document, silver_, mistakes_);
      rules.emplace(name, std::move(one));
    }
    for (const auto& [name, one] : rules) check_partitions(datasets_.at(name), one);
    for (const auto& [name, path] : files) refuse_unknown_dataset(name, path);
    for (const std::string& name : join_order(rules, mistakes_)) {
      project_.datasets.push_back(datasets_.at(name));
      project_.rules.push_back(std::move(rules.at(name)));
    }
  }

  void check_partitions(const Dataset& dataset, const SilverRules& rules) {
    const ColumnNames& columns = silver_.at(dataset.name);
    if (columns.empty()) return;  // not known
    for (const PartitionColumn& partition : dataset.partition_by) {
      const std::string what = "'partition_by' names ";
      const ColumnNames::Entry* column = columns.find(partition.name);
      if (column == nullptr) {
        mistakes_.add(partition.origin, what + "no column of silver: '" + partition.name + "'" +
                                            columns.advice_for(partition.name));
      } else if (column->type && column->type != ColumnType::kText) {
        mistakes_.add(partition.origin, what + "the column '" + partition.name + "', which is " +
                                            std::string(name_of(*column->type)) +
                                            "; it must be text, derived from it perhaps");
      } else if (may_be_null(dataset, rules, partition.name)) {
        mistakes_.add(partition.origin,
                      what + "the column '" + partition.name +
                          "', which may be NULL in a valid row; give it required = true, a default "
                          "or one_of in [columns." +
                          partition.name + "] of the rules of " + dataset.name);
      }
    }
  }

  void refuse_unknown_dataset(const std::string& name, const std::string& path) {
    if (files_.datasets.contains(name)) return;
    std::vector<std::string> names;
    for (const auto& [known, file] : files_.datasets) names.push_back(known);
    mistakes_.add(beginning_of(path), "these are rules of a dataset that is not there: '" + name +
                                          "'" + advice(name, names, "datasets"));
  }

  void read_models() {
    const FilePaths sql = files_.model_sql.of(project_.semantics);
    const FilePaths toml = files_.model_toml.of(project_.semantics);
    const LakeTables tables = lake_tables(sql);
    for (const auto& [name, path] : sql) {
      Model model{.name = name, .origin = beginning_of(path)};
      if (const TomlNode* document = find(model_documents_, name)) {
        model = read_model(name, *document, tables, mistakes_);
      }
      if (const auto text = read_project_file(path, mistakes_)) {
        if (is_blank_sql(*text)) mistakes_.add(beginning_of(path), "there is no SQL in this file");
        model.sql = {*text, beginning_of(path)};
      }
      project_.models.push_back(std::move(model));
    }
    for (const auto& [name, path] : toml) {
      if (!sql.contains(name)) {
        mistakes_.add(beginning_of(path),
                      "a model needs its SQL: " + name + ".sql is not there beside this file");
      }
    }
    refuse_new_models(files_.model_sql);
  }

  /// What stands in for a model must have one to stand in for: a name with a slip of the pen would
  /// be a model more.
  void refuse_new_models(const LayeredFiles& sql) {
    const auto overlay = sql.overlays.find(project_.semantics);
    if (overlay == sql.overlays.end()) return;
    std::vector<std::string> names;
    for (const auto& [name, path] : sql.own) names.push_back(name);
    for (const auto& [name, path] : overlay->second) {
      if (sql.own.contains(name)) continue;
      mistakes_.add(beginning_of(path), "this stands in for models/" + name +
                                            ".sql, which is not there" +
                                            advice(name, names, "models"));
    }
  }

  LakeTables lake_tables(const FilePaths& models) const {
    LakeTables result;
    for (const auto& [name, columns] : silver_) {
      ColumnNames& bronze = result["bronze." + name];
      ColumnNames& silver = result["silver." + name];
      ColumnNames& quarantine = result["silver." + name + "_quarantine"];
      if (columns.empty()) continue;  // not known
      silver = columns;
      for (const DatasetColumn& column : datasets_.at(name).columns) {
        bronze.add(column.name, std::nullopt);
        quarantine.add(column.name, ColumnType::kText);
      }
      for (ColumnNames* table : {&bronze, &silver, &quarantine}) {
        table->add("source_file", ColumnType::kText);
        table->add("source_line", ColumnType::kLong);
        table->add("ingestion_time", ColumnType::kTimestamp);
      }
      silver.add("flags", ColumnType::kText);
      quarantine.add("reasons", ColumnType::kText);
    }
    for (const auto& [name, path] : models) {
      result["gold." + name] = gold_columns(find(model_documents_, name));
    }
    return result;
  }

  void read_collections() {
    ModelColumns models;
    for (const Model& model : project_.models) {
      models.emplace(model.name, gold_columns(find(model_documents_, model.name)));
    }
    for (const auto& [name, document] : read_documents(files_.collections, mistakes_)) {
      project_.collections.push_back(read_collection(name, document, models, mistakes_));
    }
  }

  Project project_;
  const ProjectFiles& files_;
  Mistakes& mistakes_;
  std::map<std::string, Dataset> datasets_;
  SilverColumns silver_;
  Documents model_documents_;
};

void check_folder(const std::string& folder) {
  const std::string tried = "read the project '" + folder + "': ";
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    throw Error(ErrorKind::kUsage, tried + "there is no such folder");
  }
  if (!std::filesystem::exists(folder + "/project.toml", error)) {
    throw Error(ErrorKind::kUsage, tried + "there is no project.toml in it");
  }
}

void check_semantics(const Project& project, const std::string& semantics) {
  if (std::ranges::find(project.all_semantics, semantics) != project.all_semantics.end()) return;
  throw Error(ErrorKind::kUsage, "read the project '" + project.folder +
                                     "': it has no semantics '" + semantics + "'" +
                                     advice(semantics, project.all_semantics, "semantics"));
}

}  // namespace

Project read_project(const std::string& folder, const std::string& semantics) {
  std::string root = folder;
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  check_folder(root);
  Mistakes mistakes;
  const Project head = read_head(root, mistakes);
  const std::string& wanted = semantics.empty() ? head.all_semantics.front() : semantics;
  const ProjectFiles files = list_project_files(root, head.all_semantics, mistakes);
  std::optional<Project> result;
  for (const std::string& one : head.all_semantics) {
    Project project = SemanticsReading(head, one, files, mistakes).read();
    if (one == wanted) result = std::move(project);
  }
  mistakes.throw_if_any("the project");
  check_semantics(head, wanted);
  return std::move(*result);
}

void require_datasets(const Project& project, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const Dataset& dataset : project.datasets) known.push_back(dataset.name);
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) != known.end()) continue;
    throw Error(ErrorKind::kUsage, "the project '" + project.name + "' has no dataset '" + name +
                                       "'" + advice(name, known, "datasets"));
  }
}

}  // namespace finops::datasets
