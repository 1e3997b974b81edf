#include "tests/contract/job_journal_contract.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace finops::journal {

using namespace std::chrono_literals;

void JobJournalContract::SetUp() {
  place_ = GetParam().make();
  if (place_ == nullptr) GTEST_SKIP() << "needs " << GetParam().name;
  journal_ = opened();
}

void JobJournalContract::make_reference_tables() {
  for (const auto& statement : GetParam().reference_tables) place_->query(statement);
}

void MigratedJournalContract::SetUp() {
  JobJournalContract::SetUp();
  if (journal_ != nullptr) journal_->migrate();
}

Enqueued JobJournalContract::enqueue(const std::string& message, const std::string& organization,
                                     const std::string& table) {
  return journal_->enqueue({message, organization, table});
}

TakenJob JobJournalContract::take(Duration lease) {
  const auto taken = journal_->take("worker", lease);
  if (!taken) ADD_FAILURE() << "there is no job to take";
  return taken.value_or(TakenJob());
}

TakenJob JobJournalContract::take_and_let_expire() {
  const auto taken = take(1ms);
  std::this_thread::sleep_for(30ms);
  return taken;
}

namespace {

Time at(const char* text) { return time_of(text); }

JobResult ended(JobState state, std::optional<Time> watermark = std::nullopt) {
  JobResult result;
  result.state = state;
  result.watermark = watermark;
  return result;
}

const JobResult kSuccess = ended(JobState::kSucceeded);
const JobResult kFailure = ended(JobState::kFailed);

// ---- tables

TEST_P(JobJournalContract, SaysHowToMakeAJournalThatIsNotThere) {
  const auto error = error_thrown_by([&] { journal_->counts(); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  EXPECT_THAT(error.what(), ::testing::HasSubstr("finops journal migrate"));
  EXPECT_EQ(kind_thrown_by([&] { enqueue("m"); }), ErrorKind::kInvalidConfig);
}

TEST_P(JobJournalContract, MigratesOnceHoweverOftenItIsAsked) {
  const auto first = journal_->migrate();
  EXPECT_EQ(first.from, 0);
  EXPECT_GE(first.to, 1);
  enqueue("m");
  const auto second = opened()->migrate();
  EXPECT_EQ(second.from, first.to);
  EXPECT_EQ(second.to, first.to);
  EXPECT_EQ(journal_->jobs({}).size(), 1u);
}

TEST_P(JobJournalContract, MigratesWhenSeveralDoAtOnce) {
  std::atomic<int> made = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { made += opened()->migrate().from == 0; });
    }
  }
  EXPECT_EQ(made, 1);
  EXPECT_EQ(cell("SELECT COUNT(*) FROM finops_journal_versions"), "2");
  EXPECT_EQ(enqueue("m").answer, Answer::kNew);
}

TEST_P(JobJournalContract, GoesOnFromTheReferencesTables) {
  make_reference_tables();
  place_->query(
      "INSERT INTO etl_jobs (organization_id, job_id, status, created_at, updated_at, "
      "error_message) VALUES ('7', 'a', 'SUCCESS', '2025-01-02 03:04:05', '2025-01-02 03:05:06', "
      "NULL), ('7', 'b', 'FAILED', '2025-01-03 03:04:05', '2025-01-03 03:05:06', 'quota'), ('7', "
      "'b', 'IN_PROGRESS', '2025-01-04 03:04:05', '2025-01-04 03:05:06', NULL)");
  place_->query(
      "INSERT INTO client_billing_config (organization_id, source_dataset, destination_dataset, "
      "destination_table, last_successful_run, created_at) VALUES ('7', 'billing', 'org_7', 'all', "
      "'2025-01-02 03:05:06', '2024-12-31 00:00:00')");
  journal_->migrate();

  const auto jobs = journal_->jobs({});
  ASSERT_EQ(jobs.size(), 3u);
  EXPECT_EQ(jobs[2].state, JobState::kSucceeded);
  EXPECT_EQ(jobs[2].created_at, at("2025-01-02 03:04:05"));
  EXPECT_EQ(jobs[2].updated_at, at("2025-01-02 03:05:06"));
  EXPECT_EQ(jobs[1].state, JobState::kFailed);
  EXPECT_EQ(jobs[1].error_message, "quota");
  EXPECT_EQ(jobs[0].state, JobState::kFailed);
  EXPECT_THAT(jobs[0].error_message, ::testing::HasSubstr("left in progress"));
  EXPECT_EQ(jobs[0].updated_at, at("2025-01-04 03:05:06"));
  EXPECT_EQ(journal_->take("worker", 1s), std::nullopt) << "jobs of others are not run";

  const auto client = journal_->client("7").value();
  EXPECT_EQ(client.source_dataset, "billing");
  EXPECT_EQ(client.destination_table, "all");
  EXPECT_EQ(client.look_back_days, 10);
  EXPECT_TRUE(client.is_enabled);
  EXPECT_EQ(client.last_successful_run, at("2025-01-02 03:05:06"));
  EXPECT_EQ(enqueue("m", "7").answer, Answer::kNew);
}

