#include "finops/service/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "finops/core/error.h"
#include "finops/service/operations.h"
#include "finops/service/problem.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using Json = nlohmann::json;

class RouterTest : public ::testing::Test {
 protected:
  void add(const std::string& method, const std::string& pattern,
           const std::string& content_type = "") {
    const std::string body = method + ' ' + pattern;
    router_.add({.method = method, .pattern = pattern, .content_type = content_type},
                [body](const ServiceRequest&) { return ServiceResponse{.body = body}; });
  }
  /// What the router answers, by itself or by a route.
  ServiceResponse answer_to(std::string method, std::string path, HttpHeaders headers = {}) {
    request_ = ServiceRequest{};
    request_.method = std::move(method);
    request_.path = std::move(path);
    request_.headers = std::move(headers);
    const Admission admission = router_.admit(request_);
    if (admission.refusal) return *admission.refusal;
    ServiceResponse given;
    (*admission.run)(request_,
                     Reply([&](ServiceResponse response) { given = std::move(response); }));
    return given;
  }

  Router router_;
  ServiceRequest request_;
};

TEST_F(RouterTest, FindsTheRouteAndItsParameters) {
  add("GET", "/v1/jobs");
  add("GET", "/v1/jobs/{id}");
  add("POST", "/v1/jobs/{id}/cancel");
  EXPECT_EQ(answer_to("GET", "/v1/jobs").body, "GET /v1/jobs");
  EXPECT_EQ(answer_to("GET", "/v1/jobs/a%2Fb").body, "GET /v1/jobs/{id}");
  EXPECT_EQ(request_.route, "/v1/jobs/{id}");
  EXPECT_EQ(path_parameter(request_, "id"), "a/b");
  EXPECT_EQ(answer_to("POST", "/v1/jobs/7/cancel").body, "POST /v1/jobs/{id}/cancel");
  for (const char* path : {"/", "/v1", "/v1/jobs/", "/v1/jobs/7/", "/v1/jobs/7/other", "/v1//jobs",
                           "/V1/jobs", "/v1/jobs/../jobs"}) {
    EXPECT_EQ(answer_to("GET", path).status, 404) << path;
  }
  EXPECT_EQ(error_thrown_by([&] { path_parameter(request_, "id"); }).kind(), ErrorKind::kInternal);
}

TEST_F(RouterTest, FixedSegmentsGoBeforeNames) {
  add("GET", "/v1/{kind}");
  add("GET", "/v1/jobs");
  add("POST", "/v1/{kind}");
  EXPECT_EQ(answer_to("GET", "/v1/jobs").body, "GET /v1/jobs");
  EXPECT_EQ(answer_to("GET", "/v1/others").body, "GET /v1/{kind}");
  EXPECT_EQ(answer_to("POST", "/v1/jobs").status, 405);
}

TEST_F(RouterTest, TellsWhichMethodsThereAre) {
  add("GET", "/a");
  add("POST", "/a");
  const ServiceResponse response = answer_to("DELETE", "/a");
  EXPECT_EQ(response.status, 405);
  EXPECT_EQ(*find_header(response.headers, "Allow"), "GET, HEAD, POST");
  EXPECT_EQ(answer_to("HEAD", "/a").body, "GET /a");
  EXPECT_EQ(answer_to("get", "/a").status, 405);
}

TEST_F(RouterTest, ChecksTheContent) {
  add("POST", "/json", "application/json");
  const auto status = [&](const HttpHeaders& headers) {
    return answer_to("POST", "/json", headers).status;
  };
  for (const char* good : {"application/json", "Application/JSON; charset=utf-8",
                           "application/json;charset=\"UTF-8\""}) {
    EXPECT_EQ(status({{"content-type", good}}), 200) << good;
  }
  for (const char* bad : {"", "text/plain", "application/json; charset=latin1", "json",
                          "application/jsonp", "application/json, text/plain"}) {
    EXPECT_EQ(status({{"Content-Type", bad}}), 415) << bad;
  }
  EXPECT_EQ(status({}), 415);
  EXPECT_EQ(status({{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}), 415);
}

TEST_F(RouterTest, GatesStandBeforeTheRoute) {
  const auto refuse = [](int status) -> Gate {
    return [status](const ServiceRequest& request) -> std::optional<ServiceResponse> {
      if (find_header(request.headers, "Pass") != nullptr) return std::nullopt;
      return ServiceResponse{.status = status};
    };
  };
  const auto function = [](const ServiceRequest&) { return ServiceResponse(); };
  router_.add({.method = "POST",
               .pattern = "/head",
               .content_type = "application/json",
               .guard = {.at_head = refuse(401)}},
              function);
  router_.add({.method = "GET", .pattern = "/work", .guard = {.at_work = refuse(403)}}, function);
  EXPECT_EQ(answer_to("POST", "/head").status, 401);  // and nothing about the content
  EXPECT_EQ(answer_to("POST", "/head", {{"Pass", "1"}}).status, 415);
  EXPECT_EQ(answer_to("GET", "/work").status, 403);
  EXPECT_EQ(answer_to("GET", "/work", {{"Pass", "1"}}).status, 200);
}

TEST_F(RouterTest, TakesEachRouteOnce) {
  add("GET", "/a");
  EXPECT_EQ(error_thrown_by([&] { add("GET", "/a"); }).kind(), ErrorKind::kInternal);
}

TEST_F(RouterTest, SaysWhatIsNotReady) {
  Metrics metrics;
  bool is_ready = true;
  add_operations(router_, metrics,
                 {{"journal", [&](std::stop_token) { return is_ready; }},
                  {"lake", [&](std::stop_token) -> bool {
                     if (is_ready) return true;
                     throw Error(ErrorKind::kUnavailable, "/secret/path");
                   }}});
  EXPECT_EQ(answer_to("GET", "/healthz").status, 200);
  EXPECT_EQ(answer_to("GET", "/readyz").status, 200);
  is_ready = false;
  const ServiceResponse response = answer_to("GET", "/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(Json::parse(response.body)["errors"],
            Json::parse(R"([{"field": "journal", "detail": "is not ready"},
                            {"field": "lake", "detail": "is not ready"}])"));
  EXPECT_EQ(answer_to("GET", "/metrics").status, 200);
}

TEST(ProblemTest, IsADocumentThatNamesTheFields) {
  const ServiceResponse response = problem_response(
      {.status = 400, .detail = "say \"please\"\n", .mistakes = {{"a.b", "is missing"}}});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(*find_header(response.headers, "content-type"), "application/problem+json");
  EXPECT_EQ(Json::parse(response.body), Json::parse(R"({
    "type": "about:blank", "title": "Bad Request", "status": 400, "detail": "say \"please\"\n",
    "errors": [{"field": "a.b", "detail": "is missing"}]})"));
}

TEST(ProblemTest, SaysWhenToTryAgain) {
  const ServiceResponse response = problem_response(overload_problem("later"));
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(*find_header(response.headers, "Retry-After"), "5");
}

}  // namespace
}  // namespace finops
