#include "finops/config/known_keys.h"

#include "finops/config/nearest_name.h"

namespace finops {

// NOLINTNEXTLINE(readability-function-size): a table, however long
const std::vector<KnownKey>& known_keys() {
  using enum ValueType;
  static const std::vector<KnownKey> keys = {
      {"data_dir", kPath, "./data", "FINOPS_DATA_DIR", "", false, "",
       "Default root of everything below."},
      {"staging_dir", kPath, "<data_dir>/staging", "", "", false, "",
       "Downloaded deliveries: <staging_dir>/<source>/<billing_period>/<execution_id>/."},
      {"parquet_dir", kPath, "<data_dir>/exports", "", "", false, "",
       "Where `finops aws export-parquet` writes."},
      {"lake_dir", kLocation, "<data_dir>/lake", "", "", false, "",
       "Root of the Iceberg tables: a folder, or an s3://bucket/path URL."},
      {"memory_limit", kSize, "512MB", "", "", false, "",
       "Bound on the resident memory of a load."},
      {"catalog.type", kChoice, "sqlite", "", "sqlite rest glue", false, "",
       "sqlite serves one machine; rest and glue come with a later version."},
      {"catalog.uri", kText, "<data_dir>/catalog.db", "", "", false, "",
       "The catalog's file (sqlite) or URL (rest)."},
      {"catalog.name", kText, "finops", "", "", false, "",
       "The name under which other programs open the catalog."},
      {"database.duckdb.database_path", kPath, "<data_dir>/finops.duckdb", "", "", false, "",
       "Views over the lake, for any DuckDB client."},
      {"database.bigquery.project_id", kText, "", "", "", false, "my-project",
       "Without this section there is no BigQuery."},
      {"database.bigquery.dataset_id", kText, "", "", "", false, "finops", ""},
      {"database.bigquery.table_id", kText, "aws_billing_data", "", "", false, "", ""},
      {"database.bigquery.credentials_path", kPath, "", "", "", false, "/path/to/key.json",
       "Empty: application default credentials."},
      {"database.bigquery.impersonate_service_account", kText, "", "", "", false,
       "finops@my-project.iam.gserviceaccount.com",
       "Reads and writes as this account, by the credentials above."},
      {"database.bigquery.location", kText, "US", "", "", false, "",
       "Where the dataset is made when it does not exist."},
      {"database.bigquery.endpoint_url", kText, "", "", "", false, "http://localhost:9050",
       "For emulators; they get no credentials unless credentials_path is given."},
      {"lake.keep_days", kCount, "90", "", "", false, "",
       "Snapshots younger than this stay, for queries of the past and rollback."},
      {"lake.keep_versions", kCount, "5", "", "", false, "",
       "So many deliveries of each (source, billing period) stay in any case."},
      {"lake.aws_access_key_id", kSecret, "", "", "", false, "env:NAME",
       "Of a lake in a bucket, and the next ones too. Default of the keys: [aws]'s."},
      {"lake.aws_secret_access_key", kSecret, "", "", "", false, "env:NAME", ""},
      {"lake.aws_session_token", kSecret, "", "", "", false, "env:NAME", ""},
      {"lake.region", kText, "", "", "", false, "us-east-1", "Default: [aws]'s."},
      {"lake.endpoint_url", kText, "", "", "", false, "https://minio.example:9000",
       "Default: [aws]'s."},
      {"lake.role_arn", kText, "", "", "", false, "arn:aws:iam::123456789012:role/lake-writer",
       "Assumed before reading and writing the lake; [aws]'s role is not."},
      {"lake.external_id", kText, "", "", "", false, "a1b2c3", ""},
      {"lake.addressing_style", kChoice, "auto", "", "auto path virtual", false, "",
       "Default: [aws]'s."},
      {"lake.read_timeout", kDuration, "30s", "", "", false, "", "Default: [aws]'s."},
      {"lake.kms_key_id", kText, "", "", "", false, "alias/finops-lake",
       "Encrypts the lake's objects; empty: the bucket's own default."},
      {"quarantine.threshold_rows", kShare, "0.001", "", "", false, "",
       "A delivery with a larger share of bad rows (and more than threshold_min_rows) is refused."},
      {"quarantine.threshold_min_rows", kCount, "10", "", "", false, "", ""},
      {"quarantine.threshold_cost", kShare, "0.001", "", "", false, "",
       "So is one with a larger share of its absolute unblended cost, in any currency."},
      {"notify.webhook_url", kSecret, "", "", "", false, "env:SLACK_WEBHOOK_URL",
       "A Slack-compatible webhook that is told when `run-pipeline` begins to fail and recovers."},
      {"notify.email_smtp_url", kText, "", "", "", false, "smtp://mail.example:587",
       "A mail server, which is told the same: smtp:// with STARTTLS, or smtps://."},
      {"notify.email_tls", kChoice, "required", "", "required none", false, "",
       "none: mail and password go readable for everybody on the way."},
      {"notify.email_user", kSecret, "", "", "", false, "env:SMTP_USER", "Empty: no log-in."},
      {"notify.email_password", kSecret, "", "", "", false, "file:/run/secrets/smtp", ""},
      {"notify.email_from", kText, "", "", "", false, "finops@mail.example", ""},
      {"notify.email_to", kText, "", "", "", false, "finance@mail.example, oncall@mail.example",
       "Addresses with commas between them."},
      {"service.journal", kText, "sqlite:<data_dir>/journal.db", "", "", false, "",
       "Jobs of the service: sqlite:PATH serves one machine, mysql://HOST[:PORT]/DATABASE many."},
      {"service.db_host", kText, "", "DB_HOST", "", false, "db.example:3306",
       "The same for MySQL or MariaDB in parts; with it, and no journal given, that is MySQL."},
      {"service.db_name", kText, "", "DB_NAME", "", false, "finops", "It must exist."},
      {"service.db_user", kSecret, "", "DB_USER", "", false, "env:NAME", ""},
      {"service.db_password", kSecret, "", "DB_PASSWORD", "", false, "file:/run/secrets/db", ""},
      {"service.db_ssl_mode", kChoice, "preferred", "",
       "disabled preferred required verify_identity", false, "",
       "verify_identity: only a server whose certificate is its host's."},
      {"service.db_ssl_ca", kPath, "", "", "", false, "/etc/ssl/db-ca.pem",
       "Who signed that certificate; empty: the system's authorities."},
      {"service.listen", kText, "127.0.0.1:8080", "", "", false, "",
       "Address and port of `finops serve`, without TLS: a proxy in front of it has that."},
      {"service.workers", kCount, "2", "", "", false, "", "Jobs that one process does at a time."},
      {"service.lease", kDuration, "60s", "", "", false, "",
       "A job whose worker was not heard of for so long is given to another."},
      {"service.push_deadline", kDuration, "540s", "", "", false, "",
       "A pushed message whose job has not ended then is answered 503 and comes again."},
      {"service.push_audience", kText, "", "", "", false, "https://finops.example",
       "Of the identity tokens that pushed messages must bring, with push_email."},
      {"service.push_email", kText, "", "", "", false, "push@my-project.iam.gserviceaccount.com",
       "The service account that pushes."},
      {"service.api_token", kSecret, "", "", "", false, "env:NAME",
       "What callers of /v1/jobs must bring, of 16 characters at least."},
      {"service.api_read_token", kSecret, "", "", "", false, "env:NAME",
       "The same for callers who may only look."},
      {"service.allow_anonymous", kBoolean, "false", "", "", false, "",
       "Lets anybody in whom the network lets in, also beyond this machine."},
      {"service.project_id", kText, "", "PROJECT_ID", "", false, "my-project",
       "Google's project that copies are written in and paid by."},
      {"service.credentials_path", kPath, "", "SERVICE_ACCOUNT_FILE", "", false,
       "/path/to/key.json", "Of copies; empty: application default credentials."},
      {"service.endpoint_url", kText, "", "", "", false, "http://localhost:9050",
       "Of BigQuery, for emulators."},
      {"service.batch_size", kCount, "10000", "BATCH_SIZE", "", false, "",
       "Rows that are read at a time, where rows pass through finops."},
      {"service.max_retries", kCount, "3", "MAX_RETRIES", "", false, "",
       "Times that a job is tried again at once after a failure that may pass."},
      {"service.retry_delay", kDuration, "5s", "RETRY_DELAY", "", false, "",
       "Before the first of them; each next one waits twice as long."},
      {"service.log_level", kChoice, "info", "LOG_LEVEL", "debug info warning error", false, "",
       ""},
      {"aws.name", kText, "", "", "", true, "payer-a",
       "The source: names the deliveries in the lake; default: export_name."},
      {"aws.table", kText, "", "", "", true, "aws_billing_data",
       "The table that it fills; several exports may share one. Default: aws_billing_data, for "
       "exports of FOCUS focus_aws."},
      {"aws.bucket", kText, "", "FINOPS_S3_BUCKET", "", true, "my-cur-bucket",
       "A bucket's name, or the file:/// URL of a folder that holds what the bucket would."},
      {"aws.prefix", kText, "", "FINOPS_S3_PREFIX", "", true, "path/to/cur", ""},
      {"aws.export_name", kText, "", "FINOPS_EXPORT_NAME", "", true, "my-export", ""},
      {"aws.cur_version", kChoice, "", "FINOPS_CUR_VERSION", "v1 v2", true, "v2",
       "v1 | v2; default: found out from the manifests."},
      {"aws.aws_access_key_id", kSecret, "", "AWS_ACCESS_KEY_ID", "", true, "env:NAME",
       "Empty: the usual AWS chain. A secret may be env:NAME, file:PATH or "
       "secretsmanager:ARN[#key]."},
      {"aws.aws_secret_access_key", kSecret, "", "AWS_SECRET_ACCESS_KEY", "", true,
       "file:/run/secrets/aws", ""},
      {"aws.aws_session_token", kSecret, "", "AWS_SESSION_TOKEN", "", true, "env:NAME",
       "Only for temporary credentials."},
      {"aws.region", kText, "", "AWS_REGION AWS_DEFAULT_REGION", "", true, "us-east-1",
       "Default: the profile's; S3 itself tells where a bucket is."},
      {"aws.endpoint_url", kText, "", "AWS_ENDPOINT_URL_S3 AWS_ENDPOINT_URL", "", true,
       "https://minio.example:9000", "For S3-compatible servers."},
      {"aws.role_arn", kText, "", "", "", true, "arn:aws:iam::123456789012:role/cur-reader",
       "Assumed before reading."},
      {"aws.external_id", kText, "", "", "", true, "a1b2c3",
       "What the role's trust policy asks for."},
      {"aws.addressing_style", kChoice, "auto", "", "auto path virtual", true, "",
       "Where the bucket's name stands in URLs; auto: path for an endpoint_url of one's own."},
      {"aws.requester_pays", kBoolean, "false", "", "", true, "",
       "The bucket belongs to somebody who lets its readers pay."},
      {"aws.read_timeout", kDuration, "30s", "", "", true, "",
       "A connection on which nothing arrives for so long is given up; the request is repeated."},
      {"aws.keep_staging", kBoolean, "true", "", "", true, "",
       "false: stream downloads, keep nothing."},
      {"aws.max_age", kDuration, "36h", "", "", true, "",
       "No newer delivery for so long: reported as stale; 0s: never."},
      {"aws.closed_after_days", kCount, "15", "", "", true, "",
       "A month that is over for more days is closed, also without invoice ids in all its rows: "
       "that "
       "its cost changes is told."},
      {"aws.allow_overlap", kBoolean, "false", "", "", true, "",
       "Whether two sources of one table may have the same payer and period."},
  };
  return keys;
}

const KnownKey* find_known_key(std::string_view path) {
  for (const KnownKey& key : known_keys()) {
    if (key.path == path) return &key;
  }
  return nullptr;
}

std::string_view section_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view last_name_of(std::string_view path) {
  return path.substr(path.rfind('.') + 1);  // npos + 1 is 0
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t blank = text.find(' ');
    if (blank != 0) words.emplace_back(text.substr(0, blank));
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  }
  return words;
}