TEST_P(JobJournalContract, GoesOnWithAMigrationThatWasCutOff) {
  journal_->migrate();
  enqueue("m");
  place_->query("DELETE FROM finops_journal_versions");
  EXPECT_EQ(opened()->migrate().from, 0);
  EXPECT_EQ(journal_->jobs({}).at(0).state, JobState::kQueued);
}

TEST_P(JobJournalContract, BringsTablesOfTheFirstVersionUp) {
  journal_->migrate();
  enqueue("m");
  place_->query("DELETE FROM finops_journal_versions WHERE version = 2");
  place_->query("ALTER TABLE etl_jobs DROP COLUMN report");
  place_->query("ALTER TABLE finops_journal_tables DROP COLUMN is_failure_told");
  const auto newer = opened();
  EXPECT_THAT(error_thrown_by([&] { newer->counts(); }).what(),
              ::testing::HasSubstr("older version"));
  const auto migration = newer->migrate();
  EXPECT_EQ(migration.from, 1);
  EXPECT_EQ(migration.to, 2);
  EXPECT_EQ(newer->jobs({}).at(0).report, "");
}

TEST_P(JobJournalContract, RefusesAnOrganisationThatIsConfiguredTwice) {
  make_reference_tables();
  place_->query("INSERT INTO client_billing_config (organization_id) VALUES ('7'), ('8'), ('7')");
  const auto error = error_thrown_by([&] { journal_->migrate(); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidData);
  EXPECT_THAT(error.what(), ::testing::HasSubstr("more than one row for 7;"));
  EXPECT_THROW(place_->query("SELECT state FROM etl_jobs"), Error) << "something was changed";
  place_->query("DELETE FROM client_billing_config WHERE organization_id = '7'");
  journal_->migrate();
  EXPECT_TRUE(journal_->client("8"));
}

TEST_P(JobJournalContract, RefusesTablesOfANewerVersion) {
  journal_->migrate();
  place_->query("INSERT INTO finops_journal_versions (version) VALUES (1000)");
  const auto newer = opened();
  for (const auto& error :
       {error_thrown_by([&] { newer->migrate(); }), error_thrown_by([&] { newer->counts(); })}) {
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    EXPECT_THAT(error.what(), ::testing::HasSubstr("1000"));
  }
}

TEST_P(MigratedJournalContract, TablesHaveTheReferencesColumns) {
  place_->query(
      "INSERT INTO etl_jobs (organization_id, job_id, status, error_message) VALUES ('1', 'x', "
      "'SUCCESS', 'none')");
  place_->query(
      "SELECT id, organization_id, job_id, status, created_at, updated_at, error_message FROM "
      "etl_jobs");
  place_->query(
      "SELECT id, organization_id, source_dataset, destination_dataset, destination_table, "
      "last_successful_run, created_at FROM client_billing_config");
  EXPECT_TRUE(journal_->jobs({}).empty()) << "rows of other programs have no state";
}

// ---- configuration

TEST_P(MigratedJournalContract, KeepsClients) {
  ClientConfiguration client;
  client.organization_id = "o'rg \"Ä\" 雲";
  client.source_project = "their-project";
  client.source_dataset = "billing";
  client.source_table = "gcp_billing_export_v1";
  client.service_account = "reader@their-project.iam.gserviceaccount.com";
  client.location = "EU";
  client.destination_project = "ours";
  client.destination_dataset = "org_1";
  client.destination_table = "all";
  client.transform_sql = "transforms/org.sql";
  client.look_back_days = 3;
  client.is_enabled = false;
  journal_->put_client(client);
  const auto read = opened()->client(client.organization_id).value();
  EXPECT_EQ(read.source_project, client.source_project);
  EXPECT_EQ(read.source_dataset, client.source_dataset);
  EXPECT_EQ(read.source_table, client.source_table);
  EXPECT_EQ(read.service_account, client.service_account);
  EXPECT_EQ(read.location, client.location);
  EXPECT_EQ(read.destination_project, client.destination_project);
  EXPECT_EQ(read.destination_dataset, client.destination_dataset);
  EXPECT_EQ(read.destination_table, client.destination_table);
  EXPECT_EQ(read.transform_sql, client.transform_sql);
  EXPECT_EQ(read.look_back_days, 3);
  EXPECT_FALSE(read.is_enabled);
  EXPECT_TRUE(read.created_at);
  EXPECT_FALSE(read.last_successful_run);

  client.location = "US";
  client.is_enabled = true;
  journal_->put_client(client);
  const auto again = journal_->client(client.organization_id).value();
  EXPECT_EQ(again.location, "US");
  EXPECT_TRUE(again.is_enabled);
  EXPECT_EQ(again.created_at, read.created_at);
}

TEST_P(MigratedJournalContract, OrganisationsAreByteByByteAndInOrder) {
  for (const char* id : {"b", "a", "A", "ä"}) journal_->put_client({.organization_id = id});
  std::vector<std::string> ids;
  for (const auto& client : journal_->clients()) ids.push_back(client.organization_id);
  EXPECT_EQ(ids, (std::vector<std::string>{"A", "a", "b", "ä"}));
  EXPECT_TRUE(journal_->remove_client("a"));
  EXPECT_FALSE(journal_->remove_client("a"));
  EXPECT_FALSE(journal_->client("a"));
  EXPECT_TRUE(journal_->client("A"));
}

TEST_P(MigratedJournalContract, OneRowPerOrganisationAlsoWhenPutAtOnce) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] { opened()->put_client({.organization_id = "org"}); });
    }
  }
  EXPECT_EQ(journal_->clients().size(), 1u);
}

