#include "finops/medallion/run_tables.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/core/unique_ids.h"
#include "finops/engines/sql_text.h"
#include "finops/lake/lake_paths.h"
#include "finops/medallion/query_results.h"
#include "finops/tabular/parquet_description.h"

namespace finops::medallion {
namespace {

constexpr std::size_t kCopyBytes = 1 << 20;

/// Copies an object to another store; returns its SHA-256.
std::string copy_object(ObjectStore& from, const std::string& name, ObjectStore& to,
                        const std::string& key) {
  Sha256 hash;
  const auto reader = from.open(name, {});
  const auto writer = to.create(key);
  std::vector<std::byte> buffer(kCopyBytes);
  while (const std::size_t n = reader->read(buffer)) {
    const auto bytes = std::span<const std::byte>(buffer).first(n);
    hash.update(bytes);
    writer->write(bytes);
  }
  writer->finish();
  return hash.finish();
}

/// How a table's columns are not these; empty when they are.
std::string fault_of(const TableSchema& schema, const std::vector<Column>& columns) {
  for (const Column& column : columns) {
    const Column* there = schema.find(column.name);
    if (there == nullptr) return "it has no column '" + column.name + "'";
    if (there->type == column.type) continue;
    return "its column '" + column.name + "' is " + std::string(to_string(there->type)) + ", not " +
           std::string(to_string(column.type));
  }
  return "";
}

Error changed_by_others(const lake::TableName& table, const std::string& fault,
                        const std::string& remedy) {
  return {ErrorKind::kInvalidData,
          "the lake's table " + table.to_string() + " is not as finops made it: " + fault +
              "; only finops writes it. Bring back its snapshot from before the change" + remedy};
}

}  // namespace

std::vector<std::string> names_of(const std::vector<datasets::PartitionColumn>& columns) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(column.name);
  return names;
}

RunTables::RunTables(lake::Lake& lake, std::string lake_uri, ObjectStore& work,
                     std::string work_folder, TransformEngine& engine, Makes makes)
    : lake_(lake),
      lake_uri_(std::move(lake_uri)),
      work_(work),
      work_folder_(std::move(work_folder)),
      engine_(engine),
      makes_(makes),
      pending_(lake.store()) {}

const lake::TableView& RunTables::prepare(const lake::TableName& table,
                                          const std::vector<Column>& columns,
                                          const std::vector<std::string>& partition_by) {
  const lake::TableView* known = find(table);
  const auto lacks = [&](const Column& column) {
    return known->schema.find(column.name) == nullptr;
  };
  if (auto retyped = find_retyped(table, columns)) throw std::move(retyped->error);
  if (known != nullptr && std::ranges::none_of(columns, lacks)) return *known;
  if (makes_ == Makes::kHere) {
    return tables_.insert_or_assign(table, made_here(table, columns, partition_by)).first->second;
  }
  lake::TableDefinition definition{columns, known == nullptr ? partition_by : known->partition_by};
  for (Column& column : definition.columns) {
    column.is_required = std::ranges::find(partition_by, column.name) != partition_by.end();
  }
  lake_.ensure_table(table, definition);
  const auto planned = planned_.find(table);
  if (planned != planned_.end()) {
    throw Error(ErrorKind::kInternal, "columns of " + table.to_string() + " come after its files");
  }
  return tables_.insert_or_assign(table, lake_.view(table)).first->second;
}

std::optional<RunTables::Retyped> RunTables::find_retyped(const lake::TableName& table,
                                                          const std::vector<Column>& columns) {
  const lake::TableView* known = find(table);
  if (known == nullptr) return std::nullopt;
  for (const Column& column : columns) {
    const Column* there = known->schema.find(column.name);
    if (there == nullptr || there->type == column.type) continue;
    return Retyped{column.name,
                   {ErrorKind::kUnsupported,
                    "the column '" + column.name + "' of " + table.to_string() + " is " +
                        std::string(to_string(there->type)) + " and would become " +
                        std::string(to_string(column.type)) +
                        "; tables of the lake keep the types of their columns: give it another "
                        "name"}};
  }
  return std::nullopt;
}

void RunTables::require_partitions(const lake::TableName& table,
                                   const std::vector<datasets::PartitionColumn>& columns,
                                   const Origin& origin, const std::string& owner) {
  const lake::TableView* known = find(table);
  const std::vector<std::string> wanted = names_of(columns);
  if (known == nullptr || known->partition_by == wanted) return;
  const auto told = [](const std::vector<std::string>& names) {
    return names.empty() ? "without partitions" : "partitioned by " + sql_list(names);
  };
  throw Error(ErrorKind::kUnsupported, table.to_string() + " is " + told(known->partition_by) +
                                           " and would become " + told(wanted) +
                                           "; tables of the lake keep their partitions: give " +
                                           owner + " another name")
      .within((columns.empty() ? origin : columns.front().origin).to_string());
}

