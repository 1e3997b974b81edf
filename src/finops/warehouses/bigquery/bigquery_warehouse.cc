#include "finops/warehouses/bigquery/bigquery_warehouse.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/unique_ids.h"
#include "finops/warehouses/bigquery/bigquery_places.h"
#include "finops/warehouses/bigquery/bigquery_query.h"
#include "finops/warehouses/bigquery/bigquery_schema.h"
#include "finops/warehouses/bigquery/bigquery_upload.h"

namespace finops {
namespace {

using namespace bigquery;  // NOLINT(google-build-using-namespace): this is its one user

constexpr Duration kStagingLife = std::chrono::hours(24);
constexpr const char* kPeriodFormat = "'%Y-%m'";

/// "2026-05" → "TIMESTAMP '2026-05-01 00:00:00+00'".
std::string first_moment(BillingPeriod period) {
  return "TIMESTAMP '" + period.to_string() + "-01 00:00:00+00'";
}

std::string is_in_period(const WarehouseTable& table, BillingPeriod period) {
  const std::string column = quoted(table.period_column);
  return column + " >= " + first_moment(period) + " AND " + column + " < " +
         first_moment(period.next());
}

std::vector<std::string> decimal_columns(const WarehouseTable& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) {
    if (column.type == ColumnType::kDecimal) names.push_back(column.name);
  }
  return names;
}

std::string currency_sql(const WarehouseTable& table) {
  return table.currency_column.empty() ? "''" : "IFNULL(" + quoted(table.currency_column) + ", '')";
}

ExactSum sum_of(const QueryCell& cell) {
  if (!cell) return {};
  auto sum = ExactSum::parse(*cell);
  if (!sum) {
    throw Error(ErrorKind::kInvalidData, "BigQuery gave '" + *cell + "' for a sum of decimals");
  }
  return std::move(*sum);
}

/// What a table has of a source's period, as rows and sums.
struct Contents {
  std::uint64_t rows = 0;
  MoneySums sums;
};

class BigQueryWarehouse : public Warehouse {
 public:
  BigQueryWarehouse(BigQueryOptions options, ClientOptions client, std::shared_ptr<HttpClient> http,
                    std::shared_ptr<GoogleCredentialProvider> credentials, Clock& clock)
      : options_(std::move(options)),
        client_(std::move(client), std::move(http), std::move(credentials), clock) {}

  std::string name() const override {
    return "BigQuery " + options_.project_id + "." + options_.dataset_id;
  }
  std::string column_name(std::string_view lake_name) const override {
    return column_name_of(lake_name);
  }
  std::optional<std::vector<HeldDelivery>> held(const WarehouseTable& table) override;
  ReplacedPeriod replace_period(const PeriodReplacement& replacement) override;

 private:
  TableRef ref(const std::string& table) const {
    return {options_.project_id, options_.dataset_id, table};
  }
  std::string dataset_location(bool makes_it);
  Jobs jobs() { return {client_, dataset_location(true)}; }
  Json table_for(const WarehouseTable& table);
  void create_table(const WarehouseTable& table);
  void add_columns(Jobs& jobs, const TableRef& to, const std::vector<Column>& columns);
  bool has_other_rows(Jobs& jobs, const PeriodReplacement& replacement, ReplacedPeriod& done);
  void replace_partition(Jobs& jobs, const PeriodReplacement& replacement, const Json& resource,
                         ReplacedPeriod& done);
  void replace_in_transaction(Jobs& jobs, const PeriodReplacement& replacement,
                              ReplacedPeriod& done);
  void load(Jobs& jobs, const PeriodReplacement& replacement, const Json& configuration,
            ReplacedPeriod& done);
  void insert_from(Jobs& jobs, const PeriodReplacement& replacement, const TableRef& staging,
                   ReplacedPeriod& done);
  void check(Jobs& jobs, const PeriodReplacement& replacement, const TableRef& in,
             ReplacedPeriod& done);
  /// Of the jobs that change a month of a table.
  std::string id_prefix(const PeriodReplacement& replacement) const {
    return job_id_prefix(ref(replacement.table.name).to_string() + "$" +
                         replacement.period.to_string());
  }