TEST_P(MigratedJournalContract, RefusesTextsThatAColumnCannotHold) {
  const std::string longest = [] {
    std::string text;
    for (int i = 0; i < 255; ++i) text += "ä";
    return text;
  }();
  EXPECT_EQ(enqueue(longest, longest).answer, Answer::kNew);
  for (const std::string& text :
       {longest + "x", std::string("a\nb"), std::string("\xFF"), std::string("a ")}) {
    EXPECT_EQ(kind_thrown_by([&] { enqueue(text); }), ErrorKind::kInvalidData);
    EXPECT_EQ(kind_thrown_by([&] { enqueue("m", text); }), ErrorKind::kInvalidData);
    EXPECT_EQ(kind_thrown_by([&] { journal_->put_client({.organization_id = text}); }),
              ErrorKind::kInvalidData);
  }
  EXPECT_EQ(kind_thrown_by([&] { enqueue("m", ""); }), ErrorKind::kInvalidData);
  EXPECT_EQ(journal_->jobs({}).size(), 1u);
}

// ---- messages

TEST_P(MigratedJournalContract, AMessageHasOneJobAndEachAnswerSaysHowItStands) {
  const auto first = enqueue("m");
  EXPECT_EQ(first.answer, Answer::kNew);
  EXPECT_EQ(first.job.state, JobState::kQueued);
  EXPECT_EQ(first.job.attempts, 0);
  const auto expect_answer = [&](Answer answer) {
    const auto again = enqueue("m");
    EXPECT_EQ(again.answer, answer);
    EXPECT_EQ(again.job.id, first.job.id);
  };
  expect_answer(Answer::kJoined);
  auto taken = take();
  expect_answer(Answer::kJoined);
  EXPECT_EQ(taken.job.attempts, 1);
  EXPECT_TRUE(journal_->finish(taken.lease, kFailure));
  expect_answer(Answer::kRunsAgain);
  expect_answer(Answer::kJoined);
  taken = take();
  EXPECT_EQ(taken.job.attempts, 2);
  EXPECT_TRUE(journal_->finish(taken.lease, kSuccess));
  expect_answer(Answer::kEndedWell);
  EXPECT_EQ(journal_->take("worker", 1s), std::nullopt);
}

