#include "finops/demo/cloud_provider_demo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "finops/core/error.h"
#include "finops/demo/cloud_provider_events.h"
#include "finops/demo/cloud_provider_truth.h"
#include "finops/demo/demo_bills.h"
#include "finops/demo/generated_files.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using Json = nlohmann::ordered_json;
using ::testing::HasSubstr;

class CloudProviderDemoTest : public ::testing::Test {
 protected:
  CloudProviderOptions small(const std::string& folder) {
    CloudProviderOptions options;
    options.out = temp_ / folder;
    options.events = 1000;
    return options;
  }

  TempFolder temp_;
};

TEST_F(CloudProviderDemoTest, GivesTheSameBytesForTheSameOptionsOnly) {
  CloudProviderOptions a = small("a"), b = small("b"), c = small("c"), d = small("d");
  c.seed = 2;
  d.is_clean = true;
  for (const auto& options : {a, b, c, d}) generate_cloud_provider(options);
  EXPECT_EQ(tree(a.out), tree(b.out));
  EXPECT_NE(tree(a.out), tree(c.out));
  EXPECT_NE(tree(a.out), tree(d.out));
}

TEST_F(CloudProviderDemoTest, WritesAsManyRowsAsItTells) {
  const CloudProviderSummary summary = generate_cloud_provider(small("data"));
  EXPECT_TRUE(summary.changed);
  ASSERT_EQ(summary.written.size(), 8u);
  std::map<std::string, std::int64_t> rows;
  std::uint64_t bytes = 0;
  for (const auto& dataset : summary.written) {
    rows[dataset.name] = dataset.rows;
    bytes += dataset.bytes;
  }
  EXPECT_EQ(rows, (std::map<std::string, std::int64_t>{{"customers_orgs", 80},
                                                       {"users", 800},
                                                       {"resources", 400},
                                                       {"billing_monthly", 240},
                                                       {"support_tickets", 1000},
                                                       {"marketing_touches", 1500},
                                                       {"nps_surveys", 92},
                                                       {"usage_events", 1000}}));
  EXPECT_EQ(summary.bytes, bytes);
  std::uint64_t on_disk = 0;
  for (const auto& [name, text] : tree(temp_ / "data/landing")) on_disk += text.size();
  EXPECT_EQ(summary.bytes, on_disk);
  EXPECT_EQ(truth_of(temp_ / "data")["datasets"]["usage_events"]["files"].size(), 120u);
}

TEST_F(CloudProviderDemoTest, PutsEveryOddityIntoTheSmallestData) {
  generate_cloud_provider(small("data"));
  const Json datasets = truth_of(temp_ / "data")["datasets"];
  std::set<std::string> all;
  for (const auto& [name, dataset] : datasets.items()) {
    for (const auto& [oddity, count] : dataset["oddities"].items()) {
      EXPECT_GT(count, 0) << oddity;
      all.insert(oddity);
    }
  }
  EXPECT_EQ(all.size(), 14u);
  EXPECT_EQ(datasets["usage_events"]["oddities"]["duplicate_event_id"], 6);
  EXPECT_EQ(datasets["usage_events"]["oddities"]["duplicate_in_another_file"], 3);
}

TEST_F(CloudProviderDemoTest, LeavesOdditiesOutOfCleanData) {
  CloudProviderOptions options = small("data");
  options.is_clean = true;
  generate_cloud_provider(options);
  const Json datasets = truth_of(options.out)["datasets"];
  for (const auto& [name, dataset] : datasets.items()) {
    for (const auto& [oddity, count] : dataset["oddities"].items()) EXPECT_EQ(count, 0) << oddity;
  }
  EXPECT_EQ(datasets["usage_events"]["cost_usd"], datasets["usage_events"]["loadable"]["cost_usd"]);
}

TEST_F(CloudProviderDemoTest, MakesOneEventOf200ASpike) {
  generate_cloud_provider(small("data"));
  const Json anomalies = truth_of(temp_ / "data")["datasets"]["usage_events"]["anomalies"];
  EXPECT_EQ(anomalies["count"], 5);
  EXPECT_EQ(anomalies["event_ids"].size(), 5u);
}

