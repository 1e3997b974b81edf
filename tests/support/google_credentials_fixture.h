#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "finops/net/google/credential_chain.h"
#include "finops/net/http_date.h"
#include "finops/net/url.h"
#include "tests/support/scripted_http.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {

/// A machine without network and files, at noon of 2026-05-01.
class GoogleCredentialsFixture : public ::testing::Test {
 protected:
  using Json = nlohmann::json;
  using Answer = std::function<HttpResponse(const HttpRequest&)>;

  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = home_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path;
  }
  std::string write(const std::string& name, const Json& json) { return write(name, json.dump()); }

  GoogleSession session() {
    variables_.emplace("HOME", home_.path().string());
    return {http_, clock_, Environment(variables_), std::make_shared<RetryBudget>()};
  }
  std::shared_ptr<GoogleCredentialProvider> of_file(const Json& json) {
    return google_credentials_of_file(session(), write("key.json", json), {"scope-a", "scope-b"});
  }
  std::shared_ptr<GoogleCredentialProvider> of_defaults() {
    return google_default_credentials(session(), {"scope-a", "scope-b"});
  }

  static HttpResponse oauth_token(const std::string& text, int seconds = 3599) {
    return answer(
        200,
        Json{{"access_token", text}, {"expires_in", seconds}, {"token_type", "Bearer"}}.dump());
  }

  std::string header(std::size_t request, const char* name) const {
    const auto* found = find_header(http_->requests.at(request).headers, name);
    return found == nullptr ? "" : *found;
  }

  /// The fields of a body of application/x-www-form-urlencoded.
  std::map<std::string, std::string> form(std::size_t request) const {
    EXPECT_EQ(header(request, "content-type"), "application/x-www-form-urlencoded");
    std::map<std::string, std::string> fields;
    std::istringstream body(http_->bodies.at(request));
    for (std::string field; std::getline(body, field, '&');) {
      const std::size_t equals = field.find('=');
      fields[field.substr(0, equals)] = percent_decode(field.substr(equals + 1));
    }
    return fields;
  }

  TempFolder home_;
  std::map<std::string, std::string> variables_;
  ManualClock clock_{parse_iso8601("2026-05-01T12:00:00Z").value()};
  Answer answer_ = [](const HttpRequest&) {
    return no_answer(HttpFailure::Kind::kNotSent, "no route to host");
  };
  std::shared_ptr<ScriptedHttp> http_ = std::make_shared<ScriptedHttp>(
      [this](const HttpRequest& request) { return answer_(request); });
};

}  // namespace finops