lake::TableView RunTables::made_here(const lake::TableName& table,
                                     const std::vector<Column>& columns,
                                     const std::vector<std::string>& partition_by) {
  lake::TableView view;
  view.partition_by = partition_by;
  if (const lake::TableView* known = find(table)) view = *known;
  view.name = table;
  int last_id = 0;
  for (const Column& column : view.schema.columns) {
    last_id = std::max({last_id, column.field_id, column.key_id, column.value_id});
  }
  for (Column column : columns) {
    if (view.schema.find(column.name) != nullptr) continue;
    column.field_id = ++last_id;
    view.schema.columns.push_back(std::move(column));
  }
  return view;
}

const lake::TableView* RunTables::find(const lake::TableName& table) {
  const auto known = tables_.find(table);
  if (known != tables_.end()) return &known->second;
  if (!lake_.has_table(table)) return nullptr;
  return &tables_.emplace(table, lake_.view(table)).first->second;
}

std::vector<Column> RunTables::columns_of(const lake::TableName& table,
                                          const std::vector<Column>& named) {
  const lake::TableView& view = prepare(table, named);
  std::vector<Column> columns;
  for (const Column& column : named) columns.push_back(*view.schema.find(column.name));
  return columns;
}

std::set<std::string> RunTables::keys_of(const lake::TableName& table) {
  std::set<std::string> keys;
  if (const lake::TableView* view = find(table)) {
    for (const auto& file : view->files) keys.insert(lake_.key_of(file.uri));
  }
  return keys;
}

std::vector<CellRow> RunTables::read_small(const lake::TableName& table,
                                           const std::vector<Column>& columns,
                                           const std::string& remedy) {
  std::vector<CellRow> rows;
  const lake::TableView* known = find(table);
  if (known == nullptr) return rows;
  if (const std::string fault = fault_of(known->schema, columns); !fault.empty()) {
    throw changed_by_others(table, fault, remedy);
  }
  const std::vector<Column> committed = columns_of(table, columns);
  for (const auto& file : tables_.at(table).files) {
    auto more = read_parquet_rows(open_random(lake_.store(), lake_.key_of(file.uri)), committed);
    std::ranges::move(more, std::back_inserter(rows));
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto is_null = [i](const CellRow& row) {
      return std::holds_alternative<std::monostate>(row[i]);
    };
    if (!columns[i].is_required || std::ranges::none_of(rows, is_null)) continue;
    throw changed_by_others(table, "a row has no '" + columns[i].name + "'", remedy);
  }
  return rows;
}

void RunTables::replace_small(const lake::TableName& table, const std::vector<Column>& columns,
                              std::vector<CellRow> rows, const std::vector<std::string>& bounded) {
  const std::vector<Column> committed = columns_of(table, columns);
  const std::set<std::string> old = keys_of(table);
  if (!rows.empty()) {
    const std::string key = new_key(table);
    const auto writer = make_parquet_row_writer(key, lake_.store().create(key), committed, bounded);
    for (CellRow& row : rows) writer->append(std::move(row));
    add_file(table, writer->finish());
  }
  remove_files(table, old);
}

std::string RunTables::new_key(const lake::TableName& table, const lake::PartitionKey& partition) {
  std::string key = makes_ == Makes::kInLake ? lake_.data_key(table, partition)
                                             : lake::LakePaths::table_folder(table) + "/data/" +
                                                   random_uuid() + ".parquet";
  const std::lock_guard lock(mutex_);
  pending_.add(key);
  return key;
}

RunTables::Plan& RunTables::plan_of(const lake::TableName& table) {
  const auto [it, is_new] = planned_.try_emplace(table);
  if (is_new) {
    it->second.planned_on = tables_.at(table).files;
  }
  return it->second;
}

void RunTables::add_file(const lake::TableName& table, WrittenParquet file,
                         const lake::PartitionKey& partition) {
  Plan& plan = plan_of(table);
  lake::LakeFile planned;
  planned.uri = lake_uri_ + "/" + file.key;
  planned.partition = partition;
  planned.rows = file.rows;
  planned.bytes = file.bytes;
  tables_.at(table).files.push_back(std::move(planned));
  plan.add[partition].push_back(std::move(file));
}

void RunTables::remove_files(const lake::TableName& table, const std::set<std::string>& keys) {
  if (keys.empty()) return;
  plan_of(table).removed.insert(keys.begin(), keys.end());
  std::erase_if(tables_.at(table).files,
                [&](const lake::LakeFile& file) { return keys.contains(lake_.key_of(file.uri)); });
}

WrittenParquet RunTables::take_over(const lake::TableName& table,
                                    const std::vector<Column>& columns, const std::string& name,
                                    const lake::PartitionKey& partition) {
  const std::string key = new_key(table, partition);
  std::string hash = copy_object(work_, name, lake_.store(), key);
  auto written = describe_parquet(open_random(work_, name), columns, key, std::move(hash));
  work_.remove(name);
  return written;
}

