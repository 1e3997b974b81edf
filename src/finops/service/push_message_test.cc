#include "finops/service/push_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "finops/core/base64.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string envelope(const std::string& job, const std::string& others = "") {
  return R"({"message": {"data": ")" + base64(job) + "\"" + others + "}}";
}

JobMessage job_of(const std::string& json) {
  const auto result = read_push_message(envelope(json));
  EXPECT_THAT(result.mistakes, IsEmpty()) << json;
  return result.value.value_or(PushMessage()).job;
}

TEST(PushMessageTest, ReadsWhatPubSubSends) {
  const auto result = read_push_message(
      R"({"message": {"data": ")" + base64(R"({"org_id": 42})") +
      R"(", "messageId": "136969346945", "message_id": "136969346945", "attributes": {"a": "b"},
          "publishTime": "2026-05-31T23:59:59.123456Z", "publish_time": "2026-05-31T23:59:59.123456Z"},
          "subscription": "projects/p/subscriptions/s", "deliveryAttempt": 5})");
  ASSERT_TRUE(result.value);
  EXPECT_EQ(result.value->message_id, "136969346945");
  EXPECT_EQ(to_iso8601(result.value->publish_time.value()), "2026-05-31T23:59:59.123Z");
  EXPECT_EQ(result.value->delivery_attempt, 5);
  EXPECT_EQ(result.value->subscription, "projects/p/subscriptions/s");
  EXPECT_EQ(result.value->job.organization_id, "42");
}

TEST(PushMessageTest, ReadsJobs) {
  const JobMessage job = job_of(
      R"({"org_id": "acme/1", "project_id": "example.com:p-1", "dataset_id": "billing_1",
          "table_id": "gcp_billing_export_v1_0-1", "target_date": "2024-02-29", "note": 1})");
  EXPECT_EQ(job.organization_id, "acme/1");
  EXPECT_EQ(job.project_id, "example.com:p-1");
  EXPECT_EQ(job.dataset_id, "billing_1");
  EXPECT_EQ(job.table_id, "gcp_billing_export_v1_0-1");
  EXPECT_EQ(job.target_date, std::chrono::year(2024) / 2 / 29);
  EXPECT_THAT(job.unknown_fields, ElementsAre("note"));
  EXPECT_EQ(job_of(R"({"org_id": 18446744073709551615})").organization_id, "18446744073709551615");
  EXPECT_EQ(job_of(R"({"org_id": 0, "project_id": null})").project_id, "");
}

struct Mistake {
  std::string body;
  const char *field, *detail;
};

