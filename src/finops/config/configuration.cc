#include "finops/config/configuration.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "finops/config/export_reading.h"
#include "finops/config/lake_reading.h"
#include "finops/config/nearest_name.h"
#include "finops/config/setting_reader.h"
#include "finops/core/error.h"
#include "finops/core/mail_address.h"

namespace finops {
namespace {

constexpr const char* kDefaultFile = "config.toml";
constexpr std::uint64_t kLeastMemory = 64'000'000;

/// Which file to read, and how the user named it; empty: there is none, which is legal.
struct ChosenFile {
  std::string path, named_by;
};

ChosenFile choose_file(const ConfigSources& sources) {
  if (!sources.file.empty()) return {sources.file, "--config"};
  if (const std::string* path = sources.environment.find("CONFIG_PATH")) {
    return {*path, "CONFIG_PATH"};
  }
  struct stat status{};
  if (::stat(kDefaultFile, &status) == 0) return {kDefaultFile, ""};
  return {};
}

[[noreturn]] void refuse_file(const ChosenFile& file, const std::string& reason) {
  const std::string by = file.named_by.empty() ? "" : " (named by " + file.named_by + ")";
  throw Error(ErrorKind::kInvalidConfig,
              "read the configuration '" + file.path + "'" + by + ": " + reason);
}

std::string text_of(const ChosenFile& file) {
  constexpr std::size_t kLongestFile = 1 << 20;
  struct stat status{};
  if (::stat(file.path.c_str(), &status) != 0) {
    const int number = errno;
    refuse_file(file, number == ENOENT ? "there is no such file; `finops init` writes one"
                                       : error_from_errno(number, "stat", file.path).what());
  }
  if (S_ISDIR(status.st_mode)) refuse_file(file, "it is a folder; name the file in it");
  errno = 0;
  std::ifstream stream(file.path, std::ios::binary);
  if (!stream) refuse_file(file, error_from_errno(errno, "open", file.path).what());
  std::string text(kLongestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) refuse_file(file, "it cannot be read");
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLongestFile) refuse_file(file, "it is longer than 1 MiB: not a configuration");
  return text;
}

void read_folders(SettingReader& reader, Configuration& result) {
  result.data_dir = reader.path("data_dir", "");
  const std::string& root = result.data_dir;
  result.staging_dir = reader.path("staging_dir", root);
  result.parquet_dir = reader.path("parquet_dir", root);
  result.duckdb_path = reader.path("database.duckdb.database_path", root);
}

void read_catalog(SettingReader& reader, Configuration& result) {
  const std::string type = reader.choice("catalog.type");
  result.catalog.name = reader.text("catalog.name");
  if (result.catalog.name.empty()) reader.mistake("catalog.name", "is empty");
  if (type == "sqlite") {
    result.catalog.type = CatalogType::kSqlite;
    result.catalog.uri = reader.path("catalog.uri", result.data_dir);
    return;
  }
  result.catalog.type = type == "rest" ? CatalogType::kRest : CatalogType::kGlue;
  result.catalog.uri = reader.is_given("catalog.uri") ? reader.text("catalog.uri") : "";
  // The value itself may hold a password, so it is in no message.
  const std::string& uri = result.catalog.uri;
  if (uri.find('@') != std::string::npos) {
    reader.mistake("catalog.uri", "must not hold a user or a password");
  } else if (result.catalog.type == CatalogType::kRest && !uri.starts_with("http://") &&
             !uri.starts_with("https://")) {
    reader.mistake("catalog.uri", "must be the http(s):// URL of the REST catalog");
  }
}

void read_limits(SettingReader& reader, Configuration& result) {
  result.memory_limit = reader.size("memory_limit");
  if (result.memory_limit < kLeastMemory) {
    reader.mistake("memory_limit", "must be 64MB at least; a load needs that much");
  }
  result.quarantine.threshold_rows = reader.share("quarantine.threshold_rows");
  result.quarantine.threshold_min_rows =
      reader.count("quarantine.threshold_min_rows", 0, 1'000'000'000'000);
  result.quarantine.threshold_cost = reader.share("quarantine.threshold_cost");
}

std::vector<std::string> addresses_of(const std::string& text) {
  std::string words = text;
  std::ranges::replace(words, ',', ' ');
  return words_of(words);
}

void check_address(SettingReader& reader, std::string_view path, std::string_view address) {
  if (is_mail_address(address)) return;
  reader.mistake(path, "'" + std::string(address) + "' is no mail address");
}

std::optional<EmailConfig> read_email(SettingReader& reader) {
  EmailConfig email;
  email.smtp_url = reader.text("notify.email_smtp_url");
  email.from = reader.text("notify.email_from");
  email.to = addresses_of(reader.text("notify.email_to"));
  email.user = reader.secret("notify.email_user");
  email.password = reader.secret("notify.email_password");
  email.may_be_plain = reader.choice("notify.email_tls") == "none";
  if (email.smtp_url.empty() && email.from.empty() && email.to.empty()) return std::nullopt;
  if (!email.smtp_url.starts_with("smtp://") && !email.smtp_url.starts_with("smtps://")) {
    reader.mistake("notify.email_smtp_url", "must be smtp://HOST[:PORT] or smtps://HOST[:PORT]");
  }
  check_address(reader, "notify.email_from", email.from);
  if (email.to.empty()) reader.mistake("notify.email_to", "must name who gets the mails");
  for (const std::string& address : email.to) check_address(reader, "notify.email_to", address);
  if (email.user.is_set() != email.password.is_set()) {
    reader.mistake("notify.email_password", "and notify.email_user go together");
  }
  return email;
}

void read_notify(SettingReader& reader, Configuration& result) {
  result.notify.email = read_email(reader);
  result.notify.webhook_url = reader.secret("notify.webhook_url");
  // Whoever knows the URL can post, so it is in no message. References are checked when it is used.
  const std::string_view url = result.notify.webhook_url.literal();
  if (!url.empty() && !url.starts_with("https://") && !url.starts_with("http://")) {
    reader.mistake("notify.webhook_url",
                   "must be an https:// URL, or a reference to one (env:NAME, file:PATH, "
                   "secretsmanager:ARN)");
  }
}

void read_bigquery(SettingReader& reader, const SettingTable& table, Configuration& result) {
  bool is_present = table.has_bigquery_section;
  for (const KnownKey& key : known_keys()) {
    is_present |= section_of(key.path) == "database.bigquery" && reader.is_given(key.path);
  }
  if (!is_present) return;
  BigQueryConfig& bigquery = result.bigquery.emplace();
  bigquery.project_id = reader.text("database.bigquery.project_id");
  bigquery.dataset_id = reader.text("database.bigquery.dataset_id");
  bigquery.table_id = reader.text("database.bigquery.table_id");
  bigquery.credentials_path = reader.path("database.bigquery.credentials_path", "");
  bigquery.impersonated_account = reader.text("database.bigquery.impersonate_service_account");
  bigquery.location = reader.text("database.bigquery.location");
  bigquery.endpoint_url = reader.endpoint("database.bigquery.endpoint_url");
  for (const char* path : {"database.bigquery.project_id", "database.bigquery.dataset_id",
                           "database.bigquery.table_id"}) {
    if (reader.text(path).empty()) {
      reader.mistake(path, "is missing; the section [database.bigquery] needs it");
    }
  }
}

EffectiveValue effective_value(const KnownKey& key, std::string name,
                               const std::optional<Setting>& setting, const std::string& data_dir) {
  EffectiveValue value{std::move(name), key.type, default_text(key, data_dir), {}};
  if (setting) {
    value.text = setting->text;
    value.origin = setting->origin;
  }
  if (key.type == ValueType::kSecret) {
    value.text = Secret(std::string(key.path), value.text).describe();
  }
  return value;
}

std::vector<EffectiveValue> effective_values(const SettingTable& table,
                                             const Configuration& result) {
  constexpr std::size_t kNoExport = ~std::size_t{0};
  std::vector<EffectiveValue> values;
  for (const KnownKey& key : known_keys()) {
    if (section_of(key.path) == "database.bigquery" && !result.bigquery) continue;
    values.push_back(effective_value(key, std::string(key.path),
                                     setting_of_export(table, kNoExport, key.path),
                                     result.data_dir));
  }
  for (std::size_t i = 0; i < table.exports.size(); ++i) {
    for (const KnownKey& key : known_keys()) {
      if (!key.is_of_export) continue;
      const std::string name =
          "aws.exports[" + std::to_string(i) + "]." + std::string(last_name_of(key.path));
      values.push_back(
          effective_value(key, name, setting_of_export(table, i, key.path), result.data_dir));
    }
  }
  return values;
}

}  // namespace

