#include "finops/service/push_message.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "finops/core/base64.h"
#include "finops/net/http_date.h"
#include "finops/service/json_body.h"

namespace finops {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxTextLength = 1024;
constexpr std::size_t kMaxOrganizationLength = 128;
constexpr std::size_t kMaxProjectLength = 100;
constexpr std::string_view kLettersAndDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::optional<std::chrono::year_month_day> parse_date(std::string_view text) {
  // The time makes it a form that is read already.
  const auto time =
      text.size() == 10 ? parse_iso8601(std::string(text) + "T00:00:00Z") : std::nullopt;
  if (!time) return std::nullopt;
  return std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*time));
}

/// Reads an object's fields and collects what is wrong with them.
class FieldReader {
 public:
  FieldReader(const Json& object, std::string prefix, FieldMistakes& mistakes)
      : object_(object), prefix_(std::move(prefix)), mistakes_(mistakes) {}

  /// The first of the names that is there and not null.
  const Json* find(std::initializer_list<const char*> names) const {
    for (const char* name : names) {
      const auto found = object_.find(name);
      if (found != object_.end() && !found->is_null()) return &*found;
    }
    return nullptr;
  }

  void complain(const std::string& name, std::string detail) {
    mistakes_.push_back({prefix_ + name, std::move(detail)});
  }

  /// Empty when there is none.
  std::string text(std::initializer_list<const char*> names,
                   std::size_t max_length = kMaxTextLength) {
    const Json* value = find(names);
    if (value == nullptr) return "";
    const std::string name = *names.begin();
    if (!value->is_string()) return complain(name, "has to be a text"), "";
    return checked_text(name, value->get<std::string>(), max_length);
  }

  /// Empty when there is none: a text of letters, digits and `others`.
  std::string identifier(const char* name, std::string_view others, std::size_t max_length) {
    std::string value = text({name}, max_length);
    const std::string allowed = std::string(kLettersAndDigits).append(others);
    if (value.find_first_not_of(allowed) != value.npos) {
      complain(name, "may have letters, digits and " + spelled(others) + " only");
    }
    return value;
  }

  std::string checked_text(const std::string& name, std::string value, std::size_t max_length) {
    if (value.empty()) complain(name, "is empty");
    if (value.size() > max_length) {
      complain(name, "is longer than " + std::to_string(max_length) + " bytes");
      return "";
    }
    if (has_control_characters(value)) complain(name, "has control characters");
    return value;
  }

 private:
  static std::string spelled(std::string_view characters) {
    std::string out;
    for (const char c : characters) out += (out.empty() ? "'" : ", '") + std::string(1, c) + "'";
    return out;
  }

  const Json& object_;
  const std::string prefix_;
  FieldMistakes& mistakes_;
};

/// "10" for 10.0 and 1e1, which JSON does not tell from 10; nothing for other fractions, and where
/// a double does not hold every whole number.
std::optional<std::string> whole_digits(double number) {
  constexpr double kMost = 9'007'199'254'740'992;  // 2^53
  if (number < 0 || number > kMost || std::floor(number) != number) return std::nullopt;
  return std::to_string(static_cast<std::uint64_t>(number));
}

std::string organization_id(FieldReader& reader) {
  const Json* value = reader.find({"org_id"});
  if (value == nullptr) return reader.complain("org_id", "is missing"), "";
  if (value->is_number_unsigned()) return std::to_string(value->get<std::uint64_t>());
  if (value->is_number_float()) {
    if (auto digits = whole_digits(value->get<double>())) return std::move(*digits);
  }
  if (!value->is_string()) {
    return reader.complain("org_id", "has to be a text or a whole number, not below zero"), "";
  }
  return reader.checked_text("org_id", value->get<std::string>(), kMaxOrganizationLength);
}

