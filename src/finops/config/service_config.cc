#include "finops/config/service_config.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "finops/config/known_keys.h"
#include "finops/config/setting_reader.h"
#include "finops/config/value_text.h"
#include "finops/core/ascii_case.h"

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

/// Keys that the reference service's variables may give as well.
class SharedVariables {
 public:
  SharedVariables(SettingReader& reader, std::string& wrong) : reader_(reader), wrong_(wrong) {}

  std::int64_t count(std::string_view path, std::int64_t least, std::int64_t most) {
    const auto value = parse_integer(reader_.text(path));
    if (value && *value >= least && *value <= most) return *value;
    complain(path, "must be a whole number from " + std::to_string(least) + " to " +
                       std::to_string(most));
    return least;
  }

  /// Also bare seconds, as that service writes them.
  std::chrono::seconds duration(std::string_view path) {
    constexpr std::int64_t kDay = 86'400;
    const std::string text = reader_.text(path);
    auto value = parse_duration(text);
    if (const auto seconds = parse_integer(text); seconds && *seconds >= 0 && *seconds <= kDay) {
      value = std::chrono::seconds(*seconds);
    }
    if (value && value->count() <= kDay) return *value;
    complain(path, "must be a duration such as 5s, of a day at most");
    return {};
  }

  /// In letters of any case.
  std::string choice(std::string_view path) {
    const std::string text = ascii_lower(reader_.text(path));
    for (const auto& one : words_of(find_known_key(path)->choices)) {
      if (text == one) return text;
    }
    complain(path, "must be one of " + std::string(find_known_key(path)->choices));
    return "";
  }

 private:
  void complain(std::string_view path, const std::string& text) {
    const Origin origin = reader_.origin(path);
    const bool is_shared = origin.kind == Origin::Kind::kEnvironment &&
                           origin.where == find_known_key(path)->environment;
    if (!is_shared) return reader_.mistake(path, text);
    wrong_ += (wrong_.empty() ? "" : "\n") + origin.to_string() + ": " + text;
  }

  SettingReader& reader_;
  std::string& wrong_;
};

ServiceAccess read_access(SettingReader& reader) {
  ServiceAccess access;
  access.api_token = reader.secret("service.api_token");
  access.api_read_token = reader.secret("service.api_read_token");
  access.push_audience = reader.text("service.push_audience");
  access.push_email = reader.text("service.push_email");
  access.allow_anonymous = reader.boolean("service.allow_anonymous");
  if (access.push_audience.empty() != access.push_email.empty()) {
    reader.mistake(
        access.push_audience.empty() ? "service.push_email" : "service.push_audience",
        "needs the other one of push_audience and push_email too: either alone lets others in");
  }
  if (access.api_read_token.is_set() && !access.api_token.is_set()) {
    reader.mistake("service.api_read_token",
                   "needs service.api_token too: nobody could begin a job");
  }
  return access;
}

std::string written_place(SettingReader& reader, const std::string& data_dir) {
  return reader.is_given(kJournal) ? reader.text(kJournal)
                                   : default_text(*find_known_key(kJournal), data_dir);
}

JournalConfig read_journal(SettingReader& reader, const std::string& data_dir) {
  JournalConfig journal;
  journal.user = reader.secret("service.db_user");
  journal.password = reader.secret("service.db_password");
  journal.ssl_mode = ssl_mode_of(reader.choice("service.db_ssl_mode"));
  journal.ssl_ca = reader.path("service.db_ssl_ca", "");
  const std::string place = written_place(reader, data_dir);
  if (place.starts_with(kSqlite) && place.size() > kSqlite.size()) {
    journal.path = place.substr(kSqlite.size());
    return journal;
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
  return journal;
}

}  // namespace

void let_host_choose_journal(SettingTable& table) {
  const auto host = table.values.find("service.db_host");
  if (host == table.values.end() || host->second.text.empty()) return;
  table.values.try_emplace(std::string(kJournal),
                           Setting{"mysql", Setting::Form::kUntyped, host->second.origin});
}

ServiceConfig read_service(SettingReader& reader, const std::string& data_dir) {
  constexpr std::int64_t kMostWorkers = 64, kMostRetries = 20, kMostRows = 100'000;
  ServiceConfig service;
  service.journal = read_journal(reader, data_dir);
  service.listen = reader.text("service.listen");
  service.access = read_access(reader);
  service.workers = static_cast<int>(reader.count("service.workers", 1, kMostWorkers));
  service.lease = std::max(reader.duration("service.lease"), std::chrono::seconds(1));
  service.push_deadline = reader.duration("service.push_deadline");
  service.project_id = reader.text("service.project_id");
  service.credentials_path = reader.path("service.credentials_path", data_dir);
  service.endpoint_url = reader.endpoint("service.endpoint_url");
  SharedVariables shared(reader, service.wrong_variables);
  service.batch_size = shared.count("service.batch_size", 1, kMostRows);
  service.max_retries = static_cast<int>(shared.count("service.max_retries", 0, kMostRetries));
  service.retry_delay = shared.duration("service.retry_delay");
  service.log_level = shared.choice("service.log_level");
  return service;
}

}  // namespace finops