TEST_P(MigratedJournalContract, WhatCanNeverWorkDoesNotRunAgain) {
  enqueue("poison");
  JobResult result = kFailure;
  result.error_message = "no such organisation";
  result.is_final = true;
  journal_->finish(take().lease, result);
  const auto again = enqueue("poison");
  EXPECT_EQ(again.answer, Answer::kEndedForGood);
  EXPECT_EQ(again.job.error_message, "no such organisation");
  const auto cancelled = enqueue("cancelled").job;
  journal_->request_cancel(cancelled.id);
  EXPECT_EQ(enqueue("cancelled").answer, Answer::kEndedForGood);
}

TEST_P(MigratedJournalContract, RequestsWithoutAMessageAreAllNew) {
  EXPECT_EQ(enqueue("").answer, Answer::kNew);
  EXPECT_EQ(enqueue("").answer, Answer::kNew);
  EXPECT_EQ(journal_->jobs({}).size(), 2u);
}

TEST_P(MigratedJournalContract, StatusIsWhatTheReferenceCallsIt) {
  const auto status = [&](const std::string& id) {
    return cell("SELECT status FROM etl_jobs WHERE job_id = '" + id + "'");
  };
  const auto good = enqueue("1").job.id, bad = enqueue("2").job.id, gone = enqueue("3").job.id;
  EXPECT_EQ(status(good), "IN_PROGRESS");
  const auto lease = take().lease;
  EXPECT_EQ(status(good), "IN_PROGRESS");
  journal_->finish(lease, kSuccess);
  EXPECT_EQ(status(good), "SUCCESS");
  journal_->finish(take().lease, kFailure);
  EXPECT_EQ(status(bad), "FAILED");
  journal_->request_cancel(gone);
  EXPECT_EQ(status(gone), "FAILED");
  enqueue("2");
  EXPECT_EQ(status(bad), "IN_PROGRESS");
}

// ---- leases

TEST_P(MigratedJournalContract, AJobIsTakenInTurnAndOneOfEachTable) {
  EXPECT_EQ(journal_->take("worker", 1min), std::nullopt);
  const auto first = enqueue("1").job.id, same = enqueue("2").job.id;
  const auto other_table = enqueue("3", "org", "p.d.T").job.id;
  const auto other_org = enqueue("4", "Org").job.id;
  const auto taken = take();
  EXPECT_EQ(taken.job.id, first);
  EXPECT_EQ(taken.job.state, JobState::kRunning);
  EXPECT_EQ(taken.job.lease_owner, "worker");
  EXPECT_TRUE(taken.job.started_at);
  EXPECT_EQ(taken.job.lease_until, taken.job.started_at.value() + 1min);
  EXPECT_EQ(take().job.id, other_table);
  EXPECT_EQ(take().job.id, other_org);
  EXPECT_EQ(opened()->take("other", 1min), std::nullopt);
  journal_->finish(taken.lease, kFailure);
  EXPECT_EQ(take().job.id, same);
}

