#include <filesystem>

#include "finops/cli/cli_fixture.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

ExactSum sum_of(const std::string& text) { return *ExactSum::parse(text); }

PartitionReport loaded_partition(const std::string& source, std::uint64_t rows) {
  PartitionReport report;
  report.id = {"aws_billing_data", source, "2026-05", "v1"};
  report.outcome = Outcome::kLoaded;
  report.files = 2;
  report.text_bytes = 5'000'000;
  report.source_rows = report.loaded_rows = rows;
  report.unblended_cost = {{"USD", sum_of("12.500000000000000001")}};
  report.snapshot_id = 3'051'729'675'574'597'004;
  report.seconds = 0.5;
  return report;
}

class CommandsTest : public CliFixture {
 protected:
  /// A run that reports `partitions` and remembers what it was asked.
  void fake_run(const std::vector<PartitionReport>& partitions) {
    services.run_pipeline = [this, partitions](const Configuration& configuration,
                                               const RunOptions& options, const RunHooks& hooks,
                                               std::stop_token) {
      asked = options;
      asked_exports = configuration.exports.size();
      RunReport report;
      for (const PartitionReport& one : partitions) {
        hooks.on_progress({one.id.partition_name(), "load", 500, 1000, 7});
        hooks.on_partition(one);
        report.is_changed |= one.outcome == Outcome::kLoaded;
        report.partitions.push_back(one);
      }
      report.seconds = 0.75;
      return report;
    };
  }

  void fake_plan(const std::vector<PlanItem>& plan) {
    services.plan = [this, plan](const Configuration& configuration, const Selection& selection,
                                 bool overwrite) {
      asked = {selection, overwrite};
      asked_exports = configuration.exports.size();
      asked_bucket = configuration.exports.at(0).bucket;
      return RunPlan{plan, {}};
    };
  }

  RunOptions asked;
  std::size_t asked_exports = 0;
  std::string asked_bucket;
};

