#include "finops/service/job_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <streambuf>
#include <thread>

#include "finops/core/base64.h"
#include "finops/core/error.h"
#include "finops/journal/sqlite/sqlite_journal.h"
#include "tests/support/raw_client.h"
#include "tests/support/temp_folder.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr const char* kToken = "0123456789abcdef";

/// What copies do here: they fail with what they were told to, wait at a door, and count.
class CopyBook {
 public:
  TableCopyReport copy(const TableCopyRequest& request, const std::stop_token& stop) {
    ++copies;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return is_open_.load(); });
    if (stop.stop_requested()) throw Error(ErrorKind::kCancelled, "stopped");
    requests.push_back(request);
    if (!failures.empty()) {
      const Error error = failures.front();
      failures.pop_front();
      throw error;
    }
    return {.way = "server",
            .from = std::chrono::sys_days(std::chrono::May / 1 / 2026),
            .to = std::chrono::sys_days(std::chrono::May / 3 / 2026),
            .finished_until = std::chrono::sys_days(std::chrono::May / 2 / 2026),
            .rows_copied = 12,
            .bytes_billed = {{"ours", 100}, {"theirs", 20}}};
  }
  void close() { is_open_ = false; }
  void open() {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }

  std::atomic<int> copies = 0;
  std::deque<Error> failures;
  std::vector<TableCopyRequest> requests;

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::atomic<bool> is_open_ = true;
};

class BookedCopier : public TableCopier {
 public:
  BookedCopier(CopyBook& book, std::stop_token stop) : book_(book), stop_(std::move(stop)) {}
  std::string name() const override { return "a book"; }
  TableCopyReport copy(const TableCopyRequest& request) override {
    return book_.copy(request, stop_);
  }

 private:
  CopyBook& book_;
  const std::stop_token stop_;
};

class KeptNotifier : public Notifier {
 public:
  void send(const Notification& notification, std::stop_token) override {
    if (is_broken) throw Error(ErrorKind::kUnavailable, "no network");
    const std::lock_guard lock(mutex_);
    sent_.push_back(notification);
  }
  std::vector<Notification> sent() {
    const std::lock_guard lock(mutex_);
    return sent_;
  }
  std::atomic<bool> is_broken = false;

 private:
  std::mutex mutex_;
  std::vector<Notification> sent_;
};