std::string_view to_string(CatalogType type) {
  switch (type) {
    case CatalogType::kSqlite: return "sqlite";
    case CatalogType::kRest: return "rest";
    case CatalogType::kGlue: return "glue";
  }
  return "sqlite";
}

std::string_view to_string(CurVersion version) { return version == CurVersion::kV1 ? "v1" : "v2"; }

Configuration load_configuration(const ConfigSources& sources) {
  Configuration result;
  SettingTable table;
  Mistakes mistakes;
  if (const ChosenFile file = choose_file(sources); !file.path.empty()) {
    result.file = file.path;
    read_toml(text_of(file), file.path, table, mistakes);
  }
  read_environment(sources.environment, table, mistakes);
  read_flags(sources.flags, table, mistakes);
  let_host_choose_journal(table);
  SettingReader reader(
      [&table](std::string_view path) -> std::optional<Setting> {
        const auto found = table.values.find(path);
        if (found == table.values.end()) return std::nullopt;
        return found->second;
      },
      sources.environment, mistakes);
  read_folders(reader, result);
  read_lake(table, sources.environment, mistakes, result);
  read_catalog(reader, result);
  read_limits(reader, result);
  read_notify(reader, result);
  result.service = read_service(reader, result.data_dir);
  read_bigquery(reader, table, result);
  ReadExports read = read_exports(table, sources.environment, mistakes);
  result.exports = std::move(read.exports);
  result.aws = std::move(read.defaults);
  mistakes.throw_if_any();
  result.values = effective_values(table, result);
  return result;
}

const AwsExport& find_export(const Configuration& configuration, std::string_view name) {
  std::vector<std::string> names;
  for (const AwsExport& one : configuration.exports) {
    if (one.name == name) return one;
    names.push_back(one.name);
  }
  std::string message = "there is no source '" + std::string(name) + "' in the configuration; ";
  if (names.empty()) throw Error(ErrorKind::kInvalidConfig, message + "it has none");
  if (const auto near = nearest_name(name, names)) {
    throw Error(ErrorKind::kInvalidConfig, message + "did you mean '" + *near + "'?");
  }
  std::string list;
  for (const std::string& one : names) list += (list.empty() ? "" : ", ") + one;
  throw Error(ErrorKind::kInvalidConfig, message + "it has " + list);
}

}  // namespace finops
