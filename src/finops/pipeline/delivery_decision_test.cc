#include "finops/pipeline/delivery_decision.h"

#include <gtest/gtest.h>

namespace finops {
namespace {

Delivery delivery(std::string version, std::string etag) {
  Delivery out;
  out.period = BillingPeriod(2026, 5);
  out.version = std::move(version);
  out.manifest_etag = std::move(etag);
  return out;
}

DeliveryRecord record(std::string version, std::string etag, DeliveryState state) {
  DeliveryRecord out;
  out.id = {"aws_billing_data", "payer-a", "2026-05", std::move(version)};
  out.manifest_etag = std::move(etag);
  out.state = state;
  return out;
}

PlanAction action(const Delivery& delivered, const std::vector<DeliveryRecord>& records,
                  bool overwrite = false) {
  return decide(delivered, records, "rules 1", overwrite).action;
}

TEST(DeliveryDecisionTest, LoadsWhatIsNotCurrentAndNothingElse) {
  EXPECT_EQ(action(delivery("v1", "e1"), {}), PlanAction::kLoad);
  const auto current = record("v1", "e1", DeliveryState::kCurrent);
  EXPECT_EQ(action(delivery("v1", "e1"), {current}), PlanAction::kNothing);
  EXPECT_EQ(action(delivery("v1", "e1"), {current}, true), PlanAction::kReplace);
  EXPECT_EQ(action(delivery("v2", "e2"), {current}), PlanAction::kReplace);
}

TEST(DeliveryDecisionTest, ASupersededDeliveryThatIsNamedAgainIsLoadedAgain) {
  const auto old = record("v1", "e1", DeliveryState::kSuperseded);
  const auto current = record("v2", "e2", DeliveryState::kCurrent);
  EXPECT_EQ(action(delivery("v1", "e1"), {old, current}), PlanAction::kReplace);
}

TEST(DeliveryDecisionTest, AChangedManifestUnderTheSameIdIsChecked) {
  const auto current = record("v1", "e1", DeliveryState::kCurrent);
  EXPECT_EQ(action(delivery("v1", "e2"), {current}), PlanAction::kCheck);
  const auto other_bytes = record("v1+0123abcd", "e2", DeliveryState::kCurrent);
  EXPECT_EQ(action(delivery("v1", "e2"), {other_bytes}), PlanAction::kNothing);
  EXPECT_EQ(action(delivery("v1", "e3"), {other_bytes}), PlanAction::kCheck);
}

TEST(DeliveryDecisionTest, ARefusalStandsUntilManifestOrRulesChange) {
  auto refused = record("v1", "e1", DeliveryState::kRefused);
  refused.judged_by = "rules 1";
  EXPECT_EQ(action(delivery("v1", "e1"), {refused}), PlanAction::kRefused);
  EXPECT_EQ(action(delivery("v1", "e2"), {refused}), PlanAction::kLoad);
  refused.judged_by = "rules 0";
  EXPECT_EQ(action(delivery("v1", "e1"), {refused}), PlanAction::kLoad);
}

TEST(DeliveryDecisionTest, AWaiverLetsADeliveryInThatWasRefusedMoreThanOnce) {
  auto first = record("v1", "e1", DeliveryState::kRefused);
  first.judged_by = "rules 1";
  auto second = first;
  second.judged_by = "rules 2";
  second.revision = 2;
  EXPECT_EQ(action(delivery("v1", "e1"), {first, second}), PlanAction::kRefused);
  second.waiver = R"({"since":"2026-06-01","reason":"known"})";
  EXPECT_EQ(action(delivery("v1", "e1"), {first, second}), PlanAction::kLoad);
  EXPECT_EQ(action(delivery("v1", "e2"), {first, second}), PlanAction::kLoad);
  second.manifest_etag = "e0";
  EXPECT_EQ(action(delivery("v1", "e1"), {first, second}), PlanAction::kRefused);
}

TEST(DeliveryDecisionTest, AHoldKeepsNewerDeliveriesOut) {
  auto current = record("v1", "e1", DeliveryState::kCurrent);
  current.hold = R"({"since":"2026-06-01","reason":"wrong"})";
  EXPECT_EQ(action(delivery("v2", "e2"), {current}), PlanAction::kHeld);
  EXPECT_EQ(action(delivery("v1", "e1"), {current}), PlanAction::kNothing);
}

}  // namespace
}  // namespace finops