TEST(PushMessageTest, NamesTheFieldOfEachMistake) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const Mistake mistakes[] = {
      {"", "body", "is no JSON from byte 1 on"},
      {"{\"message\": {}} x", "body", "is no JSON from byte 17 on"},
      {"\"\xff\"", "body", "is no JSON from byte 2 on"},
      {"[]", "body", "has to be an object"},
      {deep, "body", "has more than 32 objects and lists in each other"},
      {R"({"a": 1e999})", "body", "has a number that is too large"},
      {R"({"message": 1, "message": 2})", "body", "has a name twice in one object"},
      {"{}", "message", "is missing"},
      {R"({"message": []})", "message", "has to be an object"},
      {R"({"message": {}})", "message.data", "is missing"},
      {R"({"message": {"data": 1}})", "message.data", "has to be a text"},
      {R"({"message": {"data": "e30"}})", "message.data", "is no base64 with padding"},
      {R"({"message": {"data": "e30-"}})", "message.data", "is no base64 with padding"},
      {R"({"message": {"data": "e31="}})", "message.data", "is no base64 with padding"},
      {envelope(""), "message.data", "is no JSON from byte 1 on"},
      {envelope("[1]"), "message.data", "has to be an object"},
      {envelope("{}"), "message.data.org_id", "is missing"},
      {envelope(R"({"org_id": null})"), "message.data.org_id", "is missing"},
      {envelope(R"({"org_id": ""})"), "message.data.org_id", "is empty"},
      {envelope(R"({"org_id": "a\nb"})"), "message.data.org_id", "has control characters"},
      {envelope(R"({"org_id": ")" + std::string(129, 'a') + "\"}"), "message.data.org_id",
       "is longer than 128 bytes"},
      {envelope(R"({"org_id": -1})"), "message.data.org_id",
       "has to be a text or a whole number, not below zero"},
      {envelope(R"({"org_id": 1.5})"), "message.data.org_id",
       "has to be a text or a whole number, not below zero"},
      {envelope(R"({"org_id": 18446744073709551616})"), "message.data.org_id",
       "has to be a text or a whole number, not below zero"},
      {envelope(R"({"org_id": true})"), "message.data.org_id",
       "has to be a text or a whole number, not below zero"},
      {envelope(R"({"org_id": 1, "project_id": 7})"), "message.data.project_id",
       "has to be a text"},
      {envelope(R"({"org_id": 1, "project_id": "a`b"})"), "message.data.project_id",
       "may have letters, digits and '-', '.', ':' only"},
      {envelope(R"({"org_id": 1, "dataset_id": "a.b"})"), "message.data.dataset_id",
       "may have letters, digits and '_' only"},
      {envelope(R"({"org_id": 1, "table_id": "a$20260501"})"), "message.data.table_id",
       "may have letters, digits and '_', '-' only"},
      {envelope(R"({"org_id": 1, "target_date": "2026-02-30"})"), "message.data.target_date",
       "has to be a date as in 2026-05-31"},
      {envelope(R"({"org_id": 1, "target_date": "26-02-01"})"), "message.data.target_date",
       "has to be a date as in 2026-05-31"},
      {envelope(R"({"org_id": 1})", R"(, "messageId": 7)"), "message.messageId",
       "has to be a text"},
      {envelope(R"({"org_id": 1})", R"(, "publishTime": "today")"), "message.publishTime",
       "has to be a time as in 2026-05-31T23:59:59.123Z"},
      {R"({"message": {"data": ")" + base64(R"({"org_id": 1})") + R"("}, "deliveryAttempt": 0})",
       "deliveryAttempt", "has to be a whole number from 1 on"},
  };
  for (const Mistake& mistake : mistakes) {
    const auto result = read_push_message(mistake.body);
    EXPECT_FALSE(result.value) << mistake.body;
    EXPECT_EQ(result.mistakes, (FieldMistakes{{mistake.field, mistake.detail}})) << mistake.body;
  }
}

TEST(PushMessageTest, TellsAllMistakesAtOnce) {
  const auto result =
      read_push_message(envelope(R"({"org_id": "", "target_date": "x"})", R"(, "publishTime": 1)"));
  std::vector<std::string> fields;
  for (const FieldMistake& mistake : result.mistakes) fields.push_back(mistake.field);
  EXPECT_THAT(fields, ElementsAre("message.publishTime", "message.data.org_id",
                                  "message.data.target_date"));
}

TEST(PushMessageTest, Base64IsReadAsItIsWritten) {
  for (const std::string bytes : {"", "a", "ab", "abc", "\xff\xfe\xfd\xfc"}) {
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
  }
  for (const char* text : {"A", "=", "====", "AA=A", "AAA\n", "A===", "AB==", "-_8="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(JobMessageTest, AWholeNumberIsItsDigitsHoweverItIsWritten) {
  const auto id = [](std::string_view number) {
    return read_job_message("{\"org_id\": " + std::string(number) + "}", "body")
        .value.value_or(JobMessage{.organization_id = "refused"})
        .organization_id;
  };
  EXPECT_EQ(id("10"), "10");
  EXPECT_EQ(id("10.0"), "10");
  EXPECT_EQ(id("1e1"), "10");
  EXPECT_EQ(id("18446744073709551615"), "18446744073709551615");
  for (const char* wrong : {"-1", "1.5", "1e300", "-0.5", "18446744073709551616.0"}) {
    EXPECT_EQ(id(wrong), "refused") << wrong;
  }
}

}  // namespace
}  // namespace finops