TEST_F(CloudProviderDemoTest, DoesNothingWhenTheDataAreThere) {
  const CloudProviderOptions options = small("data");
  generate_cloud_provider(options);
  const auto before = tree(options.out);
  const CloudProviderSummary again = generate_cloud_provider(options);
  EXPECT_FALSE(again.changed);
  EXPECT_TRUE(again.written.empty());
  EXPECT_EQ(tree(options.out), before);
}

TEST_F(CloudProviderDemoTest, RefusesAFolderThatHoldsSomethingElse) {
  CloudProviderOptions options = small("data");
  generate_cloud_provider(options);
  options.is_clean = true;
  EXPECT_EQ(kind_thrown_by([&] { generate_cloud_provider(options); }), ErrorKind::kAlreadyExists);
  std::filesystem::create_directories(temp_ / "other");
  std::ofstream(temp_ / "other/letter.txt") << "mine";
  EXPECT_EQ(kind_thrown_by([&] { generate_cloud_provider(small("other")); }),
            ErrorKind::kAlreadyExists);
  EXPECT_EQ(content(temp_ / "other/letter.txt"), "mine");
}

TEST_F(CloudProviderDemoTest, BillsAndCloudDataDoNotShareAFolder) {
  generate_cloud_provider(small("data"));
  const DemoOptions bills{.out = temp_ / "data", .rows = 200, .months = 1};
  EXPECT_EQ(kind_thrown_by([&] { generate_demo_bills(bills); }), ErrorKind::kAlreadyExists);
  DemoOptions restated = bills;
  restated.restate = true;
  EXPECT_EQ(kind_thrown_by([&] { generate_demo_bills(restated); }), ErrorKind::kAlreadyExists);
  DemoOptions elsewhere = bills;
  elsewhere.out = temp_ / "bills";
  generate_demo_bills(elsewhere);
  EXPECT_EQ(kind_thrown_by([&] { generate_cloud_provider(small("bills")); }),
            ErrorKind::kAlreadyExists);
}

TEST_F(CloudProviderDemoTest, RefusesOptionsThatMakeNoSense) {
  const auto refusal = [&](auto&& change) {
    CloudProviderOptions options = small("data");
    change(options);
    return error_thrown_by([&] { generate_cloud_provider(options); });
  };
  const Error few = refusal([](CloudProviderOptions& o) { o.events = 999; });
  EXPECT_EQ(few.kind(), ErrorKind::kUsage);
  EXPECT_THAT(few.what(), HasSubstr("--events is 999"));
  EXPECT_THAT(refusal([](CloudProviderOptions& o) { o.events = 50'000'001; }).what(),
              HasSubstr("--events is 50000001"));
  EXPECT_EQ(refusal([](CloudProviderOptions& o) { o.out = ""; }).kind(), ErrorKind::kUsage);
  EXPECT_FALSE(std::filesystem::exists(temp_ / "data"));
}

TEST_F(CloudProviderDemoTest, StopsWhenAskedAndLeavesNoPartOfAFile) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(kind_thrown_by([&] { generate_cloud_provider(small("data"), stop.get_token()); }),
            ErrorKind::kCancelled);
  for (const auto& [name, bytes] : tree(temp_ / "data")) {
    EXPECT_THAT(name, ::testing::EndsWith(".csv"));
  }
}

