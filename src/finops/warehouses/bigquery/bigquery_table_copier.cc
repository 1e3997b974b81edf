#include "finops/warehouses/bigquery/bigquery_table_copier.h"

#include <algorithm>
#include <utility>

#include "finops/warehouses/bigquery/bigquery_places.h"
#include "finops/warehouses/bigquery/table_copying.h"

namespace finops {
namespace {

class BigQueryTableCopier : public TableCopier {
 public:
  BigQueryTableCopier(BigQueryCopyOptions options, std::shared_ptr<HttpClient> http,
                      std::shared_ptr<GoogleCredentialProvider> reader,
                      std::shared_ptr<GoogleCredentialProvider> writer, Clock& clock)
      : options_(std::move(options)),
        http_(std::move(http)),
        reader_(std::move(reader)),
        writer_(std::move(writer)),
        clock_(clock) {}

  std::string name() const override { return "BigQuery at " + client_options("").endpoint_url; }

  TableCopyReport copy(const TableCopyRequest& request) override {
    for (const TablePath* path : {&request.source, &request.destination}) {
      bigquery::check_project_name(path->project);
      bigquery::check_dataset_name(path->dataset);
      bigquery::check_table_name(path->table);
    }
    const std::string paying =
        options_.read_project.empty() ? request.source.project : options_.read_project;
    bigquery::Client reader(client_options(paying), http_, reader_ ? reader_ : writer_, clock_);
    bigquery::Client writer(client_options(options_.project_id), http_, writer_, clock_);
    return bigquery::TableCopying(reader, writer, reader_ == nullptr,
                                  static_cast<std::size_t>(std::max(options_.days_at_once, 1)),
                                  request)
        .run();
  }

 private:
  bigquery::ClientOptions client_options(const std::string& project) const {
    bigquery::ClientOptions options{.project_id = project,
                                    .retry = options_.retry,
                                    .retry_budget = options_.retry_budget,
                                    .stop = options_.stop,
                                    .rows_at_once = options_.rows_at_once};
    if (!options_.endpoint_url.empty()) options.endpoint_url = options_.endpoint_url;
    return options;
  }

  const BigQueryCopyOptions options_;
  const std::shared_ptr<HttpClient> http_;
  const std::shared_ptr<GoogleCredentialProvider> reader_, writer_;
  Clock& clock_;
};

}  // namespace

std::unique_ptr<TableCopier> make_bigquery_table_copier(
    const BigQueryCopyOptions& options, std::shared_ptr<HttpClient> http,
    std::shared_ptr<GoogleCredentialProvider> reader,
    std::shared_ptr<GoogleCredentialProvider> writer, Clock& clock) {
  bigquery::check_project_name(options.project_id);
  if (!options.read_project.empty()) bigquery::check_project_name(options.read_project);
  return std::make_unique<BigQueryTableCopier>(options, std::move(http), std::move(reader),
                                               std::move(writer), clock);
}

}  // namespace finops