/// What was written, also while others write.
class Written : public std::streambuf {
 public:
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 protected:
  int_type overflow(int_type c) override {
    const std::lock_guard lock(mutex_);
    text_ += traits_type::to_char_type(c);
    return c;
  }
  std::streamsize xsputn(const char* bytes, std::streamsize count) override {
    const std::lock_guard lock(mutex_);
    text_.append(bytes, static_cast<std::size_t>(count));
    return count;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

struct Answer {
  int status = 0;
  std::string head, body;
  Json json() const { return Json::parse(body); }
};

class JobServiceTest : public ::testing::Test {
 protected:
  JobServiceTest() {
    journal_->migrate();
    journal_->put_client({.organization_id = "7",
                          .source_project = "theirs",
                          .source_dataset = "billing",
                          .source_table = "export"});
    options_.http.listen = "127.0.0.1:0";
    options_.http.request_deadline = 20s;
    options_.workers.threads = 2;
    options_.workers.name = "test";
    options_.workers.idle = 50ms;
    options_.workers.max_retries = 0;
    options_.grace = 2s;
  }
  void TearDown() override { book_.open(); }

  std::unique_ptr<JobService> made() {
    return std::make_unique<JobService>(
        options_, JobServiceMeans{
                      .journal = *journal_,
                      .clock = system_clock(),
                      .log = log_,
                      .copy = {.own_project = "ours",
                               .copier =
                                   [this](const jobs::CopyOrder&, std::stop_token stop) {
                                     return std::make_unique<BookedCopier>(book_, std::move(stop));
                                   }},
                      .notifier = &notifier_,
                      .host = "here"});
  }
  void start() {
    service_ = made();
    service_->start();
  }

  Answer ask(const std::string& method, const std::string& target, const std::string& body = "",
             const std::string& headers = "") {
    RawClient client(service_->port());
    send(client, method, target, body, headers);
    return answer_of(client);
  }
  static void send(RawClient& client, const std::string& method, const std::string& target,
                   const std::string& body, const std::string& headers = "") {
    std::string request = method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + headers;
    if (!body.empty()) {
      request +=
          "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n";
    }
    client.send(request + "\r\n" + body);
  }
  static Answer answer_of(RawClient& client) {
    const std::string text = client.answer(true, 15s);
    const std::size_t end = std::min(text.find("\r\n\r\n"), text.size());
    Answer answer{.head = text.substr(0, end)};
    if (text.size() > 12) answer.status = std::stoi(text.substr(9, 3));
    if (end + 4 <= text.size()) answer.body = text.substr(end + 4);
    return answer;
  }
  static std::string pushed(const std::string& id, const std::string& data = R"({"org_id": 7})") {
    return Json{{"message", {{"data", base64(data)}, {"messageId", id}}},
                {"subscription", "projects/p/subscriptions/s"}}
        .dump();
  }
  Answer push(const std::string& id) { return ask("POST", "/", pushed(id)); }
  Json job(const std::string& id) { return ask("GET", "/v1/jobs/" + id).json(); }
  template <typename Condition>
  static bool becomes_true(Condition condition) {
    for (int i = 0; i < 1000 && !condition(); ++i) std::this_thread::sleep_for(10ms);
    return condition();
  }

  TempFolder folder_;
  std::unique_ptr<journal::JobJournal> journal_ =
      journal::make_sqlite_journal(folder_ / "journal.db", system_clock());
  Written written_;
  std::ostream lines_{&written_};
  JsonLog log_{lines_, LogLevel::kInfo, system_clock()};
  CopyBook book_;
  KeptNotifier notifier_;
  JobServiceOptions options_;
  std::unique_ptr<JobService> service_;
};

TEST_F(JobServiceTest, APushedMessageIsAnsweredWhenItsJobHasEnded) {
  start();
  const Answer answer = push("m1");
  EXPECT_EQ(answer.status, 200) << answer.body;
  const Json job = answer.json();
  EXPECT_EQ(job["state"], "succeeded");
  EXPECT_EQ(job["status"], "SUCCESS");
  EXPECT_EQ(job["organization_id"], "7");
  EXPECT_EQ(job["message_id"], "m1");
  EXPECT_EQ(job["destination_table"], "ours.org_7_standard_export.org_7_standard_export_table");
  EXPECT_EQ(job["rows_copied"], 12);
  EXPECT_EQ(job["bytes_billed"], 120);
  EXPECT_EQ(job["window"]["from"], "2026-05-01T00:00:00.000000Z");
  EXPECT_EQ(job["watermark"], "2026-05-02T00:00:00.000000Z");
  EXPECT_EQ(job["report"]["bytes_billed"]["theirs"], 20);
  EXPECT_EQ(book_.requests.at(0).source.to_string(), "theirs.billing.export");
  EXPECT_EQ(book_.requests.at(0).first_day, std::nullopt);
}

TEST_F(JobServiceTest, TheNextCopyBeginsAtTheWatermarkUnlessItIsOfAnotherSource) {
  start();
  push("m1");
  push("m2");
  EXPECT_EQ(book_.requests.at(1).first_day, std::chrono::sys_days(std::chrono::May / 2 / 2026));
  ask("POST", "/", pushed("m3", R"({"org_id": 7, "table_id": "other"})"));
  EXPECT_EQ(book_.requests.at(2).source.table, "other");
  EXPECT_EQ(book_.requests.at(2).first_day, std::nullopt);
  ask("POST", "/", pushed("m4", R"({"org_id": 7, "target_date": "2026-04-30"})"));
  EXPECT_EQ(book_.requests.at(3).only_day, std::chrono::sys_days(std::chrono::April / 30 / 2026));
}

TEST_F(JobServiceTest, AMessageThatEndedWellIsAnsweredFromTheJournal) {
  start();
  EXPECT_EQ(push("m1").status, 200);
  EXPECT_EQ(push("m1").status, 200);
  EXPECT_EQ(book_.copies, 1);
}

TEST_F(JobServiceTest, AFailedJobIsNeverASuccessAndItsMessageRunsAgain) {
  book_.failures = {Error(ErrorKind::kPermissionDenied, "the reader may not")};
  start();
  const Answer failed = push("m1");
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(failed.json()["detail"], HasSubstr("the reader may not"));
  EXPECT_EQ(push("m1").status, 200);
  EXPECT_EQ(book_.copies, 2);
}

TEST_F(JobServiceTest, WhatCanNeverWorkIsAnsweredFromTheJournal) {
  book_.failures = {Error(ErrorKind::kUnsupported, "that is a view")};
  start();
  EXPECT_EQ(push("m1").status, 422);
  EXPECT_EQ(push("m1").status, 422);
  EXPECT_EQ(book_.copies, 1);
}

TEST_F(JobServiceTest, RedeliveriesJoinTheJobThatRuns) {
  book_.close();
  start();
  std::deque<RawClient> clients;
  for (int i = 0; i < 5; ++i) {
    clients.emplace_back(service_->port());
    send(clients.back(), "POST", "/", pushed("m1"));
  }
  ASSERT_TRUE(becomes_true([&] { return book_.copies == 1; }));
  std::this_thread::sleep_for(100ms);
  book_.open();
  for (RawClient& client : clients) EXPECT_EQ(answer_of(client).status, 200);
  EXPECT_EQ(book_.copies, 1);
}

TEST_F(JobServiceTest, AJobThatIsNotDoneInTimeIsAnswered503AndGoesOn) {
  options_.http.request_deadline = 300ms;
  book_.close();
  start();
  EXPECT_EQ(push("m1").status, 503);
  book_.open();
  ASSERT_TRUE(becomes_true([&] { return push("m1").status == 200; }));
  EXPECT_EQ(book_.copies, 1);
}

TEST_F(JobServiceTest, MessagesThatCanNotBeReadAreToldByTheirFields) {
  start();
  const Answer broken = ask("POST", "/", pushed("m", R"({"org_id": true})"));
  EXPECT_EQ(broken.status, 400);
  EXPECT_EQ(broken.json()["errors"][0]["field"], "message.data.org_id");
  EXPECT_EQ(ask("POST", "/", pushed("m", R"({"org_id": "nobody"})")).status, 404);
  EXPECT_EQ(ask("POST", "/", pushed("m", R"({"org_id": "nobody"})")).status, 404);
  RawClient client(service_->port());
  client.send(
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}");
  EXPECT_EQ(answer_of(client).status, 415);
  EXPECT_TRUE(journal_->jobs({}).empty());
  journal_->put_client({.organization_id = "8", .is_enabled = false});
  EXPECT_EQ(ask("POST", "/", pushed("m", R"({"org_id": 8})")).status, 404);
  journal_->put_client({.organization_id = "8"});
  const Answer lacking = ask("POST", "/", pushed("m", R"({"org_id": 8})"));
  EXPECT_EQ(lacking.status, 422);
  EXPECT_THAT(lacking.body, HasSubstr("source_dataset"));
}

TEST_F(JobServiceTest, ARequestMakesAJobThatCanBeLookedAt) {
  start();
  const Answer made = ask("POST", "/v1/jobs", R"({"org_id": "7"})", "Idempotency-Key: k1\r\n");
  EXPECT_EQ(made.status, 202) << made.body;
  const std::string id = made.json()["id"];
  EXPECT_THAT(made.head, HasSubstr("Location: /v1/jobs/" + id));
  ASSERT_TRUE(becomes_true([&] { return job(id)["state"] == "succeeded"; }));
  const Answer again = ask("POST", "/v1/jobs", R"({"org_id": "7"})", "Idempotency-Key: k1\r\n");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.json()["id"], id);
  EXPECT_EQ(ask("POST", "/v1/jobs", R"({"org_id": []})").json()["errors"][0]["field"],
            "body.org_id");
  EXPECT_EQ(ask("GET", "/v1/jobs/nothing").status, 404);
}

TEST_F(JobServiceTest, JobsAreListedByPages) {
  start();
  for (int i = 0; i < 3; ++i) push("m" + std::to_string(i));
  const Json page = ask("GET", "/v1/jobs?limit=2&state=succeeded&org_id=7").json();
  EXPECT_EQ(page["jobs"].size(), 2u);
  EXPECT_EQ(page["jobs"][0]["message_id"], "m2");
  const Json next = ask("GET", page["next"].get<std::string>()).json();
  EXPECT_EQ(next["jobs"].size(), 1u);
  EXPECT_TRUE(next["next"].is_null());
  for (const char* wrong : {"?limit=0", "?limit=x", "?state=done", "?before=-1", "?color=red"}) {
    EXPECT_EQ(ask("GET", std::string("/v1/jobs") + wrong).status, 400) << wrong;
  }
}

TEST_F(JobServiceTest, JobsAreCancelled) {
  options_.workers.threads = 1;
  options_.workers.lease = 90ms;
  book_.close();
  start();
  RawClient waiting(service_->port());
  send(waiting, "POST", "/", pushed("m1"));
  ASSERT_TRUE(becomes_true([&] { return book_.copies == 1; }));
  const std::string queued = ask("POST", "/v1/jobs", R"({"org_id": "7"})").json()["id"];
  EXPECT_EQ(ask("POST", "/v1/jobs/" + queued + "/cancel").status, 200);
  EXPECT_EQ(job(queued)["state"], "cancelled");
  const std::string running = ask("GET", "/v1/jobs?state=running").json()["jobs"][0]["id"];
  EXPECT_EQ(ask("POST", "/v1/jobs/" + running + "/cancel").status, 202);
  EXPECT_EQ(answer_of(waiting).status, 409);
  EXPECT_EQ(job(running)["state"], "cancelled");
  EXPECT_EQ(push("m1").status, 409) << "a cancelled message is not run again";
  EXPECT_EQ(ask("POST", "/v1/jobs/nothing/cancel").status, 404);
  book_.open();
  const std::string id = push("m2").json()["id"];
  EXPECT_EQ(ask("POST", "/v1/jobs/" + id + "/cancel").status, 409);
}

TEST_F(JobServiceTest, AStopAnswersWhoWaitsAndGivesJobsBack) {
  book_.close();
  start();
  RawClient waiting(service_->port());
  send(waiting, "POST", "/", pushed("m1"));
  ASSERT_TRUE(becomes_true([&] { return book_.copies == 1; }));
  service_->stop();
  const Answer answer = answer_of(waiting);
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.head, HasSubstr("Retry-After: "));
  EXPECT_EQ(journal_->jobs({}).at(0).state, journal::JobState::kQueued);
  book_.open();
  start();  // another process goes on
  EXPECT_EQ(push("m1").status, 200);
}

