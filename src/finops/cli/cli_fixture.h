#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "finops/cli/run_cli.h"
#include "tests/support/temp_folder.h"

namespace finops {

/// A clock that stands still until a test moves it.
class StandingClock : public Clock {
 public:
  TimePoint now() const override { return now_; }
  bool sleep_for(Duration duration, std::stop_token) override {
    now_ += duration;
    return true;
  }

 private:
  TimePoint now_{std::chrono::milliseconds(1'780'000'000'000)};
};

/// Calls of the command line with fakes behind it. Every fake that is called without being set
/// fails the test through std::bad_function_call, which is told as a bug.
class CliFixture : public ::testing::Test {
 protected:
  struct Result {
    int code = 0;
    std::string out, err;
    nlohmann::json json() const { return nlohmann::json::parse(out); }
  };

  Result call(const std::vector<std::string>& arguments) {
    std::istringstream in(input);
    std::ostringstream out, err;
    CliHost host{in, out, err, is_terminal, 80, Environment(variables), clock, stop.get_token()};
    const int code = run_cli(arguments, services, host);
    return {code, out.str(), err.str()};
  }

  TempFolder folder;
  std::string input;
  bool is_terminal = false;
  StandingClock clock;
  std::stop_source stop;
  Services services;
  /// A configuration of the exports payer-a and payer-b.
  std::map<std::string, std::string> variables = {{"CONFIG_PATH", write_config()}};

 private:
  std::string write_config() const {
    const std::string path = folder / "config.toml";
    std::ofstream(path) << "data_dir = \"/nowhere\"\n"
                           "[[aws.exports]]\nname = \"payer-a\"\n"
                           "bucket = \"file:///cur/a\"\nexport_name = \"report\"\n"
                           "[[aws.exports]]\nname = \"payer-b\"\n"
                           "bucket = \"file:///cur/b\"\nexport_name = \"report\"\n";
    return path;
  }
};

}  // namespace finops
