#pragma once

#include <optional>
#include <string>

#include "finops/warehouses/bigquery/bigquery_client.h"

namespace finops::bigquery {

/// The resources; nothing when there are none.
std::optional<Json> find_dataset(Client& client, const std::string& project,
                                 const std::string& dataset);
std::optional<Json> find_table(Client& client, const TableRef& table);

/// Both do not throw when somebody else, or an attempt whose answer was lost, made it.
void create_dataset(Client& client, const std::string& project, const std::string& dataset,
                    const std::string& location);
void create_table(Client& client, const TableRef& table, Json resource);

/// Throws unless the table is gone then.
void remove_table(Client& client, const TableRef& table);
/// Tries it, also after a stop, of a table that otherwise expires by itself.
void try_to_remove_table(Client& client, const TableRef& table);

/// The names of the dataset's tables that begin so.
std::vector<std::string> tables_with_prefix(Client& client, const std::string& project,
                                            const std::string& dataset, const std::string& prefix);

/// Throws kInvalidConfig: "'x y' is no dataset of BigQuery".
void check_project_name(const std::string& name);
void check_dataset_name(const std::string& name);
void check_table_name(const std::string& name);

/// `column` in backquotes.
std::string quoted(const std::string& column);

}  // namespace finops::bigquery