TEST_F(CommandsTest, RunPipelinePassesItsOptionsOnAndTellsEachPartition) {
  fake_run({loaded_partition("payer-a", 7000)});
  const Result result = call({"aws", "run-pipeline", "--start-date", "2026-01", "--end-date",
                              "2026-05", "--source", "payer-a", "--overwrite"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(asked.selection.first, BillingPeriod(2026, 1));
  EXPECT_EQ(asked.selection.last, BillingPeriod(2026, 5));
  EXPECT_EQ(asked.selection.sources, std::vector<std::string>{"payer-a"});
  EXPECT_TRUE(asked.overwrite);
  EXPECT_EQ(asked_exports, 2u);
  EXPECT_THAT(result.out, HasSubstr("payer-a 2026-05"));
  EXPECT_THAT(result.out, HasSubstr("7,000 rows"));
  EXPECT_THAT(result.out, HasSubstr("USD 12.500000000000000001"));
  EXPECT_THAT(result.out, HasSubstr("10 MB/s"));
  EXPECT_THAT(result.out, HasSubstr("1 loaded; 7,000 rows in the lake; 0.75 s."));
  EXPECT_EQ(result.err, "finops: payer-a 2026-05: load\n");
}

TEST_F(CommandsTest, RunPipelineUnderJsonPrintsOneDocument) {
  fake_run({loaded_partition("payer-a", 7000)});
  const auto document = call({"aws", "run-pipeline", "--json"}).json();
  EXPECT_EQ(document["changed"], true);
  const auto& delivery = document["deliveries"][0];
  EXPECT_EQ(delivery["source"], "payer-a");
  EXPECT_EQ(delivery["billing_period"], "2026-05");
  EXPECT_EQ(delivery["execution_id"], "v1");
  EXPECT_EQ(delivery["outcome"], "loaded");
  EXPECT_EQ(delivery["rows"]["loaded"], 7000);
  EXPECT_EQ(delivery["unblended_cost"]["USD"], "12.500000000000000001");
  EXPECT_EQ(delivery["snapshot_id"], 3'051'729'675'574'597'004);
  EXPECT_TRUE(delivery["replaced_execution_id"].is_null());
  EXPECT_TRUE(delivery["error_kind"].is_null());
}

TEST_F(CommandsTest, QuietRunsSayNothingOnStderr) {
  fake_run({loaded_partition("payer-a", 7000)});
  EXPECT_EQ(call({"aws", "run-pipeline", "--quiet"}).err, "");
  EXPECT_EQ(call({"aws", "run-pipeline", "--quiet", "--json"}).err, "");
}

TEST_F(CommandsTest, ATerminalGetsABarThatIsTakenAway) {
  is_terminal = true;
  fake_run({loaded_partition("payer-a", 7000)});
  const Result result = call({"aws", "run-pipeline"});
  EXPECT_THAT(result.err, HasSubstr("[############------------] 50 %"));
  EXPECT_TRUE(result.err.ends_with("\r\x1b[K"));
  EXPECT_THAT(call({"aws", "run-pipeline", "--quiet"}).err, IsEmpty());
}

TEST_F(CommandsTest, AFailedPartitionIsToldAndDecidesTheExitCode) {
  PartitionReport failed;
  failed.id = {"aws_billing_data", "payer-b", "2026-05", "v9"};
  failed.outcome = Outcome::kFailed;
  failed.error_kind = ErrorKind::kInvalidData;
  failed.message = "report-00001.csv.gz is truncated";
  fake_run({failed});
  EXPECT_EQ(call({"aws", "run-pipeline"}).code, 1);
  EXPECT_THAT(call({"aws", "run-pipeline"}).err,
              HasSubstr("payer-b 2026-05 failed: report-00001.csv.gz is truncated"));
  EXPECT_EQ(call({"aws", "run-pipeline", "--json"}).json()["deliveries"][0]["error_kind"],
            "invalid_data");
  fake_run({loaded_partition("payer-a", 1), failed});
  EXPECT_EQ(call({"aws", "run-pipeline"}).code, 3);
  PartitionReport locked = failed;
  locked.outcome = Outcome::kLocked;
  fake_run({locked});
  EXPECT_EQ(call({"aws", "run-pipeline"}).code, 5);
}

TEST_F(CommandsTest, AnUnchangedLakeIsSaidSo) {
  PartitionReport same = loaded_partition("payer-a", 0);
  same.outcome = Outcome::kUnchanged;
  fake_run({same});
  const Result result = call({"aws", "run-pipeline"});
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.out, HasSubstr("1 unchanged; 0.75 s. Nothing was changed."));
  EXPECT_EQ(call({"aws", "run-pipeline", "--json"}).json()["changed"], false);
}

TEST_F(CommandsTest, AnUnknownSourceAndAnEmptyConfigurationAreRefused) {
  fake_run({});
  const Result unknown = call({"aws", "run-pipeline", "--source", "payer-c"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("no source 'payer-c'"));
  std::ofstream(folder / "empty.toml") << "";
  const Result empty = call({"aws", "run-pipeline", "--config", folder / "empty.toml"});
  EXPECT_EQ(empty.code, 2);
  EXPECT_THAT(empty.err, HasSubstr("no export is configured"));
}

TEST_F(CommandsTest, ADryRunShowsThePlanAndCallsNoRun) {
  PlanItem item;
  item.id = {"aws_billing_data", "payer-a", "2026-05", "v2"};
  item.action = PlanAction::kReplace;
  item.current_version = "v1";
  item.files = 2;
  item.bytes = 12'345'678;
  item.reason = "another delivery is current";
  fake_plan({item});
  const Result result = call({"aws", "run-pipeline", "--dry-run"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("replace"));
  EXPECT_THAT(result.out, HasSubstr("12.3 MB"));
  EXPECT_THAT(result.out,
              HasSubstr("1 to replace; 2 files, 12.3 MB to read. Nothing was changed."));
  const auto document = call({"aws", "run-pipeline", "--dry-run", "--json"}).json();
  EXPECT_EQ(document["changed"], false);
  EXPECT_EQ(document["plan"][0]["action"], "replace");
  EXPECT_EQ(document["plan"][0]["bytes"], 12'345'678);
  EXPECT_EQ(document["plan"][0]["current_execution_id"], "v1");
  item.action = PlanAction::kBroken;
  fake_plan({item});
  EXPECT_EQ(call({"aws", "run-pipeline", "--dry-run"}).code, 1);
}

TEST_F(CommandsTest, DiscoverManifestsTakesItsPlaceFromOptions) {
  fake_plan({});
  const Result result = call({"aws", "discover-manifests", "--bucket", "file:///elsewhere"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(asked_bucket, "file:///elsewhere");
  EXPECT_EQ(asked_exports, 1u);  // both exports would be the same place
  EXPECT_THAT(result.out, HasSubstr("No manifest was found"));
  EXPECT_EQ(call({"aws", "discover-manifests", "--cur-version", "v3"}).code, 2);
  call({"aws", "discover-manifests", "--prefix", "elsewhere"});
  EXPECT_EQ(asked_exports, 2u);
  EXPECT_EQ(call({"aws", "discover-manifests", "--json"}).json()["manifests"].size(), 0u);
}

TEST_F(CommandsTest, ExportParquetPassesFolderAndCompression) {
  std::string folder_asked;
  ParquetCompression compression_asked = ParquetCompression::kNone;
  services.export_parquet = [&](const Configuration& configuration, const Selection&, bool,
                                ParquetCompression compression) {
    folder_asked = configuration.parquet_dir;
    compression_asked = compression;
    return std::vector<ExportedFile>{
        {"out/2026-05_aws_billing.parquet", "2026-05", "written", 7, 1000}};
  };
  const auto document =
      call({"aws", "export-parquet", "--json", "--output-dir", "out", "--compression", "zstd"})
          .json();
  EXPECT_EQ(folder_asked, "out");
  EXPECT_EQ(compression_asked, ParquetCompression::kZstd);
  EXPECT_EQ(document["changed"], true);
  EXPECT_EQ(document["files"][0]["outcome"], "written");
  EXPECT_THAT(call({"aws", "export-parquet"}).out, HasSubstr("2026-05_aws_billing.parquet"));
  EXPECT_EQ(compression_asked, ParquetCompression::kSnappy);
  EXPECT_EQ(folder_asked, "/nowhere/exports");
  EXPECT_EQ(call({"aws", "export-parquet", "--compression", "rar"}).code, 2);
}

TEST_F(CommandsTest, QueryFormatsItsResultAndPassesTimeTravel) {
  QueryRequest asked_query;
  services.query = [&](const Configuration&, const QueryRequest& request, ResultSink& output,
                       std::stop_token) {
    asked_query = request;
    output.columns({{"n", "BIGINT", CellForm::kNumber}});
    output.row({"7"});
  };
  EXPECT_EQ(call({"query", "SELECT 7 AS n"}).out, "n\n7\n(1 row)\n");
  EXPECT_EQ(asked_query.sql, "SELECT 7 AS n");
  EXPECT_EQ(call({"query", "SELECT 7 AS n", "--format", "csv"}).out, "n\n7\n");
  EXPECT_EQ(call({"query", "SELECT 7 AS n", "--json"}).json()[0]["n"], 7);
  for (const char* option : {"--set", "--as-of"}) {  // takes one value, not the SQL too
    asked_query.sql.clear();
    const std::string value = option == std::string("--set") ? "lake.keep_days=7" : "1970-01-02";
    EXPECT_EQ(call({"query", option, value, "SELECT 8"}).code, 0) << option;
    EXPECT_EQ(asked_query.sql, "SELECT 8") << option;
  }
  call({"query", "x", "--as-of", "1970-01-02", "--as-of", "t=5"});
  EXPECT_EQ(asked_query.as_of.at_ms, 86'400'000);
  EXPECT_EQ(asked_query.as_of.snapshots.at("t"), 5);
  input = "SELECT\n1";
  call({"query", "-"});
  EXPECT_EQ(asked_query.sql, "SELECT\n1");
}

TEST_F(CommandsTest, QueryRefusesWhatCannotBeMeant) {
  EXPECT_EQ(call({"query"}).code, 2);
  EXPECT_EQ(call({"query", " ;"}).code, 2);
  EXPECT_EQ(call({"query", "x", "--format", "xml"}).code, 2);
  EXPECT_EQ(call({"query", "x", "--format", "csv", "--json"}).code, 2);
  EXPECT_EQ(call({"query", "x", "--as-of", "yesterday"}).code, 2);
  const Result parquet = call({"query", "x", "--format", "parquet"});
  EXPECT_EQ(parquet.code, 2);
  EXPECT_THAT(parquet.err, HasSubstr("--output FILE"));
}

TEST_F(CommandsTest, QueryWritesParquetToItsFile) {
  services.query_to_parquet = [](const Configuration&, const QueryRequest&, const std::string& path,
                                 std::stop_token) -> std::int64_t {
    return path == "all.parquet" ? 42 : -1;
  };
  const Result result =
      call({"query", "x", "--format", "parquet", "--output", "all.parquet", "--json"});
  EXPECT_EQ(result.json()["rows"], 42);
}

Receipt small_receipt() {
  Receipt receipt;
  receipt.id = {"aws_billing_data", "payer-a", "2026-05", "v1"};
  receipt.loaded_at = "2026-06-01T00:00:00.000Z";
  receipt.snapshot_id = 5;
  receipt.files = {{"report-00001.csv.gz", 1000, "etag", std::string(64, 'a'), 3, 1}};
  receipt.source_rows = 3;
  receipt.loaded_rows = 2;
  receipt.quarantined_rows = 1;
  ReceiptSum cost;
  cost.source = sum_of("3.5");
  cost.loaded = sum_of("3");
  cost.quarantined = sum_of("0.5");
  cost.rounded_cells = 1;
  cost.rounding_residual = sum_of("0.0000000000000000004");
  receipt.sums["USD"] = {{"line_item_unblended_cost", cost}, {"line_item_blended_cost", {}}};
  return receipt;
}

TEST_F(CommandsTest, AReceiptIsReadableAndCompleteInJson) {
  services.receipts = [](const Configuration&, const Selection&) {
    return std::vector<Receipt>{small_receipt()};
  };
  const Result text = call({"receipt", "--period", "2026-05"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("payer-a 2026-05  v1  balanced"));
  EXPECT_THAT(text.out, HasSubstr("3 delivered = 2 in the lake + 1 in quarantine"));
  EXPECT_THAT(text.out, HasSubstr("1 cell rounded by 0.0000000000000000004"));
  EXPECT_THAT(text.out, HasSubstr("1 more column of zeros only"));
  EXPECT_THAT(call({"receipt", "--all-columns"}).out, HasSubstr("line_item_blended_cost"));
  const auto document = call({"receipt", "--json"}).json();
  EXPECT_EQ(document["receipts"][0]["balanced"], true);
  EXPECT_EQ(document["receipts"][0]["sums"]["USD"]["line_item_unblended_cost"]["loaded"], "3");
}

TEST_F(CommandsTest, ReceiptOfWhatIsNotThereIsAnErrorButAnEmptyLakeIsNot) {
  services.receipts = [](const Configuration&, const Selection&) { return std::vector<Receipt>(); };
  EXPECT_EQ(call({"receipt"}).code, 0);
  EXPECT_EQ(call({"receipt", "--period", "2026-05"}).code, 1);
}

TEST_F(CommandsTest, VerdictsDecideTheExitCodeOfVerify) {
  using Verdict = VerifyReport::Verdict;
  std::vector<VerifyReport> reports;
  services.verify = [&](const Configuration&, const Selection& selection, std::stop_token) {
    asked.selection = selection;
    return reports;
  };
  reports = {{{"t", "payer-a", "2026-05", "v1"}, Verdict::kAgrees, 7, {}, ""}};
  EXPECT_EQ(call({"receipt", "verify", "--period", "2026-05"}).code, 0);
  EXPECT_EQ(asked.selection.first, BillingPeriod(2026, 5));
  reports.push_back({{"t", "payer-b", "2026-05", "v1"}, Verdict::kCannotBeVerified, 0, {}, "gone"});
  EXPECT_EQ(call({"receipt", "verify"}).code, 3);
  reports.push_back({{"t", "payer-b", "2026-06", "v1"}, Verdict::kDiffers, 1, {"x: 1, not 2"}, ""});
  const Result differs = call({"receipt", "verify"});
  EXPECT_EQ(differs.code, 1);
  EXPECT_THAT(differs.out, HasSubstr("DIFFERS"));
  EXPECT_THAT(differs.out, HasSubstr("x: 1, not 2"));
  EXPECT_EQ(call({"receipt", "verify", "--json"}).json()["deliveries"][1]["verdict"],
            "cannot_be_verified");
}

TEST_F(CommandsTest, HistoryListsDeliveriesWithStateAndHold) {
  services.history = [](const Configuration&, const Selection&) {
    DeliveryRecord record;
    record.id = {"aws_billing_data", "payer-a", "2026-05", "v1"};
    record.state = DeliveryState::kSuperseded;
    record.recorded_ms = 0;
    record.loaded_rows = 7000;
    record.hold = R"({"since":"2026-06-01","reason":"wrong"})";
    CostChange change{"v0", {{"EUR", ExactSum()}, {"USD", sum_of("12.34")}}, true};
    return std::vector<HistoryEntry>{{record, change}, {record, std::nullopt}};
  };
  const Result text = call({"history"});
  EXPECT_THAT(text.out, HasSubstr("superseded"));
  EXPECT_THAT(text.out, HasSubstr("USD +12.34"));
  EXPECT_THAT(text.out, HasSubstr("1970-01-01 00:00:00"));
  EXPECT_THAT(text.out, HasSubstr("held"));
  const auto list = call({"history", "--json"}).json()["deliveries"];
  const auto& one = list[0];
  EXPECT_EQ(one["cost_change"], nlohmann::json::parse(R"({"EUR": "0", "USD": "12.34"})"));
  EXPECT_EQ(one["closed_month_change"], nlohmann::json::parse(R"({"USD": "12.34"})"));
  EXPECT_TRUE(list[1]["cost_change"].is_null() && list[1]["closed_month_change"].is_null());
  EXPECT_EQ(one["state"], "superseded");
  EXPECT_EQ(one["recorded_at"], "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(one["hold"]["reason"], "wrong");
}

TEST_F(CommandsTest, QuarantineShowKeepsRawBytesWhole) {
  std::uint64_t limit_asked = 0;
  services.quarantined_rows = [&](const Configuration&, const Selection&, std::uint64_t limit) {
    limit_asked = limit;
    return std::vector<QuarantinedRow>{
        {{"t", "payer-a", "2026-05", "v1"}, "f", 2, "USD", {"why"}, "a,\xc3\xbc"},
        {{"t", "payer-a", "2026-05", "v1"}, "f", 3, "?", {"bad UTF-8"}, "\xff\x1b"}};
  };
  const auto rows = call({"quarantine", "show", "--json"}).json()["rows"];
  EXPECT_EQ(limit_asked, 21u);
  EXPECT_EQ(rows[0]["raw"], "a,\xc3\xbc");
  EXPECT_EQ(rows[1]["raw_base64"], "/xs=");
  EXPECT_FALSE(rows[1].contains("raw"));
  const Result text = call({"quarantine", "show", "--limit", "1"});
  EXPECT_THAT(text.out, HasSubstr("reason: why"));
  EXPECT_THAT(text.out, Not(HasSubstr("bad UTF-8")));
  EXPECT_THAT(text.err, HasSubstr("more rows"));
}

TEST_F(CommandsTest, QuarantineLsCountsReasonsAndMoney) {
  services.quarantine_summaries = [](const Configuration&, const Selection&) {
    QuarantineSummary summary;
    summary.id = {"t", "payer-a", "2026-05", "v1"};
    summary.rows = 20;
    summary.currencies["USD"] = {{18, sum_of("1.5")}, {{"no number", {18, sum_of("1.5")}}}};
    summary.currencies["?"] = {{2, {}}, {{"wrong field count", {2, {}}}}};
    summary.waiver = R"({"since": "2026-06-01", "reason": "known"})";
    return std::vector<QuarantineSummary>{summary};
  };
  const Result text = call({"quarantine", "ls"});
  EXPECT_THAT(text.out, HasSubstr("(not current)  20 rows"));
  EXPECT_THAT(text.out, HasSubstr("USD: 18 rows  unblended cost USD 1.5"));
  EXPECT_THAT(text.out, HasSubstr("of unreadable currency: 2 rows\n    2 × wrong field count"));
  const auto one = call({"quarantine", "ls", "--json"}).json()["deliveries"][0];
  EXPECT_EQ(one["rows"], 20);
  EXPECT_EQ(one["reasons"]["wrong field count"], 2);
  EXPECT_EQ(one["currencies"]["USD"]["reasons"]["no number"]["unblended_cost"], "1.5");
  EXPECT_EQ(one["unblended_cost"]["USD"], "1.5");
  EXPECT_EQ(one["waiver"]["reason"], "known");
  EXPECT_EQ(one["current"], false);
}

TEST_F(CommandsTest, DoctorFailsOnlyForBadChecks) {
  DoctorCheck warning{"disk", DoctorCheck::Result::kWarning, "1 GB free", "make room"};
  services.doctor = [&](const Configuration&) { return std::vector<DoctorCheck>{warning}; };
  EXPECT_EQ(call({"doctor"}).code, 0);
  EXPECT_THAT(call({"doctor"}).out, HasSubstr("1 warning"));
  warning.result = DoctorCheck::Result::kBad;
  EXPECT_EQ(call({"doctor"}).code, 1);
  EXPECT_EQ(call({"doctor", "--json"}).json()["good"], false);
}

TEST_F(CommandsTest, InitWritesALegalFileOnceAndForItsOwnerOnly) {
  const std::string path = folder / "new.toml";
  const Result first = call({"init", "--config", path});
  EXPECT_EQ(first.code, 0) << first.err;
  const auto permissions = std::filesystem::status(path).permissions();
  EXPECT_EQ(permissions, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(call({"config", "--config", path}).code, 0);
  const Result second = call({"init", "--config", path});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.err, HasSubstr("the file exists and is left as it is"));
}

TEST_F(CommandsTest, ConfigTellsOriginsAndNoSecret) {
  variables["AWS_ACCESS_KEY_ID"] = "AKIAHUNTER2";
  variables["AWS_SECRET_ACCESS_KEY"] = "hunter2";
  variables["FINOPS__LAKE__KEEP_DAYS"] = "7";
  const Result text = call({"config"});
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, HasSubstr("# FINOPS__LAKE__KEEP_DAYS"));
  EXPECT_THAT(text.out, HasSubstr("config.toml:1:12"));
  EXPECT_THAT(text.out, HasSubstr("[[aws.exports]]"));
  const Result json = call({"config", "--json"});
  EXPECT_EQ(json.json()["values"]["lake.keep_days"]["value"], 7);
  EXPECT_EQ(json.json()["values"]["aws.exports[1].name"]["value"], "payer-b");
  for (const Result& result : {text, json}) {
    EXPECT_THAT(result.out, Not(HasSubstr("HUNTER2")));
    EXPECT_THAT(result.out, Not(HasSubstr("hunter2")));
  }
}

TEST_F(CommandsTest, DemoGeneratePassesItsOptions) {
  DemoOptions demo;
  services.generate_demo = [&](const DemoOptions& options, std::stop_token) {
    demo = options;
    return DemoSummary{{{"payer-a", BillingPeriod(2026, 1), "v1", 100, 2000}},
                       100,
                       2000,
                       true,
                       "out/truth.json",
                       "out/config.toml"};
  };
  const Result result = call({"demo", "generate", "--out", "out", "--seed", "9", "--rows", "100",
                              "--months", "2", "--start", "2026-01", "--cur-version", "v2",
                              "--files", "3", "--delivery", "overwrite", "--restate"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(demo.out, "out");
  EXPECT_EQ(demo.seed, 9u);
  EXPECT_EQ(demo.rows, 100);
  EXPECT_EQ(demo.months, 2);
  EXPECT_EQ(demo.start, BillingPeriod(2026, 1));
  EXPECT_EQ(demo.cur_version, DemoCurVersion::kV2);
  EXPECT_EQ(demo.files, 3);
  EXPECT_EQ(demo.delivery, DemoDeliveryMode::kOverwrite);
  EXPECT_TRUE(demo.restate);
  EXPECT_THAT(result.out, HasSubstr("finops --config out/config.toml aws run-pipeline"));
  EXPECT_EQ(call({"demo", "generate"}).code, 2);
  EXPECT_EQ(call({"demo", "generate", "--out", "x", "--rows", "0"}).code, 2);
}

TEST_F(CommandsTest, DemoGenerateOfACloudProviderPassesItsOptions) {
  CloudProviderOptions cloud;
  services.generate_cloud_provider = [&](const CloudProviderOptions& options, std::stop_token) {
    cloud = options;
    return CloudProviderSummary{.written = {{"usage_events", 120, 5000, 2000}},
                                .rows = 5000,
                                .bytes = 2000,
                                .changed = true,
                                .truth_file = "out/truth.json",
                                .config_file = "out/config.toml"};
  };
  const std::vector<std::string> command = {
      "demo",     "generate", "--out",  "out", "--profile", "cloud-provider",
      "--events", "5000",     "--seed", "9",   "--clean"};
  const Result result = call(command);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(cloud.out, "out");
  EXPECT_EQ(cloud.seed, 9u);
  EXPECT_EQ(cloud.events, 5000);
  EXPECT_TRUE(cloud.is_clean);
  EXPECT_THAT(result.out, HasSubstr("usage_events"));
  EXPECT_THAT(result.out, HasSubstr("out/truth.json"));
  std::vector<std::string> as_json = command;
  as_json.emplace_back("--json");
  const auto document = call(as_json).json();
  EXPECT_EQ(document["changed"], true);
  EXPECT_EQ(document["datasets"][0]["dataset"], "usage_events");
  EXPECT_EQ(document["datasets"][0]["files"], 120);
}

TEST_F(CommandsTest, DemoGenerateRefusesOptionsOfTheOtherProfile) {
  const Result rows =
      call({"demo", "generate", "--out", "x", "--profile", "cloud-provider", "--rows", "7"});
  EXPECT_EQ(rows.code, 2);
  EXPECT_THAT(rows.err, HasSubstr("--rows is an option of the profile aws-bills"));
  const Result events = call({"demo", "generate", "--out", "x", "--events", "5000"});
  EXPECT_EQ(events.code, 2);
  EXPECT_THAT(events.err, HasSubstr("--events is an option of the profile cloud-provider"));
  EXPECT_EQ(call({"demo", "generate", "--out", "x", "--profile", "other"}).code, 2);
  EXPECT_EQ(
      call({"demo", "generate", "--out", "x", "--profile", "cloud-provider", "--events", "999"})
          .code,
      2);
}

TEST_F(CommandsTest, AStoppedRunSaysHowToGoOn) {
  services.run_pipeline = [](const Configuration&, const RunOptions&, const RunHooks&,
                             std::stop_token token) -> RunReport {
    if (token.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
    return {};
  };
  stop.request_stop();
  const Result result = call({"aws", "run-pipeline"});
  EXPECT_EQ(result.code, 130);
  EXPECT_THAT(result.err, HasSubstr("the same command goes on from here"));
}

TEST_F(CommandsTest, ReportWritesOnePage) {
  std::string project, semantics;
  services.read_report = [&](const Configuration&, const DatasetRequest& request,
                             const std::stop_token&) {
    project = request.project;
    semantics = request.semantics;
    report::ReportData data;
    data.project = "provider";
    data.models.resize(2);
    return data;
  };
  const std::string path = folder / "report.html";
  const Result result =
      call({"report", "--project", "p", "--semantics", "s", "--html", path, "--json"});
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(project, "p");
  EXPECT_EQ(semantics, "s");
  EXPECT_EQ(
      result.json(),
      (nlohmann::json{{"path", path}, {"bytes", std::filesystem::file_size(path)}, {"models", 2}}));
  EXPECT_FALSE(std::filesystem::exists(path + ".partial"));
  const Result text = call({"report", "--project", "p", "--html", path});
  EXPECT_THAT(text.out, HasSubstr("report.html: 0 datasets, 2 tables of gold, "));
  EXPECT_EQ(call({"report", "--project", "p", "--html", "/nowhere/r.html"}).code, 1);
  EXPECT_EQ(call({"report", "--project", "p"}).code, 2);
}

}  // namespace
}  // namespace finops