TEST_F(JobServiceTest, WhoWaitsIsAnsweredAlsoWhenAnotherProcessDoesTheJob) {
  options_.workers.threads = 1;
  book_.close();
  start();
  RawClient busy(service_->port());
  send(busy, "POST", "/", pushed("m1"));
  ASSERT_TRUE(becomes_true([&] { return book_.copies == 1; }));
  journal_->put_client({.organization_id = "9",
                        .source_project = "theirs",
                        .source_dataset = "billing",
                        .source_table = "export"});
  RawClient waiting(service_->port());
  send(waiting, "POST", "/", pushed("m2", R"({"org_id": 9})"));
  std::optional<journal::TakenJob> taken;
  ASSERT_TRUE(becomes_true([&] {
    if (!taken) taken = journal_->take("another process", 1min);
    return taken.has_value();
  }));
  journal_->finish(taken->lease, {.rows_copied = 77});
  const Answer answer = answer_of(waiting);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json()["rows_copied"], 77);
}

TEST_F(JobServiceTest, OnlyWhoHasATokenIsLetIn) {
  options_.tokens = {{.secret = kToken, .may_write = true}, {.secret = "only-for-reading"}};
  start();
  const std::string writer = std::string("Authorization: Bearer ") + kToken + "\r\n";
  const std::string reader = "Authorization: Bearer only-for-reading\r\n";
  const std::string body = R"({"org_id": "7"})";
  EXPECT_EQ(ask("POST", "/v1/jobs", body).status, 401);
  EXPECT_EQ(ask("POST", "/v1/jobs", body, reader).status, 403);
  EXPECT_EQ(ask("POST", "/v1/jobs", body, writer).status, 202);
  EXPECT_EQ(ask("GET", "/v1/jobs").status, 401);
  EXPECT_EQ(ask("GET", "/v1/jobs", "", reader).status, 200);
  EXPECT_EQ(ask("POST", "/v1/jobs/x/cancel", "", reader).status, 403);
  EXPECT_EQ(ask("POST", "/", pushed("m")).status, 401);
  EXPECT_EQ(ask("POST", "/", pushed("m"), writer).status, 200);
  EXPECT_EQ(ask("GET", "/healthz").status, 200);
}

