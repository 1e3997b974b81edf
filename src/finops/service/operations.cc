#include "finops/service/operations.h"

#include <exception>
#include <utility>

#include "finops/service/problem.h"

namespace finops {
namespace {

const HttpHeader kJson{"Content-Type", "application/json"};

bool holds(const ReadinessCheck& check, const std::stop_token& stop) {
  try {
    return check.is_ready(stop);
  } catch (const std::exception&) {
    return false;  // that it does not hold is the whole answer
  }
}

ServiceResponse readiness(const std::vector<ReadinessCheck>& checks, const std::stop_token& stop) {
  ProblemDetails problem = overload_problem("the service cannot do its work now");
  for (const ReadinessCheck& check : checks) {
    if (!holds(check, stop)) problem.mistakes.push_back({check.name, "is not ready"});
  }
  if (!problem.mistakes.empty()) return problem_response(problem);
  return {.headers = {kJson}, .body = "{\"status\":\"ready\"}\n"};
}

}  // namespace

void add_operations(Router& router, const Metrics& metrics, std::vector<ReadinessCheck> checks) {
  router.add({.method = "GET", .pattern = "/healthz", .is_immediate = true},
             [](const ServiceRequest&) {
               return ServiceResponse{.headers = {kJson}, .body = "{\"status\":\"ok\"}\n"};
             });
  router.add({.method = "GET", .pattern = "/readyz"},
             [checks = std::move(checks)](const ServiceRequest& request) {
               return readiness(checks, request.stop);
             });
  router.add({.method = "GET", .pattern = "/metrics", .is_immediate = true},
             [&metrics](const ServiceRequest&) {
               return ServiceResponse{
                   .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                   .body = metrics.text()};
             });
}

}  // namespace finops