JobMessage job_of(const Json& json, const std::string& prefix, FieldMistakes& mistakes) {
  FieldReader reader(json, prefix, mistakes);
  JobMessage job{.organization_id = organization_id(reader),
                 .project_id = reader.identifier("project_id", "-.:", kMaxProjectLength),
                 .dataset_id = reader.identifier("dataset_id", "_", kMaxTextLength),
                 .table_id = reader.identifier("table_id", "_-", kMaxTextLength)};
  const std::string date = reader.text({"target_date"});
  if (!date.empty()) {
    job.target_date = parse_date(date);
    if (!job.target_date) reader.complain("target_date", "has to be a date as in 2026-05-31");
  }
  constexpr auto kNames = std::to_array<std::string_view>(
      {"org_id", "project_id", "dataset_id", "table_id", "target_date"});
  for (const auto& [name, value] : json.items()) {
    if (std::ranges::find(kNames, name) == kNames.end()) job.unknown_fields.push_back(name);
  }
  return job;
}

/// The object under the name; nothing, and a mistake, when there is none.
const Json* object_at(const Json& json, const char* name, FieldMistakes& mistakes) {
  const auto found = json.find(name);
  if (found == json.end()) {
    mistakes.push_back({name, "is missing"});
    return nullptr;
  }
  if (found->is_object()) return &*found;
  mistakes.push_back({name, "has to be an object"});
  return nullptr;
}

JobMessage job_in(FieldReader& reader, FieldMistakes& mistakes) {
  const Json* data = reader.find({"data"});
  if (data == nullptr) return reader.complain("data", "is missing"), JobMessage();
  if (!data->is_string()) return reader.complain("data", "has to be a text"), JobMessage();
  const auto json = from_base64(data->get_ref<const std::string&>());
  if (!json) return reader.complain("data", "is no base64 with padding"), JobMessage();
  auto job = read_job_message(*json, "message.data");
  mistakes.insert(mistakes.end(), job.mistakes.begin(), job.mistakes.end());
  return std::move(job.value).value_or(JobMessage());
}

void read_message(const Json& message, PushMessage& push, FieldMistakes& mistakes) {
  FieldReader reader(message, "message.", mistakes);
  push.message_id = reader.text({"messageId", "message_id"});
  const std::string time = reader.text({"publishTime", "publish_time"});
  if (!time.empty()) {
    push.publish_time = parse_iso8601(time);
    if (!push.publish_time) {
      reader.complain("publishTime", "has to be a time as in 2026-05-31T23:59:59.123Z");
    }
  }
  push.job = job_in(reader, mistakes);
}

void read_envelope(const Json& envelope, PushMessage& push, FieldMistakes& mistakes) {
  const Json* message = object_at(envelope, "message", mistakes);
  if (message != nullptr) read_message(*message, push, mistakes);
  FieldReader reader(envelope, "", mistakes);
  push.subscription = reader.text({"subscription"});
  if (const Json* attempt = reader.find({"deliveryAttempt", "delivery_attempt"})) {
    const bool is_count = attempt->is_number_unsigned() && *attempt >= 1 && *attempt <= 1'000'000;
    if (!is_count) reader.complain("deliveryAttempt", "has to be a whole number from 1 on");
    if (is_count) push.delivery_attempt = attempt->get<std::int64_t>();
  }
}

/// An object, or nothing with a mistake under `field`.
std::optional<Json> read_object(std::string_view text, const std::string& field,
                                FieldMistakes& mistakes) {
  auto json = read_json(text, field, mistakes);
  if (!json || json->is_object()) return json;
  mistakes.push_back({field, "has to be an object"});
  return std::nullopt;
}

}  // namespace

ReadOrMistakes<JobMessage> read_job_message(std::string_view json, const std::string& prefix) {
  ReadOrMistakes<JobMessage> result;
  const auto object = read_object(json, prefix, result.mistakes);
  if (!object) return result;
  JobMessage job = job_of(*object, prefix + ".", result.mistakes);
  if (result.mistakes.empty()) result.value = std::move(job);
  return result;
}

ReadOrMistakes<PushMessage> read_push_message(std::string_view body) {
  ReadOrMistakes<PushMessage> result;
  const auto envelope = read_object(body, "body", result.mistakes);
  if (!envelope) return result;
  PushMessage push;
  read_envelope(*envelope, push, result.mistakes);
  if (result.mistakes.empty()) result.value = std::move(push);
  return result;
}

}  // namespace finops