TEST_P(MigratedJournalContract, ALeaseThatRanOutIsTakenAndWhoLostItIsRefused) {
  enqueue("1", "org", "p.d.t");
  enqueue("2", "org", "p.d.t");
  const auto lost = take_and_let_expire();
  const auto taken = opened()->take("other", 1min).value();
  EXPECT_EQ(taken.job.id, lost.job.id) << "what may be half done goes before the next";
  EXPECT_EQ(taken.job.attempts, 2);
  EXPECT_NE(taken.lease.token, lost.lease.token);

  EXPECT_EQ(journal_->renew(lost.lease, 1min), LeaseState::kLost);
  EXPECT_FALSE(journal_->release(lost.lease));
  EXPECT_FALSE(
      journal_->finish(lost.lease, ended(JobState::kSucceeded, at("2026-01-01 00:00:00"))));
  EXPECT_EQ(journal_->watermark("org", "p.d.t"), std::nullopt);
  const auto job = journal_->job(lost.job.id).value();
  EXPECT_EQ(job.state, JobState::kRunning);
  EXPECT_EQ(job.lease_owner, "other");
  EXPECT_EQ(journal_->renew(taken.lease, 1min), LeaseState::kHeld);
  EXPECT_TRUE(journal_->finish(taken.lease, kSuccess));
  EXPECT_FALSE(journal_->finish(lost.lease, kSuccess));
}

TEST_P(MigratedJournalContract, ALeaseThatRanOutGoesBeforeOlderJobsThatWait) {
  enqueue("1", "org", "p.d.t");
  enqueue("2", "org", "p.d.t");
  enqueue("3", "org", "p.d.other");
  const auto first = take();
  const auto lost = take_and_let_expire();
  EXPECT_TRUE(journal_->finish(first.lease, kSuccess));
  EXPECT_EQ(take().job.id, lost.job.id);
  EXPECT_EQ(take().job.message_id, "2");
}

TEST_P(MigratedJournalContract, ALeaseThatNobodyTookIsStillItsWorkers) {
  enqueue("1");
  const auto late = take_and_let_expire();
  EXPECT_EQ(journal_->renew(late.lease, 1min), LeaseState::kHeld);
  EXPECT_EQ(opened()->take("other", 1min), std::nullopt);
  enqueue("2", "org", "other");
  const auto later = take_and_let_expire();
  EXPECT_TRUE(journal_->finish(later.lease, kSuccess));
}

TEST_P(MigratedJournalContract, ARenewalHoldsTheLease) {
  enqueue("1");
  const auto taken = take(200ms);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(journal_->renew(taken.lease, 10s), LeaseState::kHeld);
    std::this_thread::sleep_for(80ms);
    EXPECT_EQ(opened()->take("other", 1min), std::nullopt);
  }
}

TEST_P(MigratedJournalContract, AnEndMayBeToldTwice) {
  enqueue("1");
  const auto taken = take();
  JobResult result = kSuccess;
  result.rows_copied = 7;
  EXPECT_TRUE(journal_->finish(taken.lease, result));
  result.rows_copied = 8;
  EXPECT_TRUE(opened()->finish(taken.lease, result));
  EXPECT_EQ(journal_->job(taken.job.id)->rows_copied, 7);
  EXPECT_FALSE(journal_->finish({taken.lease.job, "another token"}, kSuccess));
  EXPECT_EQ(journal_->renew(taken.lease, 1min), LeaseState::kLost);
}

TEST_P(MigratedJournalContract, AReleasedJobWaitsAgain) {
  enqueue("1");
  const auto given_back = take();
  EXPECT_TRUE(journal_->release(given_back.lease));
  EXPECT_FALSE(journal_->release(given_back.lease));
  EXPECT_EQ(journal_->job(given_back.job.id)->state, JobState::kQueued);
  const auto again = opened()->take("other", 1min).value();
  EXPECT_EQ(again.job.id, given_back.job.id);
  EXPECT_EQ(again.job.attempts, 1) << "what was given back was no attempt";
}

