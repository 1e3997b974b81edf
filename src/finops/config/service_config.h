#pragma once

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

struct ServiceConfig {
  JournalConfig journal;
};

/// A service.db_host stands for service.journal = "mysql" where that is not given.
void let_host_choose_journal(SettingTable& table);

ServiceConfig read_service(SettingReader& reader, const std::string& data_dir);

}  // namespace finops
