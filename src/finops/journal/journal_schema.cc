#include "finops/journal/journal_schema.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/error.h"

namespace finops::journal {
namespace {

using Names = std::vector<std::string>;

Names names(SqlSession& session, const std::string& query, const std::string& table) {
  Names result;
  for (auto& row : session.query(query, {table})) result.push_back(row[0].value_or(""));
  return result;
}

bool has(const Names& all, std::string_view name) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

void create_reference_tables(SqlSession& session, const SqlDialect& d) {
  session.run("CREATE TABLE IF NOT EXISTS etl_jobs (id " + d.row_number + ", organization_id " +
              d.name + ", job_id " + d.name + ", status " + d.status + ", created_at " + d.stamp +
              d.now + ", updated_at " + d.stamp + d.changes + ", error_message " + d.text + ")" +
              d.table_end);
  session.run("CREATE TABLE IF NOT EXISTS client_billing_config (id " + d.row_number +
              ", organization_id " + d.name + ", source_dataset " + d.name +
              ", destination_dataset " + d.name + ", destination_table " + d.name +
              ", last_successful_run " + d.stamp + ", created_at " + d.stamp + d.now + ")" +
              d.table_end);
}

void create_our_tables(SqlSession& session, const SqlDialect& d) {
  session.run(
      "CREATE TABLE IF NOT EXISTS finops_journal_versions (version INTEGER NOT NULL "
      "PRIMARY KEY, migrated_at " +
      d.time + ")" + d.table_end);
  // The key is what holds one lease per table. running_job is the row of etl_jobs that has it.
  session.run("CREATE TABLE IF NOT EXISTS finops_journal_tables (organization_id " + d.name +
              " NOT NULL, destination_table " + d.long_name + " NOT NULL, running_job " + d.number +
              ", watermark " + d.time + ", PRIMARY KEY (organization_id, destination_table))" +
              d.table_end);
}

void add_columns(SqlSession& session, const SqlDialect& d, const std::string& table,
                 const std::vector<std::pair<std::string, std::string>>& columns) {
  const Names there = names(session, d.columns_of, table);
  for (const auto& [name, type] : columns) {
    if (!has(there, name)) {
      session.run("ALTER TABLE " + table + " ADD COLUMN " + name + " " + type);
    }
  }
}

void add_job_columns(SqlSession& session, const SqlDialect& d) {
  const std::string count = d.number + " NOT NULL DEFAULT 0";
  add_columns(session, d, "etl_jobs",
              {{"message_id", d.name},
               {"destination_table", d.long_name},
               {"parameters", d.text},
               {"state", d.name},
               {"attempts", count},
               {"lease_owner", d.name},
               {"lease_token", d.name},
               {"lease_until", d.time},
               {"window_from", d.time},
               {"window_to", d.time},
               {"watermark", d.time},
               {"rows_copied", count},
               {"bytes_billed", count},
               {"cancel_requested", count},
               {"is_final", count},
               {"started_at", d.time},
               {"finished_at", d.time}});
}

void add_client_columns(SqlSession& session, const SqlDialect& d) {
  add_columns(session, d, "client_billing_config",
              {{"source_project", d.name},
               {"source_table", d.name},
               {"service_account", d.name},
               {"location", d.name},
               {"destination_project", d.name},
               {"transform_sql", d.name},
               {"look_back_days", d.number + " NOT NULL DEFAULT 10"},
               {"is_enabled", d.number + " NOT NULL DEFAULT 1"}});
}

void add_key(SqlSession& session, const SqlDialect& d, const std::string& table,
             const std::string& kind, const std::string& key, const std::string& columns) {
  if (has(names(session, d.keys_of, table), key)) return;
  session.run("CREATE " + kind + " " + key + " ON " + table + " (" + columns + ")");
}

/// MySQL makes no table in a transaction, so this stands before anything is changed.
void refuse_doubled_clients(SqlSession& session, const SqlDialect& d) {
  if (names(session, d.columns_of, "client_billing_config").empty()) return;
  std::string doubled;
  for (const auto& row :
       session.query("SELECT organization_id FROM client_billing_config WHERE organization_id IS "
                     "NOT NULL GROUP BY organization_id HAVING COUNT(*) > 1 ORDER BY 1")) {
    doubled += (doubled.empty() ? "" : ", ") + row[0].value_or("");
  }
  if (doubled.empty()) return;
  throw Error(ErrorKind::kInvalidData,
              "client_billing_config has more than one row for " + doubled +
                  "; the journal was not changed. Leave one row for each and migrate again");
}

/// Nobody knows any more what those jobs did; the next one begins at the watermark.
void end_jobs_of_others(SqlSession& session) {
  // updated_at is named because MySQL would set it to now otherwise.
  session.run(
      "UPDATE etl_jobs SET state = CASE status WHEN 'SUCCESS' THEN 'succeeded' ELSE 'failed' END, "
      "error_message = CASE status WHEN 'IN_PROGRESS' THEN 'left in progress by the service before "
      "finops' ELSE error_message END, "
      "status = CASE status WHEN 'SUCCESS' THEN 'SUCCESS' ELSE 'FAILED' END, updated_at = "
      "updated_at WHERE state IS NULL");
}

void migrate_to_1(SqlSession& session, const SqlDialect& d) {
  refuse_doubled_clients(session, d);
  create_reference_tables(session, d);
  for (const std::string& statement : d.adoption) session.run(statement);
  create_our_tables(session, d);
  add_job_columns(session, d);
  add_client_columns(session, d);
  end_jobs_of_others(session);
  add_key(session, d, "etl_jobs", "UNIQUE INDEX", "finops_one_job_per_message", "message_id");
  add_key(session, d, "etl_jobs", "INDEX", "finops_job_id", "job_id");
  add_key(session, d, "etl_jobs", "INDEX", "finops_job_state", "state");
  add_key(session, d, "client_billing_config", "UNIQUE INDEX", "finops_one_row_per_organization",
          "organization_id");
}

/// What a job came to in full, and whether people were told that a table's jobs fail.
void migrate_to_2(SqlSession& session, const SqlDialect& d) {
  add_columns(session, d, "etl_jobs", {{"report", d.text}});
  add_columns(session, d, "finops_journal_tables",
              {{"is_failure_told", d.number + " NOT NULL DEFAULT 0"}});
}

[[noreturn]] void refuse_newer(int version) {
  throw Error(ErrorKind::kUnsupported, "the journal's tables are of version " +
                                           std::to_string(version) + ", this finops knows up to " +
                                           std::to_string(kJournalVersion) +
                                           "; use a newer finops");
}

}  // namespace

int journal_version(SqlSession& session, const SqlDialect& dialect) {
  if (names(session, dialect.columns_of, "finops_journal_versions").empty()) return 0;
  const auto rows = session.query("SELECT MAX(version) FROM finops_journal_versions");
  return rows.empty() ? 0 : std::stoi(rows[0][0].value_or("0"));
}

Migration migrate_tables(SqlSession& session, const SqlDialect& dialect) {
  const int version = journal_version(session, dialect);
  if (version > kJournalVersion) refuse_newer(version);
  constexpr std::array kSteps = {migrate_to_1, migrate_to_2};
  for (int next = version + 1; next <= kJournalVersion; ++next) {
    kSteps.at(static_cast<std::size_t>(next) - 1)(session, dialect);
    // Last: without it the next call goes through all of the step again.
    session.run("INSERT INTO finops_journal_versions (version, migrated_at) VALUES (?, ?)",
                {std::to_string(next), to_text(session.now())});
  }
  return {version, kJournalVersion};
}

void require_version(int version) {
  if (version > kJournalVersion) refuse_newer(version);
  if (version < kJournalVersion) {
    throw Error(ErrorKind::kInvalidConfig,
                version == 0 ? "there is no journal yet; make it with `finops journal migrate`"
                             : "the journal's tables are of an older version; bring them up with "
                               "`finops journal migrate`");
  }
}

}  // namespace finops::journal