TEST_P(MigratedJournalContract, CancelsAtOnceOrAsksTheWorker) {
  EXPECT_EQ(journal_->request_cancel("no such job"), std::nullopt);
  enqueue("1");
  const auto running = take();
  const auto waiting = enqueue("2").job.id;
  EXPECT_EQ(journal_->request_cancel(waiting)->state, JobState::kCancelled);
  EXPECT_TRUE(journal_->job(waiting)->finished_at);

  EXPECT_EQ(journal_->request_cancel(running.job.id)->state, JobState::kRunning);
  EXPECT_EQ(journal_->renew(running.lease, 1min), LeaseState::kCancelRequested);
  EXPECT_TRUE(journal_->finish(running.lease, ended(JobState::kCancelled)));
  EXPECT_EQ(journal_->request_cancel(running.job.id)->state, JobState::kCancelled);

  enqueue("3");
  const auto released = take();
  journal_->request_cancel(released.job.id);
  EXPECT_TRUE(journal_->release(released.lease));
  EXPECT_EQ(journal_->job(released.job.id)->state, JobState::kCancelled);

  enqueue("4");
  const auto dead = take_and_let_expire();
  journal_->request_cancel(dead.job.id);
  EXPECT_TRUE(take().job.cancel_requested) << "some worker has to end it";
}

TEST_P(MigratedJournalContract, ARunningJobThatIsDeletedByHandFreesItsTable) {
  enqueue("1");
  const auto deleted = take();
  place_->query("DELETE FROM etl_jobs");
  const auto next = enqueue("2").job.id;
  EXPECT_EQ(take().job.id, next);
  EXPECT_FALSE(journal_->finish(deleted.lease, kSuccess));
}

TEST_P(MigratedJournalContract, AProcessThatDiesLosesItsLeaseWhenItRunsOut) {
  enqueue("1");
  const pid_t child = fork();
  if (child == 0) _exit(opened()->take("dead", 1500ms) ? 0 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(journal_->take("worker", 1min), std::nullopt);
  std::this_thread::sleep_for(1600ms);
  const auto taken = take();
  EXPECT_EQ(taken.job.attempts, 2);
  EXPECT_EQ(taken.job.lease_owner, "worker");
}

// ---- ends

TEST_P(MigratedJournalContract, ASuccessAndItsWatermarkAreThereTogether) {
  journal_->put_client({.organization_id = "org"});
  journal_->put_client({.organization_id = "other"});
  const auto run = [&](const JobResult& result) {
    enqueue("");
    journal_->finish(take().lease, result);
    return journal_->watermark("org", "p.d.t");
  };
  EXPECT_EQ(run(ended(JobState::kFailed, at("2026-01-09 00:00:00"))), std::nullopt);
  EXPECT_FALSE(journal_->client("org")->last_successful_run);
  const Time mark = at("2026-01-02 03:04:05.000006");
  EXPECT_EQ(run(ended(JobState::kSucceeded, mark)), mark);
  EXPECT_TRUE(journal_->client("org")->last_successful_run);
  EXPECT_FALSE(journal_->client("other")->last_successful_run);
  EXPECT_EQ(run(kSuccess), mark) << "a copied day has no watermark";
  EXPECT_EQ(run(ended(JobState::kSucceeded, at("2026-01-01 00:00:00"))), mark) << "never back";
  EXPECT_EQ(run(ended(JobState::kSucceeded, at("2026-01-02 03:04:05.000007"))), mark + 1us);
  EXPECT_EQ(journal_->watermark("other", "p.d.t"), std::nullopt);
  EXPECT_EQ(journal_->watermark("org", "P.D.T"), std::nullopt);
}

TEST_P(MigratedJournalContract, KeepsWhatAJobCameTo) {
  const std::string parameters = R"({"target_date": "2026-05-01", "x": "ä'\\\""})";
  const auto id = journal_->enqueue({"m", "org", "p.d.t", parameters}).job.id;
  const auto taken = take();
  EXPECT_EQ(taken.job.parameters, parameters);
  JobResult result;
  result.state = JobState::kFailed;
  result.error_message = "403 \"Zugriff verweigert\": 雲\n line 2";
  result.window = Window{at("2026-05-01 00:00:00"), at("2026-05-02 00:00:00.999999")};
  result.rows_copied = 5'000'000'000;
  result.bytes_billed = 9'000'000'000'000'000'000;
  result.report = R"({"way": "server", "note": "ä"})";
  journal_->finish(taken.lease, result);
  const auto job = opened()->job(id).value();
  EXPECT_EQ(job.state, JobState::kFailed);
  EXPECT_EQ(job.message_id, "m");
  EXPECT_EQ(job.error_message, result.error_message);
  EXPECT_EQ(job.window, result.window);
  EXPECT_EQ(job.rows_copied, result.rows_copied);
  EXPECT_EQ(job.bytes_billed, result.bytes_billed);
  EXPECT_EQ(job.report, result.report);
  EXPECT_GE(job.finished_at, job.started_at);
  EXPECT_GE(job.started_at, job.created_at);
  EXPECT_EQ(job.updated_at, job.finished_at);
  EXPECT_FALSE(job.lease_until);
}

TEST_P(MigratedJournalContract, OfSeveralThatTellAFailureOneDoes) {
  EXPECT_FALSE(journal_->set_failure_told("org", "p.d.t", true)) << "nothing ever ran";
  enqueue("m");
  journal_->finish(take().lease, kFailure);
  std::atomic<int> told = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] { told += opened()->set_failure_told("org", "p.d.t", true); });
    }
  }
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(journal_->set_failure_told("org", "p.d.other", true));
  EXPECT_TRUE(journal_->set_failure_told("org", "p.d.t", false));
  EXPECT_FALSE(journal_->set_failure_told("org", "p.d.t", false));
}

