#include "finops/notify/notifier_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/core/error.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CountingNotifier : public Notifier {
 public:
  CountingNotifier(int& sent, std::string error) : sent_(sent), error_(std::move(error)) {}
  void send(const Notification&, std::stop_token) override {
    if (!error_.empty()) throw Error(ErrorKind::kUnavailable, error_);
    ++sent_;
  }

 private:
  int& sent_;
  const std::string error_;
};

class NotifierGroupTest : public ::testing::Test {
 protected:
  void send(const std::vector<std::string>& errors) {
    std::vector<std::unique_ptr<Notifier>> ways;
    for (const auto& error : errors) {
      ways.push_back(std::make_unique<CountingNotifier>(sent_, error));
    }
    NotifierGroup(std::move(ways), [this](const std::string& text) {
      warnings_.push_back(text);
    }).send({}, {});
  }
  int sent_ = 0;
  std::vector<std::string> warnings_;
};

TEST_F(NotifierGroupTest, EachWayIsTriedAndOneIsEnough) {
  send({"", ""});
  EXPECT_EQ(sent_, 2);
  send({"no network", ""});
  EXPECT_EQ(sent_, 3);
  EXPECT_THAT(warnings_, ElementsAre("no network"));
}

TEST_F(NotifierGroupTest, WhenNoneTookItNobodyWasTold) {
  const auto error = error_thrown_by([&] { send({"no network", "no server"}); });
  EXPECT_THAT(error.what(), HasSubstr("no server"));
}

}  // namespace
}  // namespace finops