std::string environment_name(std::string_view path) {
  std::string name = "FINOPS__";
  for (const char c : path) {
    if (c == '.') {
      name += "__";
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

namespace {

/// The names that may stand in a section: keys, and the sections below it.
std::vector<std::string> names_in_section(std::string_view section, bool in_export) {
  std::vector<std::string> names;
  const std::string prefix = section.empty() ? "" : std::string(section) + ".";
  for (const KnownKey& key : known_keys()) {
    if (!key.path.starts_with(prefix) || (in_export && !key.is_of_export)) continue;
    const std::string_view rest = key.path.substr(prefix.size());
    const std::string name(rest.substr(0, rest.find('.')));
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  if (section == "aws" && !in_export) names.emplace_back("exports");
  return names;
}

}  // namespace

std::string advice_for_unknown_key(std::string_view path, bool in_export) {
  const std::vector<std::string> here = names_in_section(section_of(path), in_export);
  if (const auto near = nearest_name(last_name_of(path), here)) {
    return "; did you mean '" + *near + "'?";
  }
  std::vector<std::string> last_names;
  for (const KnownKey& key : known_keys()) last_names.emplace_back(last_name_of(key.path));
  if (const auto near = nearest_name(last_name_of(path), last_names)) {
    for (const KnownKey& key : known_keys()) {
      if (last_name_of(key.path) == *near) {
        return "; did you mean '" + std::string(key.path) + "'?";
      }
    }
  }
  std::string list;
  for (const std::string& name : here) list += (list.empty() ? "" : ", ") + name;
  if (list.empty()) return "; there is no section '" + std::string(section_of(path)) + "'";
  return "; the keys here are " + list;
}

}  // namespace finops