  const BigQueryOptions options_;
  Client client_;
  std::mutex mutex_;      // of location_ and of making tables
  std::string location_;  // of the dataset, once it is known
};

/// Where the dataset is, which is where its jobs must run. Empty: it does not exist.
std::string BigQueryWarehouse::dataset_location(bool makes_it) {
  const std::lock_guard lock(mutex_);
  if (!location_.empty()) return location_;
  std::optional<Json> found = find_dataset(client_, options_.project_id, options_.dataset_id);
  if (!found && makes_it) {
    create_dataset(client_, options_.project_id, options_.dataset_id,
                   options_.location.empty() ? "US" : options_.location);
    found = find_dataset(client_, options_.project_id, options_.dataset_id);
    if (!found) {
      throw Error(ErrorKind::kUnknownOutcome, "the dataset " + options_.project_id + "." +
                                                  options_.dataset_id +
                                                  " was created and is not there");
    }
  }
  if (found) location_ = text_of(*found, "location");
  return location_;
}

std::optional<std::vector<HeldDelivery>> BigQueryWarehouse::held(const WarehouseTable& table) {
  const TableRef from = ref(table.name);
  if (dataset_location(false).empty()) return std::nullopt;
  const std::optional<Json> resource = find_table(client_, from);
  if (!resource) return std::nullopt;
  const Json fields = resource->value("schema", Json::object()).value("fields", Json::array());
  const std::vector<Column> roles = {{.name = "source"}, {.name = "execution_id"}};
  if (!compare_fields(fields, roles).missing.empty()) {
    throw Error(ErrorKind::kUnsupported,
                "the table " + from.to_string() +
                    " has no columns 'source' and 'execution_id': finops did not make it; name "
                    "another one as table_id of [database.bigquery], or rename that one");
  }
  const std::string period =
      "FORMAT_TIMESTAMP(" + std::string(kPeriodFormat) + ", " + quoted(table.period_column) + ")";
  std::string cost = "NULL";
  const std::vector<Column> cost_column = {{.name = table.cost_column}};
  if (!table.cost_column.empty() && compare_fields(fields, cost_column).missing.empty()) {
    cost = "SUM(" + quoted(table.cost_column) + ")";
  }
  const std::vector<Column> currency_column = {{.name = table.currency_column}};
  const bool has_currency =
      !table.currency_column.empty() && compare_fields(fields, currency_column).missing.empty();
  const std::string currency = has_currency ? currency_sql(table) : "''";
  Jobs jobs = this->jobs();
  // The bound reads all that there is, also where the table demands a filter on its partitions.
  const Query query{.sql = "SELECT IFNULL(source, ''), IFNULL(" + period +
                           ", ''), IFNULL(execution_id, ''), " + currency + ", COUNT(*), " + cost +
                           " FROM " + from.sql() + " WHERE " + quoted(table.period_column) +
                           " >= TIMESTAMP '0001-01-01 00:00:00+00' OR " +
                           quoted(table.period_column) + " IS NULL GROUP BY 1, 2, 3, 4"};
  const QueryAnswer answer = run_query(jobs, query, job_id_prefix("state of " + from.to_string()),
                                       "read what " + from.to_string() + " holds");
  std::map<std::array<std::string, 3>, HeldDelivery> deliveries;
  for (const auto& row : answer.rows) {
    const std::array<std::string, 3> key = {row.at(0).value_or(""), row.at(1).value_or(""),
                                            row.at(2).value_or("")};
    HeldDelivery& held = deliveries[key];
    held.source = key[0];
    held.billing_period = key[1];
    held.execution_id = key[2];
    held.rows += count_in(row.at(4));
    held.cost[row.at(3).value_or("")].add(sum_of(row.at(5)));
  }
  std::vector<HeldDelivery> result;
  for (auto& [key, held] : deliveries) result.push_back(std::move(held));
  return result;
}

void BigQueryWarehouse::create_table(const WarehouseTable& table) {
  const TableRef to = ref(table.name);
  Json resource = {{"schema", {{"fields", fields_of(table.columns)}}},
                   {"timePartitioning", {{"type", "MONTH"}, {"field", table.period_column}}},
                   {"description", "Bills, kept equal to a lake by finops"}};
  if (!table.cluster_column.empty()) {
    resource["clustering"] = {{"fields", Json::array({table.cluster_column})}};
  }
  bigquery::create_table(client_, to, resource);
}

/// The table's resource, of a table that has at least the wanted columns' types right.
Json BigQueryWarehouse::table_for(const WarehouseTable& table) {
  const TableRef to = ref(table.name);
  std::optional<Json> resource = find_table(client_, to);
  if (!resource) {
    create_table(table);
    resource = find_table(client_, to);
    if (!resource)
      throw Error(ErrorKind::kUnknownOutcome,
                  "the table " + to.to_string() + " was created and is not there");
  }
  const Json fields = resource->value("schema", Json::object()).value("fields", Json::array());
  const SchemaDifference difference = compare_fields(fields, table.columns);
  if (!difference.conflicts.empty()) {
    std::string text;
    for (const auto& conflict : difference.conflicts) text += (text.empty() ? "" : "; ") + conflict;
    throw Error(ErrorKind::kUnsupported,
                "the table " + to.to_string() + " has columns of other types: " + text +
                    ". Name another table_id in [database.bigquery], or rename the table");
  }
  return std::move(*resource);
}

/// Adding what somebody else has just added does nothing.
void BigQueryWarehouse::add_columns(Jobs& jobs, const TableRef& to,
                                    const std::vector<Column>& columns) {
  if (columns.empty()) return;
  std::string sql = "ALTER TABLE " + to.sql();
  const char* between = " ";
  for (const Column& column : columns) {
    sql += between + std::string("ADD COLUMN IF NOT EXISTS ") + quoted(column.name) + " " +
           sql_type_of(column);
    between = ", ";
  }
  run_query(jobs, {.sql = sql}, job_id_prefix("columns of " + to.to_string()),
            "add columns to " + to.to_string());
}

bool BigQueryWarehouse::has_other_rows(Jobs& jobs, const PeriodReplacement& replacement,
                                       ReplacedPeriod& done) {
  const WarehouseTable& table = replacement.table;
  const Query query{
      .sql = "SELECT IFNULL(source, ''), COUNT(*) FROM " + ref(table.name).sql() + " WHERE " +
             is_in_period(table, replacement.period) + " GROUP BY 1",
  };
  const QueryAnswer answer =
      run_query(jobs, query, job_id_prefix("sources of " + ref(table.name).to_string()),
                "read which sources " + ref(table.name).to_string() + " holds");
  done.bytes_billed += answer.job.bytes_billed();
  bool has_others = false;
  for (const auto& row : answer.rows) {
    const std::string source = row.at(0).value_or("");
    if (source.empty()) {
      throw Error(ErrorKind::kUnsupported,
                  "the table " + ref(table.name).to_string() + " holds " + row.at(1).value_or("") +
                      " rows of " + replacement.period.to_string() +
                      " without a source, which finops did not write: beside them the month would "
                      "count twice; delete them, or name another table_id");
    }
    has_others |= source != replacement.source;
  }
  return has_others;
}

/// Sends the rows with a load job, again when the upload or the job failed in passing.
void BigQueryWarehouse::load(Jobs& jobs, const PeriodReplacement& replacement,
                             const Json& configuration, ReplacedPeriod& done) {
  const std::string tried = "load " + replacement.source + " " + replacement.period.to_string() +
                            " into " + ref(replacement.table.name).to_string();
  repeat_while_unavailable(client_, [&] {
    ResumableUpload upload(jobs, configuration, new_job_id(id_prefix(replacement)), tried);
    replacement.write_parquet(upload);
    done.bytes_sent = upload.bytes();
    done.jobs.push_back(upload.job_id());
    jobs.wait(upload.job_id(), tried);
  });
}

Json load_configuration(const TableRef& to, const std::string& suffix, const Json& fields) {
  Json destination = to.to_json();
  destination["tableId"] = to.table + suffix;
  return {{"load",
           {{"destinationTable", destination},
            {"sourceFormat", "PARQUET"},
            {"writeDisposition", "WRITE_TRUNCATE"},
            {"createDisposition", "CREATE_NEVER"},
            {"schema", {{"fields", fields}}},
            {"decimalTargetTypes", {"BIGNUMERIC"}},
            {"parquetOptions", {{"mapTargetType", "ARRAY_OF_STRUCT"}}}}}};
}

void BigQueryWarehouse::replace_partition(Jobs& jobs, const PeriodReplacement& replacement,
                                          const Json& resource, ReplacedPeriod& done) {
  done.way = "partition";
  const TableRef to = ref(replacement.table.name);
  // Columns that only other months have are NULL in this one: a load's schema is the whole table's.
  Json fields = resource["schema"]["fields"];
  for (const Column& column : compare_fields(fields, replacement.table.columns).missing) {
    fields.push_back(field_of(column));
  }
  std::string month = replacement.period.to_string();
  std::erase(month, '-');
  Json configuration = load_configuration(to, "$" + month, fields);
  configuration["load"]["schemaUpdateOptions"] = {"ALLOW_FIELD_ADDITION"};
  configuration["load"]["timePartitioning"] = resource["timePartitioning"];
  if (resource.contains("clustering")) {
    configuration["load"]["clustering"] = resource["clustering"];
  }
  load(jobs, replacement, configuration, done);
  check(jobs, replacement, to, done);
}

void BigQueryWarehouse::replace_in_transaction(Jobs& jobs, const PeriodReplacement& replacement,
                                               ReplacedPeriod& done) {
  done.way = "transaction";
  if (replacement.rows == 0) return insert_from(jobs, replacement, {}, done);
  const TableRef staging = ref(replacement.table.name + "__finops_" + random_uuid().substr(0, 8));
  const auto expires = client_.clock().now() + kStagingLife;
  bigquery::create_table(client_, staging,
                         {{"schema", {{"fields", fields_of(replacement.table.columns)}}},
                          {"expirationTime", std::to_string(expires.time_since_epoch().count())}});
  try {
    load(jobs, replacement, load_configuration(staging, "", fields_of(replacement.table.columns)),
         done);
    check(jobs, replacement, staging, done);
    insert_from(jobs, replacement, staging, done);
  } catch (...) {
    // It expires by itself where this is too late.
    try_to_remove_table(client_, staging);
    throw;
  }
  try_to_remove_table(client_, staging);
  check(jobs, replacement, ref(replacement.table.name), done);
}

void BigQueryWarehouse::insert_from(Jobs& jobs, const PeriodReplacement& replacement,
                                    const TableRef& staging, ReplacedPeriod& done) {
  const TableRef to = ref(replacement.table.name);
  std::string sql = "BEGIN TRANSACTION;\nDELETE FROM " + to.sql() + " WHERE source = @source AND " +
                    is_in_period(replacement.table, replacement.period) + ";\n";
  if (replacement.rows > 0) {
    std::string names;
    for (const Column& column : replacement.table.columns) {
      names += (names.empty() ? "" : ", ") + quoted(column.name);
    }
    sql += "INSERT INTO " + to.sql() + " (" + names + ") SELECT " + names + " FROM " +
           staging.sql() + ";\n";
  }
  sql += "COMMIT TRANSACTION;";
  const Query query{.sql = sql, .parameters = {{"source", "STRING", replacement.source}}};
  const QueryAnswer answer =
      run_query(jobs, query, id_prefix(replacement),
                "replace " + replacement.source + " " + replacement.period.to_string() + " in " +
                    to.to_string());
  done.bytes_billed += answer.job.bytes_billed();
  done.jobs.push_back(answer.job.id);
}

/// What `in` has of the source's period, summed by BigQuery, is what was given.
void BigQueryWarehouse::check(Jobs& jobs, const PeriodReplacement& replacement, const TableRef& in,
                              ReplacedPeriod& done) {
  const std::vector<std::string> decimals = decimal_columns(replacement.table);
  std::string sql = "SELECT " + currency_sql(replacement.table) + ", COUNT(*)";
  for (const auto& column : decimals) sql += ", SUM(" + quoted(column) + ")";
  sql += " FROM " + in.sql() + " WHERE source = @source AND " +
         is_in_period(replacement.table, replacement.period) + " GROUP BY 1";
  const QueryAnswer answer =
      run_query(jobs, {.sql = sql, .parameters = {{"source", "STRING", replacement.source}}},
                job_id_prefix("check of " + in.to_string()), "check " + in.to_string());
  done.bytes_billed += answer.job.bytes_billed();
  Contents found;
  for (const auto& row : answer.rows) {
    found.rows += count_in(row.at(1));
    auto& sums = found.sums[row.at(0).value_or("")];
    for (std::size_t i = 0; i < decimals.size(); ++i) sums[decimals[i]] = sum_of(row.at(2 + i));
  }
  std::string difference = difference_of(replacement.sums, found.sums);
  if (found.rows != replacement.rows) {
    difference = "there are " + std::to_string(found.rows) + " rows and not " +
                 std::to_string(replacement.rows);
  }
  if (difference.empty()) return;
  throw Error(ErrorKind::kInvalidData, in.to_string() + " does not hold what the lake holds of " +
                                           replacement.source + " " +
                                           replacement.period.to_string() + ": " + difference +
                                           "; --overwrite loads the month again");
}

ReplacedPeriod BigQueryWarehouse::replace_period(const PeriodReplacement& replacement) {
  const WarehouseTable& table = replacement.table;
  const TableRef to = ref(table.name);
  ReplacedPeriod done;
  Jobs jobs = this->jobs();
  const Json resource = table_for(table);
  // A job of a killed run, or of another machine, must not end after this one's.
  jobs.wait_for_earlier(id_prefix(replacement), "wait for earlier jobs on " + to.to_string());
  const Json partitioning = resource.value("timePartitioning", Json::object());
  const bool is_by_month = text_of(partitioning, "type") == "MONTH" &&
                           text_of(partitioning, "field") == table.period_column;
  const bool has_others = has_other_rows(jobs, replacement, done);
  if (is_by_month && replacement.is_sole_source && !has_others && replacement.rows > 0) {
    replace_partition(jobs, replacement, resource, done);
  } else {
    add_columns(jobs, to, compare_fields(resource["schema"]["fields"], table.columns).missing);
    replace_in_transaction(jobs, replacement, done);
  }
  return done;
}

}  // namespace

std::unique_ptr<Warehouse> make_bigquery_warehouse(
    const BigQueryOptions& options, std::shared_ptr<HttpClient> http,
    std::shared_ptr<GoogleCredentialProvider> credentials, Clock& clock) {
  check_project_name(options.project_id);
  check_dataset_name(options.dataset_id);
  ClientOptions client{.project_id = options.project_id,
                       .retry = options.retry,
                       .retry_budget = options.retry_budget,
                       .stop = options.stop};
  if (!options.endpoint_url.empty()) client.endpoint_url = options.endpoint_url;
  return std::make_unique<BigQueryWarehouse>(options, std::move(client), std::move(http),
                                             std::move(credentials), clock);
}

}  // namespace finops
