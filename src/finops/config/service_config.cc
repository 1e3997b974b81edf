#include "finops/config/service_config.h"

#include <optional>
#include <string_view>

#include "finops/config/known_keys.h"
#include "finops/config/setting_reader.h"
#include "finops/config/value_text.h"

namespace finops {
namespace {

constexpr std::string_view kJournal = "service.journal";
constexpr std::string_view kSqlite = "sqlite:", kMysql = "mysql://";
constexpr std::uint16_t kMysqlPort = 3306;

struct HostAndPort {
  std::string host;
  std::uint16_t port = kMysqlPort;
};

/// "db.example", "db.example:3307", "[::1]:3307". Nothing for another form.
std::optional<HostAndPort> parse_host(std::string_view text) {
  HostAndPort result;
  std::size_t end = text.find(':');
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    result.host = text.substr(1, bracket - 1);
    end = bracket + 1;
  } else {
    result.host = text.substr(0, end);
  }
  if (end < text.size()) {
    const auto port = text[end] == ':' ? parse_integer(text.substr(end + 1)) : std::nullopt;
    if (!port || *port < 1 || *port > 65'535) return std::nullopt;
    result.port = static_cast<std::uint16_t>(*port);
  }
  const bool is_host =
      !result.host.empty() && result.host.find_first_of("/@ ") == std::string::npos;
  return is_host ? std::optional(result) : std::nullopt;
}

DbSslMode ssl_mode_of(std::string_view text) {
  if (text == "disabled") return DbSslMode::kDisabled;
  if (text == "required") return DbSslMode::kRequired;
  return text == "verify_identity" ? DbSslMode::kVerifyIdentity : DbSslMode::kPreferred;
}

void read_mysql_url(SettingReader& reader, std::string_view url, JournalConfig& journal) {
  url.remove_prefix(kMysql.size());
  const std::size_t slash = url.find('/');
  const auto place = parse_host(url.substr(0, slash));
  const std::string_view database =
      slash == std::string_view::npos ? std::string_view() : url.substr(slash + 1);
  if (!place || database.empty() || database.find_first_of("/?#") != std::string_view::npos) {
    // The text may hold a password.
    reader.mistake(kJournal,
                   "must be mysql://HOST[:PORT]/DATABASE; user and password are service.db_user "
                   "and service.db_password");
    return;
  }
  journal.host = place->host;
  journal.port = place->port;
  journal.database = database;
}

void read_mysql_keys(SettingReader& reader, JournalConfig& journal) {
  const std::string host = reader.text("service.db_host");
  const auto place = parse_host(host);
  // What is no host is told by who connects.
  journal.host = place ? place->host : host;
  journal.port = place ? place->port : kMysqlPort;
  journal.database = reader.text("service.db_name");
}

std::string written_place(SettingReader& reader, const std::string& data_dir) {
  return reader.is_given(kJournal) ? reader.text(kJournal)
                                   : default_text(*find_known_key(kJournal), data_dir);
}

}  // namespace

void let_host_choose_journal(SettingTable& table) {
  const auto host = table.values.find("service.db_host");
  if (host == table.values.end() || host->second.text.empty()) return;
  table.values.try_emplace(std::string(kJournal),
                           Setting{"mysql", Setting::Form::kUntyped, host->second.origin});
}

ServiceConfig read_service(SettingReader& reader, const std::string& data_dir) {
  JournalConfig journal;
  journal.user = reader.secret("service.db_user");
  journal.password = reader.secret("service.db_password");
  journal.ssl_mode = ssl_mode_of(reader.choice("service.db_ssl_mode"));
  journal.ssl_ca = reader.path("service.db_ssl_ca", "");
  const std::string place = written_place(reader, data_dir);
  if (place.starts_with(kSqlite) && place.size() > kSqlite.size()) {
    journal.path = place.substr(kSqlite.size());
    return {journal};
  }
  journal.type = JournalType::kMysql;
  if (place.starts_with(kMysql)) {
    read_mysql_url(reader, place, journal);
  } else if (place == "mysql") {
    read_mysql_keys(reader, journal);
  } else {
    reader.mistake(
        kJournal,
        "must be sqlite:PATH, mysql://HOST[:PORT]/DATABASE, or mysql with service.db_host "
        "and service.db_name");
  }
  return {journal};
}

}  // namespace finops