TEST_F(JobServiceTest, BeyondThisMachineItDoesNotLetInAnybody) {
  options_.http.listen = "0.0.0.0:0";
  EXPECT_EQ(kind_thrown_by([&] { made(); }), ErrorKind::kInvalidConfig);
  options_.allow_anonymous = true;
  EXPECT_NO_THROW(made());
  options_.allow_anonymous = false;
  options_.tokens = {{.secret = kToken, .may_write = true}};
  EXPECT_NO_THROW(made());
}

TEST_F(JobServiceTest, TooManyJobsAreNotTaken) {
  options_.most_queued = 0;
  start();
  const Answer answer = push("m1");
  EXPECT_EQ(answer.status, 503);
  EXPECT_THAT(answer.head, HasSubstr("Retry-After: "));
  EXPECT_TRUE(journal_->jobs({}).empty());
}

TEST_F(JobServiceTest, AFailureIsToldOnceAndItsEndToo) {
  const Error denied(ErrorKind::kPermissionDenied, "the reader may not");
  book_.failures = {denied, denied};
  start();
  push("m1");
  push("m2");
  ASSERT_TRUE(becomes_true([&] { return notifier_.sent().size() == 1; }));
  EXPECT_EQ(notifier_.sent()[0].event, Notification::Event::kNewProblems);
  EXPECT_EQ(notifier_.sent()[0].fresh.at(0).source, "7");
  EXPECT_EQ(notifier_.sent()[0].fresh.at(0).kind, "permission_denied");
  EXPECT_THAT(notifier_.sent()[0].fresh.at(0).message, HasSubstr("the reader may not"));
  push("m3");
  push("m4");
  ASSERT_TRUE(becomes_true([&] { return notifier_.sent().size() == 2; }));
  EXPECT_EQ(notifier_.sent()[1].event, Notification::Event::kRecovered);
  service_->stop();
  EXPECT_EQ(notifier_.sent().size(), 2u);
}

