#include "finops/cli/cli_fixture.h"

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const lake::TableName kBills{"billing", "aws_billing_data"};

class LakeCommandsTest : public CliFixture {};

TEST_F(LakeCommandsTest, ExpireTellsWhatWentAndWhatFailed) {
  bool asked_dry_run = false;
  LakeExpiry expiry{.tables = {{.table = kBills,
                                .expired_snapshots = 3,
                                .kept_snapshots = 2,
                                .files = 9,
                                .bytes = 1'500'000}}};
  services.expire_lake = [&](const Configuration& configuration, bool dry_run) {
    EXPECT_EQ(configuration.lake.keep_days, 7);
    asked_dry_run = dry_run;
    expiry.is_dry_run = dry_run;
    return expiry;
  };
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> words = {"lake", "expire", "--set", "lake.keep_days=7"};
    words.insert(words.end(), more.begin(), more.end());
    return call(words);
  };
  EXPECT_THAT(run({}).out, HasSubstr("1.5 MB freed"));
  EXPECT_FALSE(asked_dry_run);
  EXPECT_TRUE(run({"--json"}).json()["changed"]);
  EXPECT_FALSE(run({"--json", "--dry-run"}).json()["changed"]);
  EXPECT_TRUE(asked_dry_run);
  expiry.tables.push_back({.table = {"billing", "deliveries"},
                           .failure = "no route",
                           .error_kind = ErrorKind::kUnavailable});
  EXPECT_EQ(run({}).code, 3);
  EXPECT_EQ(run({"--json"}).json()["tables"][1]["error_kind"], "unavailable");
  expiry.tables.erase(expiry.tables.begin());
  EXPECT_EQ(run({}).code, 1);
}

TEST_F(LakeCommandsTest, CheckEndsInOneWhenSomethingIsWrong) {
  LakeCheckRequest asked;
  LakeCheckReport report;
  report.check.tables = {{.name = kBills, .snapshots = 2, .files = 10, .bytes = 5}};
  report.check.orphans = {{"billing/x/data/a.parquet", 12, clock.now(), true}};
  services.check_lake = [&](const Configuration&, const LakeCheckRequest& request,
                            const std::stop_token&) {
    asked = request;
    return report;
  };
  const auto good = call({"lake", "check"});
  EXPECT_EQ(good.code, 0);
  EXPECT_THAT(good.out, HasSubstr("billing/x/data/a.parquet"));
  EXPECT_FALSE(asked.remove_orphans_older_than);
  EXPECT_FALSE(asked.is_deep);
  report.check.problems = {{kBills, "file:///lake/f", "the data file is missing"}};
  const auto bad = call({"lake", "check", "--json", "--deep"});
  EXPECT_EQ(bad.code, 1);
  EXPECT_TRUE(asked.is_deep);
  EXPECT_EQ(bad.json()["problems"][0]["file"], "file:///lake/f");
  EXPECT_EQ(bad.json()["good"], false);
}

TEST_F(LakeCommandsTest, OrphansAreRemovedAfterAWeekUnlessToldOtherwise) {
  std::optional<Duration> asked;
  services.check_lake = [&](const Configuration&, const LakeCheckRequest& request,
                            const std::stop_token&) {
    asked = request.remove_orphans_older_than;
    return LakeCheckReport{};
  };
  call({"lake", "check", "--remove-orphans"});
  EXPECT_EQ(asked, std::chrono::days(7));
  call({"lake", "check", "--remove-orphans", "--older-than", "36h"});
  EXPECT_EQ(asked, std::chrono::hours(36));
  EXPECT_EQ(call({"lake", "check", "--older-than", "soon"}).code, 2);
}

TEST_F(LakeCommandsTest, RelocateNeedsToKnowWhereTheLakeWas) {
  EXPECT_EQ(call({"lake", "relocate"}).code, 2);
  services.relocate_lake = [&](const Configuration&, const std::string& from, bool dry_run) {
    EXPECT_EQ(from, "/old");
    return RelocationReport{dry_run, "file:///old", "file:///new", {{.name = kBills}}};
  };
  EXPECT_TRUE(call({"lake", "relocate", "--from", "/old", "--json"}).json()["changed"]);
  const auto dry = call({"lake", "relocate", "--from", "/old", "--dry-run"});
  EXPECT_THAT(dry.out, HasSubstr("Nothing was changed"));
}

TEST_F(LakeCommandsTest, RestoreTakesAMetadataFileForEachTable) {
  std::map<std::string, std::string> asked;
  services.restore_catalog = [&](const Configuration&,
                                 const std::map<std::string, std::string>& choices, bool dry_run) {
    asked = choices;
    return CatalogRestoration{.is_dry_run = dry_run, .former_root = "file:///old"};
  };
  const auto done = call({"lake", "restore-catalog", "--table", "a=1.json", "--table", "b=2.json"});
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(asked, ElementsAre(Pair("a", "1.json"), Pair("b", "2.json")));
  EXPECT_THAT(done.out, HasSubstr("finops lake relocate --from file:///old"));
  EXPECT_EQ(call({"lake", "restore-catalog", "--table", "a"}).code, 2);
}

TEST_F(LakeCommandsTest, JournalMigrateTellsFromWhereToWhere) {
  JournalMigrationReport report{"mysql://db:3306/jobs", {0, 2}};
  services.migrate_journal = [&](const Configuration&, const std::stop_token&) { return report; };
  const auto made = call({"journal", "migrate"});
  EXPECT_EQ(made.code, 0);
  EXPECT_EQ(made.out, "The journal mysql://db:3306/jobs was made, with version 2.\n");
  report.migration.from = 1;
  EXPECT_THAT(call({"journal", "migrate"}).out, HasSubstr("from version 1 to 2"));
  EXPECT_TRUE(call({"journal", "migrate", "--json"}).json()["changed"]);
  report.migration.from = 2;
  EXPECT_THAT(call({"journal", "migrate"}).out, HasSubstr("nothing was changed"));
  const auto document = call({"journal", "migrate", "--json"}).json();
  EXPECT_FALSE(document["changed"]);
  EXPECT_EQ(document["from_version"], 2);
}

}  // namespace
}  // namespace finops