TEST_P(MigratedJournalContract, RefusesAReportThatNoColumnHolds) {
  enqueue("m");
  const auto taken = take();
  JobResult result = kSuccess;
  result.report = std::string(70'000, ' ');
  EXPECT_EQ(kind_thrown_by([&] { journal_->finish(taken.lease, result); }),
            ErrorKind::kInvalidData);
  EXPECT_EQ(journal_->job(taken.job.id)->state, JobState::kRunning);
}

TEST_P(MigratedJournalContract, CutsAMessageThatNoColumnHolds) {
  enqueue("m");
  JobResult result = kFailure;
  for (int i = 0; i < 40'000; ++i) result.error_message += "ä";
  const auto taken = take();
  EXPECT_TRUE(journal_->finish(taken.lease, result));
  const auto kept = journal_->job(taken.job.id)->error_message;
  EXPECT_GT(kept.size(), 60'000u);
  EXPECT_TRUE(result.error_message.starts_with(kept));
}

TEST_P(MigratedJournalContract, ListsByStateOrganisationAndPage) {
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(enqueue("", i % 2 == 0 ? "even" : "odd", "t" + std::to_string(i)).job.id);
  }
  journal_->finish(take().lease, kSuccess);
  take();
  const auto listed = [&](const JobFilter& filter) {
    std::vector<std::string> result;
    for (const auto& job : journal_->jobs(filter)) result.push_back(job.id);
    return result;
  };
  using Ids = std::vector<std::string>;
  EXPECT_EQ(listed({}), (Ids{ids[4], ids[3], ids[2], ids[1], ids[0]}));
  EXPECT_EQ(listed({.organization_id = "odd"}), (Ids{ids[3], ids[1]}));
  EXPECT_EQ(listed({.state = JobState::kQueued, .organization_id = "even"}), (Ids{ids[4], ids[2]}));
  EXPECT_EQ(listed({.limit = 2}), (Ids{ids[4], ids[3]}));
  const auto before = journal_->job(ids[3])->number;
  EXPECT_EQ(listed({.before = before, .limit = 2}), (Ids{ids[2], ids[1]}));
  EXPECT_EQ(journal_->counts(), (std::map<JobState, std::int64_t>{{JobState::kQueued, 3},
                                                                  {JobState::kRunning, 1},
                                                                  {JobState::kSucceeded, 1},
                                                                  {JobState::kFailed, 0},
                                                                  {JobState::kCancelled, 0}}));
}

// ---- many at once

/// Ten workers with journals of their own, of which some die, give back and fail, under messages
/// that come several times, in any order.
class Storm {
 public:
  static constexpr int kMessages = 40, kTables = 7, kCopies = 3, kWorkers = 10;

  explicit Storm(JournalPlace& place) : place_(place) {}

  void run() {
    std::vector<std::jthread> threads;
    for (int copy = 0; copy < kCopies; ++copy) threads.emplace_back([this, copy] { send(copy); });
    for (int worker = 0; worker < kWorkers; ++worker) {
      threads.emplace_back([this, worker] { work(worker); });
    }
  }

  std::map<std::string, int> ends() const { return ends_; }
  int doubled() const { return doubled_; }

 private:
  static std::string table(int message) { return "t" + std::to_string(message % kTables); }

  void send(int copy) {
    const auto journal = place_.open();
    for (int i = 0; i < kMessages; ++i) {
      const int message = (i * 7 + copy * 13) % kMessages;
      journal->enqueue({"m" + std::to_string(message), "org", table(message)});
    }
  }

  void work(int worker) {
    const auto journal = place_.open();
    for (int turn = 0; all_ends_ < kMessages; ++turn) {
      const auto taken = journal->take("w" + std::to_string(worker), 20s);
      if (!taken) {
        std::this_thread::sleep_for(2ms);
        continue;
      }
      enter(*taken);
      std::this_thread::sleep_for(1ms);
      leave(*taken);
      finish(*journal, *taken, worker + turn);
    }
  }

  void enter(const TakenJob& taken) {
    const std::lock_guard lock(mutex_);
    if (!running_.insert(taken.job.destination_table).second) ++doubled_;
  }
  void leave(const TakenJob& taken) {
    const std::lock_guard lock(mutex_);
    running_.erase(taken.job.destination_table);
  }

  void finish(JobJournal& journal, const TakenJob& taken, int luck) {
    if (luck % 5 == 0) {
      journal.release(taken.lease);
    } else if (luck % 7 == 0) {
      journal.finish(taken.lease, kFailure);
      journal.enqueue({taken.job.message_id, "org", taken.job.destination_table});
    } else if (journal.finish(taken.lease, kSuccess)) {
      const std::lock_guard lock(mutex_);
      ++ends_[taken.job.message_id];
      ++all_ends_;
    }
  }

  JournalPlace& place_;
  std::mutex mutex_;
  std::set<std::string> running_;
  std::map<std::string, int> ends_;
  std::atomic<int> all_ends_ = 0, doubled_ = 0;
};

TEST_P(MigratedJournalContract, InAStormEachMessageEndsOnceAndEachTableHasOneWorker) {
  Storm storm(*place_);
  storm.run();
  EXPECT_EQ(storm.doubled(), 0);
  EXPECT_EQ(storm.ends().size(), static_cast<std::size_t>(Storm::kMessages));
  for (const auto& [message, times] : storm.ends()) EXPECT_EQ(times, 1) << message;
  EXPECT_EQ(journal_->counts()[JobState::kSucceeded], Storm::kMessages);
  EXPECT_EQ(journal_->jobs({}).size(), static_cast<std::size_t>(Storm::kMessages));
  EXPECT_EQ(cell("SELECT COUNT(*) FROM finops_journal_tables WHERE running_job IS NOT NULL"), "0");
}

TEST_P(MigratedJournalContract, OfWorkersThatTakeALeaseThatRanOutOneGetsIt) {
  for (int round = 0; round < 5; ++round) {
    enqueue("m" + std::to_string(round));
    take_and_let_expire();
    std::atomic<int> takers = 0;
    std::mutex mutex;
    Lease lease;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 10; ++i) {
        threads.emplace_back([&] {
          const auto taken = opened()->take("w", 1min);
          if (!taken) return;
          ++takers;
          const std::lock_guard lock(mutex);
          lease = taken->lease;
        });
      }
    }
    EXPECT_EQ(takers, 1);
    EXPECT_TRUE(journal_->finish(lease, kSuccess));
  }
}

}  // namespace
}  // namespace finops::journal
