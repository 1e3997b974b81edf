#include "finops/app/journal_access.h"

#include "finops/app/release_files.h"
#include "finops/core/error.h"
#include "finops/jobs/copy_order.h"
#include "finops/journal/mysql/mysql_journal.h"
#include "finops/journal/sqlite/sqlite_journal.h"

namespace finops {
namespace {

journal::SslMode ssl_mode_of(DbSslMode mode) {
  switch (mode) {
    case DbSslMode::kDisabled: return journal::SslMode::kDisabled;
    case DbSslMode::kPreferred: return journal::SslMode::kPreferred;
    case DbSslMode::kRequired: return journal::SslMode::kRequired;
    case DbSslMode::kVerifyIdentity: return journal::SslMode::kVerifyIdentity;
  }
  return journal::SslMode::kVerifyIdentity;
}

void require(bool is_there, const std::string& key) {
  if (is_there) return;
  throw Error(ErrorKind::kInvalidConfig,
              "'" + key + "' is missing; a journal in MySQL or MariaDB needs it");
}

journal::MySqlOptions mysql_options(const JournalConfig& configured, const AwsConnections& aws,
                                    const std::stop_token& stop) {
  require(!configured.host.empty(), "service.db_host");
  require(!configured.database.empty(), "service.db_name");
  require(configured.user.is_set(), "service.db_user");
  journal::MySqlOptions options;
  options.host = configured.host;
  options.port = configured.port;
  options.database = configured.database;
  options.user = aws.value_of(configured.user);
  options.password = aws.value_of(configured.password);
  options.ssl_mode = ssl_mode_of(configured.ssl_mode);
  options.ssl_ca = configured.ssl_ca;
  options.plugin_dir = release_folder("mariadb-plugins");
  options.stop = stop;
  return options;
}

}  // namespace

std::unique_ptr<journal::JobJournal> open_journal(const Configuration& configuration,
                                                  const AwsConnections& aws, Clock& clock,
                                                  const std::stop_token& stop) {
  const JournalConfig& configured = configuration.service.journal;
  if (configured.type == JournalType::kSqlite) {
    return journal::make_sqlite_journal(configured.path, clock);
  }
  return journal::make_mysql_journal(mysql_options(configured, aws, stop), clock);
}

std::string journal_name(const Configuration& configuration) {
  const JournalConfig& configured = configuration.service.journal;
  if (configured.type == JournalType::kSqlite) return "sqlite:" + configured.path;
  return "mysql://" + configured.host + ":" + std::to_string(configured.port) + "/" +
         configured.database;
}

JournalSession::JournalSession(const Configuration& configuration, const std::stop_token& stop)
    : aws(Environment::of_process(), system_clock(), stop),
      journal(open_journal(configuration, aws, system_clock(), stop)) {}

ChangedClient change_client(const Configuration& configuration, const std::string& organization_id,
                            const std::function<void(journal::ClientConfiguration&)>& change) {
  const JournalSession session(configuration);
  const std::string& own_project = configuration.service.project_id;
  auto client = session.journal->client(organization_id)
                    .value_or(journal::ClientConfiguration{.organization_id = organization_id});
  change(client);
  jobs::require_own_destination(session.journal->clients(), client, own_project);
  session.journal->put_client(client);
  ChangedClient changed{.client = session.journal->client(organization_id).value_or(client)};
  try {
    const jobs::CopyOrder order =
        jobs::order_of(changed.client, {.organization_id = organization_id}, own_project);
    changed.source = order.source.to_string();
    changed.destination = order.destination.to_string();
  } catch (const Error& error) {
    changed.lacking = error.what();
  }
  return changed;
}

JournalMigrationReport migrate_journal(const Configuration& configuration,
                                       const std::stop_token& stop) {
  const JournalSession session(configuration, stop);
  return {journal_name(configuration), session.journal->migrate()};
}

}  // namespace finops
