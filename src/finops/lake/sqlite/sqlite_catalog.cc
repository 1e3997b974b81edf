#include "finops/lake/sqlite/sqlite_catalog.h"

#include <filesystem>
#include <mutex>

#include "finops/core/error.h"
#include "finops/sqlite/sqlite_connection.h"

namespace finops::lake {
namespace {

// Column types and constraints as pyiceberg and Iceberg Java declare them.
constexpr const char* kCreateTables =
    "CREATE TABLE IF NOT EXISTS iceberg_tables ("
    " catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL,"
    " table_name VARCHAR(255) NOT NULL, metadata_location VARCHAR(1000),"
    " previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5),"
    " PRIMARY KEY (catalog_name, table_namespace, table_name))";
constexpr const char* kCreateNamespaces =
    "CREATE TABLE IF NOT EXISTS iceberg_namespace_properties ("
    " catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL,"
    " property_key VARCHAR(255) NOT NULL, property_value VARCHAR(1000) NOT NULL,"
    " PRIMARY KEY (catalog_name, namespace, property_key))";
constexpr const char* kTypeColumn = "iceberg_type";

class SqliteCatalog : public Catalog {
 public:
  SqliteCatalog(std::string path, std::string catalog_name)
      : path_(std::move(path)), catalog_name_(std::move(catalog_name)) {}

  std::vector<TableName> tables() override {
    const std::lock_guard lock(mutex_);
    std::vector<TableName> names;
    if (!opens_existing()) return names;
    for (auto& row : db_->query("SELECT table_namespace, table_name FROM iceberg_tables "
                                "WHERE catalog_name = ?1" +
                                    only_tables() + " ORDER BY 1, 2",
                                {catalog_name_})) {
      names.push_back({row[0].value_or(""), row[1].value_or("")});
    }
    return names;
  }

  std::optional<std::string> metadata_location(const TableName& table) override {
    const std::lock_guard lock(mutex_);
    return opens_existing() ? read_location(table) : std::nullopt;
  }

  Outcome swap(const std::vector<Swap>& swaps) override {
    const std::lock_guard lock(mutex_);
    make_ready();
    db_->run("BEGIN IMMEDIATE");
    try {
      return swap_and_finish(swaps);
    } catch (const Error& error) {
      return after_failure(error, swaps);
    }
  }

 private:
  std::unique_ptr<SqliteConnection> open(bool may_create) const {
    return std::make_unique<SqliteConnection>(SqliteFile{
        .path = path_, .subject = "the catalog", .key = "catalog.uri", .may_create = may_create});
  }

  /// False while there is no catalog yet: looking must not make one.
  bool opens_existing() {
    if (db_ == nullptr) {
      std::error_code code;
      if (std::filesystem::status(path_, code).type() == std::filesystem::file_type::not_found) {
        return false;
      }
      db_ = open(false);
    }
    if (!is_initialized_) find_out_version();
    return is_initialized_;
  }

  void find_out_version() {
    const auto columns = db_->query("SELECT name FROM pragma_table_info('iceberg_tables')");
    is_initialized_ = !columns.empty();
    has_types_ = false;
    for (const auto& column : columns) has_types_ = has_types_ || column[0] == kTypeColumn;
  }

  /// A catalog of the schema "V0" has no types: all its rows are tables.
  std::string only_tables() const {
    return has_types_ ? " AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)" : "";
  }

  std::optional<std::string> read_location(const TableName& table) {
    const auto rows = db_->query(
        "SELECT metadata_location FROM iceberg_tables WHERE catalog_name = "
        "?1 AND table_namespace = ?2 AND table_name = ?3" +
            only_tables(),
        {catalog_name_, table.name_space, table.name});
    return rows.empty() ? std::nullopt : std::optional(rows[0][0].value_or(""));
  }

  /// Makes the file and its tables where they are missing, and a "V0" one a "V1".
  void make_ready() {
    if (db_ == nullptr) {
      std::error_code ignored;  // opening the file tells it better
      const auto folder = std::filesystem::path(path_).parent_path();
      if (!folder.empty()) std::filesystem::create_directories(folder, ignored);
      db_ = open(true);
    }
    if (is_initialized_ && has_types_) return;
    db_->run("BEGIN IMMEDIATE");
    try {
      db_->run(kCreateTables);
      db_->run(kCreateNamespaces);
      find_out_version();
      if (!has_types_) db_->run("ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)");
      db_->run("COMMIT");
      has_types_ = true;
    } catch (const Error&) {
      db_.reset();  // rolls back
      is_initialized_ = false;
      throw;
    }
  }

  /// In a transaction that holds the lock for writing since before anything is read.
  Outcome swap_and_finish(const std::vector<Swap>& swaps) {
    for (const auto& swap : swaps) {
      if (swap.from.empty() ? insert(swap) : update(swap)) continue;
      db_->run("ROLLBACK");
      return Outcome::kBaseChanged;
    }
    db_->run("COMMIT");
    return Outcome::kDone;
  }

  bool insert(const Swap& swap) {
    // pyiceberg and Java see a namespace when it has a property or a table; this is pyiceberg's.
    db_->run("INSERT OR IGNORE INTO iceberg_namespace_properties VALUES (?1, ?2, 'exists', 'true')",
             {catalog_name_, swap.table.name_space});
    return db_->run(
               "INSERT OR IGNORE INTO iceberg_tables (catalog_name, table_namespace, "
               "table_name, metadata_location, previous_metadata_location, iceberg_type) "
               "VALUES (?1, ?2, ?3, ?4, NULL, 'TABLE')",
               {catalog_name_, swap.table.name_space, swap.table.name, swap.to}) == 1;
  }

  bool update(const Swap& swap) {
    return db_->run(
               "UPDATE iceberg_tables SET metadata_location = ?4, previous_metadata_location = "
               "?5 WHERE catalog_name = ?1 AND table_namespace = ?2 AND table_name = ?3" +
                   only_tables() + " AND metadata_location = ?5",
               {catalog_name_, swap.table.name_space, swap.table.name, swap.to, swap.from}) == 1;
  }

  /// An I/O error may hit before or after the commit point. Closing the connection rolls back what
  /// is not committed, and a new one does so with a journal that is left over, so what it reads is
  /// final.
  Outcome after_failure(const Error& failure, const std::vector<Swap>& swaps) {
    try {
      db_.reset();
      db_ = open(false);
      bool none_happened = true;
      for (const auto& [table, from, to] : swaps) {
        const auto now = read_location(table).value_or("");
        if (now == to) return Outcome::kDone;
        none_happened = none_happened && now == from;
      }
      if (!none_happened) return Outcome::kUnknown;  // there are commits after ours, or instead
    } catch (const Error&) {
      db_.reset();
      is_initialized_ = false;
      return Outcome::kUnknown;
    }
    throw failure;
  }

  const std::string path_;
  const std::string catalog_name_;
  std::mutex mutex_;
  std::unique_ptr<SqliteConnection> db_;  // none while there is no file
  bool is_initialized_ = false;
  bool has_types_ = false;
};

}  // namespace

std::unique_ptr<Catalog> make_sqlite_catalog(std::string path, std::string catalog_name) {
  return std::make_unique<SqliteCatalog>(std::move(path), std::move(catalog_name));
}

}  // namespace finops::lake