TEST(CloudEventsTest, FilesDivideTheEventsEvenly) {
  for (const std::int64_t count : {1'000, 43'200, 43'201, 50'000'000}) {
    const CloudWorld world = cloud_provider_world(1, true);
    const CloudEvents events({.events = count, .is_clean = true}, world);
    EXPECT_EQ(events.files(), count == 50'000'000 ? 500 : 120);
    EXPECT_EQ(events.begin_of(0), 0);
    EXPECT_EQ(events.begin_of(events.files()), count);
    for (std::int64_t file = 0; file < events.files(); ++file) {
      const std::int64_t begin = events.begin_of(file), end = events.begin_of(file + 1);
      EXPECT_LE(std::abs(end - begin - count / events.files()), 1);
      EXPECT_EQ(events.file_of(begin), file);
      EXPECT_EQ(events.file_of(end - 1), file);
    }
  }
}

TEST(CloudEventsTest, CopiesComeAfterTheirOriginals) {
  const CloudWorld world = cloud_provider_world(3, false);
  CloudEvents events({.seed = 3, .events = 20'000}, world);
  int copies = 0;
  std::int64_t last = -1;
  for (const auto& slot : events.odd_slots()) {
    EXPECT_GT(slot.index, last);
    last = slot.index;
    const CloudEvent copy = events.event(slot);
    if (!copy.is_copy()) continue;
    ++copies;
    EXPECT_LT(slot.original, slot.index);
    const CloudEvent original = events.event(slot.original);
    EXPECT_EQ(copy.id, original.id);
    EXPECT_EQ(copy.cost != original.cost, copy.oddity == CloudOddity::kCorrectedCopy);
    EXPECT_FALSE(original.is_spike);
    EXPECT_GE(original.cost, 0);
  }
  EXPECT_EQ(copies, 20);
}

TEST(CloudEventsTest, WritesWhatItSays) {
  const CloudWorld world{.orgs = {{"org_1", "One"}},
                         .resources = {{.id = "res_1", .service = 5, .region = "eu-west"}},
                         .event_resources = {0}};
  CloudEvent event{.id = 0x1f,
                   .minute = 24 * 60 + 61,
                   .resource = world.resources.data(),
                   .metric = 1,
                   .value_form = CloudValueForm::kText,
                   .value = 125'000,
                   .value_scale = 4,
                   .has_unit = false,
                   .cost = -42,
                   .schema_version = 2,
                   .carbon = 0,
                   .tokens = 70,
                   .variations = ~std::uint64_t{0}};
  std::string text;
  append_event(text, event, world);
  EXPECT_EQ(text, R"({"event_id": "evt_000000000000001f", "timestamp": "2025-07-04T01:01:00Z", )"
                  R"("org_id": "org_1", "resource_id": "res_1", "service": "genai", )"
                  R"("region": "eu-west", "metric": "storage_gb_hours", "value": "12.5", )"
                  R"("unit": null, "cost_usd_increment": -0.0042, "schema_version": 2, )"
                  R"("carbon_kg": 0, "genai_tokens": 70})"
                  "\n");
  event.schema_version = 1;
  event.value_form = CloudValueForm::kNull;
  event.variations = 0;
  text.clear();
  append_event(text, event, world);
  const Json line = Json::parse(text);
  EXPECT_TRUE(line["value"].is_null());
  EXPECT_FALSE(line.contains("carbon_kg"));
  EXPECT_FALSE(line.contains("genai_tokens"));
  EXPECT_EQ(line["service"], "GENAI");
}

TEST(CloudEventTruthTest, HasAChecksumInsteadOfIdsForManyEvents) {
  const CloudWorld world = cloud_provider_world(1, true);
  CloudEvent event{.id = 0xffffffffffffffff, .resource = world.resources.data(), .is_spike = true};
  for (const bool is_many : {false, true}) {
    CloudEventTruth truth(CloudEventTruth::kMostEventsWithIds + (is_many ? 1 : 0));
    event.id = 0xffffffffffffffff;
    truth.add(event);
    event.id = 3;
    truth.add(event);
    const Json anomalies = truth.to_json()["anomalies"];
    EXPECT_EQ(anomalies["count"], 2);
    EXPECT_EQ(anomalies["checksum"], "0000000000000002");
    EXPECT_EQ(anomalies.contains("event_ids"), !is_many);
  }
}

TEST(CloudProviderWorldTest, VariesTextsAsPeopleTypeThem) {
  std::string text;
  for (std::uint64_t variation = 0; variation < 4; ++variation) {
    append_varied(text, "eu-west", variation);
    text += '|';
  }
  EXPECT_EQ(text, "eu-west|EU-WEST| eu-west|Eu-west |");
}

}  // namespace
}  // namespace finops
