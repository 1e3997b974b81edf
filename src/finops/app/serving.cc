#include "finops/app/serving.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "finops/app/aws_connections.h"
#include "finops/app/google_connections.h"
#include "finops/app/journal_access.h"
#include "finops/app/notifying.h"
#include "finops/cli/version.h"
#include "finops/core/error.h"
#include "finops/core/unique_ids.h"
#include "finops/service/job_service.h"

namespace finops {
namespace {

LogLevel level_of(const std::string& text) {
  if (text == "debug") return LogLevel::kDebug;
  if (text == "warning") return LogLevel::kWarning;
  return text == "error" ? LogLevel::kError : LogLevel::kInfo;
}

std::vector<ApiToken> tokens_of(const ServiceAccess& access, const AwsConnections& aws) {
  std::vector<ApiToken> tokens;
  if (access.api_token.is_set()) {
    tokens.push_back({.secret = aws.value_of(access.api_token), .may_write = true});
  }
  if (access.api_read_token.is_set()) {
    tokens.push_back({.secret = aws.value_of(access.api_read_token)});
  }
  return tokens;
}

void wait_for(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait(lock, stop, [] { return false; });
}

}  // namespace

void serve(const Configuration& configuration, const ServeRequest& request, std::ostream& log_to,
           const std::stop_token& stop) {
  const ServiceConfig& configured = configuration.service;
  if (!configured.wrong_variables.empty()) {
    throw Error(ErrorKind::kInvalidConfig, configured.wrong_variables);
  }
  Clock& clock = system_clock();
  JsonLog log(log_to, level_of(configured.log_level), clock);
  const AwsConnections aws(Environment::of_process(), clock, stop);
  const auto journal = open_journal(configuration, aws, clock, stop);
  if (request.migrates_journal) journal->migrate();
  CopyConnections copying(configured, aws, clock);

  JobServiceOptions options;
  options.http.listen = configured.listen;
  options.http.request_deadline = configured.push_deadline;
  options.tokens = tokens_of(configured.access, aws);
  options.allow_anonymous = configured.access.allow_anonymous;
  options.workers.threads = static_cast<std::size_t>(configured.workers);
  options.workers.name = host_name() + "/" + random_uuid().substr(0, 8);
  options.workers.lease = configured.lease;
  options.workers.max_retries = configured.max_retries;
  options.workers.retry_delay = configured.retry_delay;

  std::unique_ptr<OidcVerifier> verifier;
  if (!configured.access.push_audience.empty()) {
    verifier = std::make_unique<OidcVerifier>(
        google_session(aws, clock), OidcExpectation{.audience = configured.access.push_audience,
                                                    .email = configured.access.push_email});
  }
  const auto notifier =
      make_notifier(configuration, aws, clock, [&log](const std::string& warning) {
        log.write({.level = LogLevel::kWarning, .message = warning});
      });
  JobService service(std::move(options), {.journal = *journal,
                                          .clock = clock,
                                          .log = log,
                                          .copy = copying.means(),
                                          .push_verifier = verifier.get(),
                                          .notifier = notifier.get(),
                                          .host = host_name()});
  service.start();
  log.write({.message = "the service listens",
             .metadata = {{"listen", configured.listen},
                          {"port", service.port()},
                          {"workers", configured.workers},
                          {"journal", journal_name(configuration)},
                          {"version", finops_version()}}});
  wait_for(stop);
  log.write({.message = "the service stops"});
  service.stop();
  log.write({.message = "the service has stopped"});
}

}  // namespace finops
