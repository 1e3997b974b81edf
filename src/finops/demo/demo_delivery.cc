#include "finops/demo/demo_delivery.h"

#include <fmt/format.h>

#include <algorithm>

#include "finops/demo/demo_random.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPrefix = "cur";

/// "20251101"
std::string compact_day(BillingPeriod period) {
  return fmt::format("{:04}{:02}01", period.year(), period.month());
}

/// Opaque, and in no order of versions.
std::string execution_id(const DemoPayer& payer, const DemoMonthPlan& plan) {
  DemoRandom random{payer.seed,
                    static_cast<std::uint64_t>(plan.period.year() * 12 + plan.period.month()),
                    static_cast<std::uint64_t>(plan.version), 2};
  return demo_uuid(random.next());
}

std::string_view type_of(const DemoColumn& column, bool is_v2) {
  if (column.map == DemoMap::kDiscount) return "map<string,double>";
  if (column.map != DemoMap::kNone) return "map<string,string>";
  if (column.field == DemoField::kTimeInterval && !is_v2) return "Interval";
  switch (column.kind) {
    case DemoKind::kTime: return is_v2 ? "timestamp" : "DateTime";
    case DemoKind::kNumber: return is_v2 ? "double" : "OptionalBigDecimal";
    case DemoKind::kText: break;
  }
  return is_v2 ? "string" : "OptionalString";
}

Json v1_columns(const std::vector<DemoColumn>& columns) {
  Json all = Json::array();
  for (const DemoColumn& column : columns) {
    const auto slash = column.name.find('/');
    all.push_back({{"category", column.name.substr(0, slash)},
                   {"name", column.name.substr(slash + 1)},
                   {"type", type_of(column, false)}});
  }
  return all;
}

/// Names with types in one month, names alone in the next: both are seen.
Json v2_columns(const std::vector<DemoColumn>& columns, bool has_types) {
  Json all = Json::array();
  for (const DemoColumn& column : columns) {
    if (has_types) {
      all.push_back({{"name", column.name}, {"type", type_of(column, true)}});
    } else {
      all.push_back(column.name);
    }
  }
  return all;
}

}  // namespace

DemoDelivery::DemoDelivery(const DemoPayer& payer, const DemoMonthPlan& plan,
                           const DemoOptions& options)
    : payer_(payer),
      plan_(plan),
      options_(options),
      execution_id_(execution_id(payer, plan)),
      rows_per_file_((plan.rows + options.files - 1) / options.files),
      all_columns_(demo_columns(payer, plan)) {
  const bool is_new_folder = options.delivery == DemoDeliveryMode::kCreateNew;
  const std::string base = fmt::format("{}/{}/", kPrefix, payer.export_name);
  const std::string manifest = payer.export_name + "-Manifest.json";
  if (payer.is_v2) {
    const std::string partition = "BILLING_PERIOD=" + plan.period.to_string() + "/";
    // A version a day, from the third of the next month on.
    const DemoTime time = DemoTime(plan.period.next().first_day()) +
                          std::chrono::hours(24 * (std::int64_t{1} + plan.version) + 6);
    const std::string moment = demo_time_text(time).substr(0, 19) + ".000Z";
    const std::string folder = is_new_folder ? fmt::format("{}-{}/", moment, execution_id_) : "";
    data_folder_ = base + "data/" + partition + folder;
    if (is_new_folder) manifest_keys_.push_back(base + "metadata/" + partition + folder + manifest);
    manifest_keys_.push_back(base + "metadata/" + partition + manifest);
  } else {
    const std::string range =
        base + compact_day(plan.period) + "-" + compact_day(plan.period.next()) + "/";
    data_folder_ = is_new_folder ? range + execution_id_ + "/" : range;
    if (is_new_folder) manifest_keys_.push_back(data_folder_ + manifest);
    manifest_keys_.push_back(range + manifest);
  }
}

void DemoDelivery::take(const DemoLineItem& item) {
  const bool is_full =
      file_ && files_.back().rows == rows_per_file_ && std::ssize(files_) < options_.files;
  if (!file_ || is_full) next_file();
  append_demo_row(file_->text(), file_columns_, item, payer_.is_v2, truth_);
  ++files_.back().rows;
  file_->flush_if_large();
}

void DemoDelivery::next_file() {
  close_file();
  const int number = static_cast<int>(files_.size()) + 1;
  files_.push_back({fmt::format("{}{}-{:05}.csv.gz", data_folder_, payer_.export_name, number)});
  file_columns_ = demo_file_columns(all_columns_, number);
  file_ = std::make_unique<GzipTextFile>(options_.out / payer_.name / files_.back().key);
  append_demo_header(file_->text(), file_columns_);
}

void DemoDelivery::close_file() {
  if (!file_) return;
  files_.back().bytes = file_->finish();
  file_.reset();
}

DemoDeliveryInfo DemoDelivery::finish() {
  while (std::ssize(files_) < options_.files) next_file();  // with a header only
  close_file();
  const std::string text = manifest();
  for (const auto& key : manifest_keys_) write_demo_text(options_.out / payer_.name / key, text);
  DemoDeliveryInfo info{payer_.name, plan_.period, execution_id_, truth_.rows(), 0};
  for (const auto& file : files_) info.bytes += file.bytes;
  return info;
}

std::string DemoDelivery::manifest() const {
  const auto moment = [&](BillingPeriod period) {
    return payer_.is_v2 ? period.to_string() + "-01T00:00:00.000Z"
                        : compact_day(period) + "T000000.000Z";
  };
  const Json period{{"start", moment(plan_.period)}, {"end", moment(plan_.period.next())}};
  Json keys = Json::array();
  for (const auto& file : files_) {
    keys.push_back(payer_.is_v2 ? fmt::format("s3://{}/{}", payer_.bucket, file.key) : file.key);
  }
  Json json;
  if (payer_.is_v2) {
    json = {
        {"executionId", execution_id_},
        {"exportName", payer_.export_name},
        {"exportArn", fmt::format("arn:aws:bcm-data-exports:us-east-1:{}:export/{}-{}",
                                  payer_.account_id, payer_.export_name, demo_uuid(payer_.seed))},
        {"tableName", "COST_AND_USAGE_REPORT"},
        {"billingPeriod", period},
        {"contentType", "text/csv"},
        {"compression", "GZIP"},
        {"columns", v2_columns(all_columns_, plan_.period.month() % 2 == 1)},
        {"dataFiles", keys}};
  } else {
    json = {{"assemblyId", execution_id_},
            {"account", payer_.account_id},
            {"columns", v1_columns(all_columns_)},
            {"charset", "UTF-8"},
            {"compression", "GZIP"},
            {"contentType", "text/csv"},
            {"reportId", demo_uuid(payer_.seed)},
            {"reportName", payer_.export_name},
            {"billingPeriod", period},
            {"bucket", payer_.bucket},
            {"reportKeys", keys},
            {"additionalArtifactKeys", Json::array()}};
  }
  return json.dump(2) + "\n";
}

Json DemoDelivery::truth() const {
  Json files = Json::array();
  for (const auto& file : files_) files.push_back({{"key", file.key}, {"rows", file.rows}});
  Json columns = Json::array();
  for (const auto& column : all_columns_) columns.push_back(column.name);
  Json json{{"source", payer_.name},
            {"period", plan_.period.to_string()},
            {"execution_id", execution_id_},
            {"version", plan_.version},
            {"current", true},
            {"manifest", manifest_keys_.back()},
            {"files", files},
            {"columns", columns}};
  json.update(truth_.to_json());
  return json;
}

}  // namespace finops
