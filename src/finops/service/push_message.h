#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/clock.h"
#include "finops/service/problem.h"

namespace finops {

/// A job as a message asks for it. Texts are empty where the message has none.
struct JobMessage {
  std::string organization_id;  // a number is its digits
  std::string project_id, dataset_id, table_id;
  std::optional<std::chrono::year_month_day> target_date;
  std::vector<std::string> unknown_fields;  // names that mean nothing here
};

/// What Pub/Sub pushes ("Receive push messages", wrapped). Only `message.data` has to be there.
struct PushMessage {
  std::string message_id;  // the same for every delivery of one message
  std::optional<TimePoint> publish_time;
  std::optional<std::int64_t> delivery_attempt;  // from 1, where there is a dead-letter topic
  std::string subscription;
  JobMessage job;
};

/// A value, or every mistake with the field that it is in.
template <typename Value>
struct ReadOrMistakes {
  std::optional<Value> value;
  FieldMistakes mistakes;  // empty where there is a value
};

/// {"message": {"data": <base64 of a job's JSON>, "messageId", "publishTime"}, "subscription",
/// "deliveryAttempt"}; names may be written with underscores too.
ReadOrMistakes<PushMessage> read_push_message(std::string_view body);

/// {"org_id": number or text, "project_id", "dataset_id", "table_id", "target_date": "YYYY-MM-DD"};
/// only org_id has to be there. Fields of mistakes begin with `prefix`.
ReadOrMistakes<JobMessage> read_job_message(std::string_view json, const std::string& prefix);

}  // namespace finops