void RunTables::add_partition(const lake::TableName& table, const std::vector<Column>& columns,
                              const std::string& select, const lake::PartitionKey& partition,
                              NewRows& added, const std::stop_token& stop) {
  const std::string name = "table-" + std::to_string(++written_) + ".parquet";
  const std::int64_t rows = engine_.write_parquet(select, columns, work_folder_ + "/" + name, stop);
  if (rows == 0) {
    work_.remove(name);
    return;
  }
  WrittenParquet file = take_over(table, columns, name, partition);
  added.rows += rows;
  added.keys.insert(file.key);
  add_file(table, std::move(file), partition);
}

RunTables::NewRows RunTables::add_rows(const lake::TableName& table,
                                       const std::vector<Column>& columns,
                                       const std::string& select, const std::stop_token& stop) {
  constexpr const char* kRows = "finops_rows";
  const std::vector<Column> committed = columns_of(table, columns);
  const std::vector<std::string>& names = tables_.at(table).partition_by;
  NewRows added;
  if (names.empty()) {
    add_partition(table, committed, select, {}, added, stop);
    return added;
  }
  engine_.keep(kRows, select, stop);
  for (const auto& partition : partitions_in(kRows, table, stop)) {
    std::string where;
    for (std::size_t i = 0; i < names.size(); ++i) {
      where += (i > 0 ? " AND " : "") + quoted_identifier(names[i]) + " = " +
               quoted_literal(partition.values[i]);
    }
    add_partition(table, committed, "SELECT * FROM " + std::string(kRows) + " WHERE " + where,
                  partition, added, stop);
  }
  engine_.forget(kRows);
  return added;
}

std::int64_t RunTables::replace_rows(const lake::TableName& table,
                                     const std::vector<Column>& columns, const std::string& select,
                                     const std::stop_token& stop,
                                     const std::vector<std::string>& partition_by) {
  prepare(table, columns, partition_by);
  const std::set<std::string> old = keys_of(table);
  const std::int64_t rows = add_rows(table, columns, select, stop).rows;
  remove_files(table, old);
  return rows;
}

std::set<lake::PartitionKey> RunTables::partitions_in(const std::string& rows,
                                                      const lake::TableName& table,
                                                      const std::stop_token& stop) {
  const std::vector<std::string>& names = tables_.at(table).partition_by;
  std::set<lake::PartitionKey> partitions;
  for_each_row(engine_,
               "SELECT DISTINCT " + quoted_identifiers(names) + " FROM " + rows + " LIMIT " +
                   std::to_string(kMostPartitions + 1),
               stop, [&](const ResultRow& row) {
                 lake::PartitionKey partition;
                 for (std::size_t i = 0; i < names.size(); ++i) {
                   if (row[i].value_or("").empty()) {
                     throw Error(ErrorKind::kInvalidData,
                                 "there are rows without a value of '" + names[i] + "', which " +
                                     table.to_string() +
                                     " is partitioned by; give them one with coalesce()");
                   }
                   partition.values.push_back(*row[i]);
                 }
                 partitions.insert(std::move(partition));
               });
  if (partitions.size() > kMostPartitions) {
    throw Error(ErrorKind::kInvalidData,
                table.to_string() + " would have more than " + std::to_string(kMostPartitions) +
                    " partitions, each of one small file; partition by something coarser");
  }
  return partitions;
}

void RunTables::show(const lake::TableName& table, const std::string& schema,
                     const std::string& name) {
  const lake::TableView* view = find(table);
  if (view == nullptr) {
    throw Error(ErrorKind::kInternal, table.to_string() + " is shown and is not there");
  }
  engine_.show(schema, name, *view);
}

void RunTables::show_files(const lake::TableName& table, const std::set<std::string>& keys,
                           const std::string& schema, const std::string& name) {
  lake::TableView view = tables_.at(table);
  view.files.clear();
  for (const auto& key : keys) {
    lake::LakeFile file;
    file.uri = lake_uri_ + "/" + key;
    view.files.push_back(std::move(file));
  }
  engine_.show(schema, name, view);
}

lake::CommitReport RunTables::commit(const std::map<std::string, std::string>& summary) {
  std::vector<lake::PartitionChange> changes;
  for (auto& [table, plan] : planned_) {
    std::map<lake::PartitionKey, lake::PartitionChange> of_table;
    for (auto& [partition, files] : plan.add) of_table[partition].add = std::move(files);
    for (auto& file : plan.planned_on) {
      of_table[file.partition].planned_on.push_back(std::move(file.uri));
    }
    const auto removed = std::make_shared<const std::set<std::string>>(std::move(plan.removed));
    for (auto& [partition, change] : of_table) {
      change.table = table;
      change.partition = partition;
      change.summary = summary;
      change.removes = [this, removed](const lake::LakeFile& file) {
        return removed->contains(lake_.key_of(file.uri));
      };
      changes.push_back(std::move(change));
    }
  }
  lake::CommitReport report = commit_pending(lake_, changes, pending_);
  planned_.clear();
  return report;
}

}  // namespace finops::medallion
