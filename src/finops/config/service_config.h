#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "finops/config/secret.h"
#include "finops/config/setting.h"

namespace finops {

class SettingReader;

enum class JournalType { kSqlite, kMysql };
enum class DbSslMode { kDisabled, kPreferred, kRequired, kVerifyIdentity };

/// Where the service keeps its jobs. Without a host, database, user or password where one is
/// needed: DB_HOST and the like may be there for other programs, so only who opens the journal
/// complains.
struct JournalConfig {
  JournalType type = JournalType::kSqlite;
  std::string path;  // kSqlite
  std::string host, database;
  std::uint16_t port = 0;
  Secret user, password;
  DbSslMode ssl_mode = DbSslMode::kPreferred;
  std::string ssl_ca;  // a file; empty: the system's authorities
};

/// Who may call the service.
struct ServiceAccess {
  Secret api_token, api_read_token;       // of /v1/jobs; not set: none
  std::string push_audience, push_email;  // of identity tokens of pushed messages; both or none
  bool allow_anonymous = false;
};

struct ServiceConfig {
  JournalConfig journal;
  std::string listen;
  ServiceAccess access;
  int workers = 0, max_retries = 0;
  std::int64_t batch_size = 0;  // rows
  std::chrono::seconds push_deadline{}, retry_delay{}, lease{};
  std::string log_level;   // "debug", "info", "warning", "error"
  std::string project_id;  // of copies; empty: none
  std::string credentials_path, endpoint_url;
  /// Variables of the reference service that hold what they cannot, a line each: they may be there
  /// for other programs, so only the service complains.
  std::string wrong_variables;
};

/// A service.db_host stands for service.journal = "mysql" where that is not given.
void let_host_choose_journal(SettingTable& table);

ServiceConfig read_service(SettingReader& reader, const std::string& data_dir);

}  // namespace finops