TEST_F(JobServiceTest, WhatCouldNotBeToldIsToldByTheNextFailure) {
  const Error denied(ErrorKind::kPermissionDenied, "the reader may not");
  book_.failures = {denied, denied};
  notifier_.is_broken = true;
  start();
  push("m1");
  ASSERT_TRUE(
      becomes_true([&] { return written_.text().find("nobody was told") != std::string::npos; }));
  notifier_.is_broken = false;
  push("m2");
  ASSERT_TRUE(becomes_true([&] { return notifier_.sent().size() == 1; }));
}

TEST_F(JobServiceTest, LogsInTheStructureOfTheReference) {
  book_.failures = {Error(ErrorKind::kPermissionDenied, "the reader may not")};
  start();
  push("m1");
  push("m1");
  service_->stop();
  std::istringstream lines(written_.text());
  std::vector<std::string> messages;
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line);
    std::string names;
    for (const auto& [name, value] : json.items()) names += name + " ";
    EXPECT_EQ(names, "timestamp level service organization_id job_id message metadata ");
    messages.push_back(json["level"].get<std::string>() + " " + json["message"].get<std::string>());
    if (json["message"] == "the job succeeded") {
      EXPECT_EQ(json["organization_id"], "7");
      EXPECT_EQ(json["metadata"]["records_processed"], 12);
      EXPECT_TRUE(json["metadata"]["duration_seconds"].is_number());
    }
  }
  EXPECT_THAT(messages, ::testing::ElementsAre("INFO a job came", "INFO the job began",
                                               "ERROR the job failed", "INFO a job came again",
                                               "INFO the job began", "INFO the job succeeded"));
}

TEST_F(JobServiceTest, CountsWhatItDoes) {
  book_.failures = {Error(ErrorKind::kPermissionDenied, "the reader may not")};
  start();
  push("m1");
  push("m1");
  std::string text;
  becomes_true([&] {
    text = ask("GET", "/metrics").body;
    return text.find("{state=\"succeeded\"} 1") != std::string::npos;
  });
  for (const char* line :
       {"finops_jobs_ended_total{state=\"failed\"} 1",
        "finops_jobs_ended_total{state=\"succeeded\"} 1", "finops_job_rows_total 12",
        "finops_job_billed_bytes_total 120",
        "finops_job_errors_total{type=\"permission_denied\"} 1", "finops_jobs_queued 0",
        "finops_job_duration_seconds_count{state=\"succeeded\"} 1"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_EQ(ask("GET", "/readyz").status, 200);
  EXPECT_EQ(ask("GET", "/openapi.json").json()["openapi"], "3.1.0");
}

}  // namespace
}  // namespace finops
