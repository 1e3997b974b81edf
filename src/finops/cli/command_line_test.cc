#include <fstream>
#include <iterator>
#include <regex>

#include "finops/cli/cli_fixture.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CommandLineTest : public CliFixture {};

TEST_F(CommandLineTest, VersionAndHelpGoToStdout) {
  EXPECT_EQ(call({"--version"}).out, "finops " + std::string(FINOPS_VERSION) + "\n");
  const Result help = call({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("Exit codes"));
  EXPECT_EQ(help.err, "");
}

const std::vector<std::vector<std::string>> kCommands = {{"init"},
                                                         {"config"},
                                                         {"doctor"},
                                                         {"aws", "discover-manifests"},
                                                         {"aws", "extract-billing"},
                                                         {"aws", "load-billing-local"},
                                                         {"aws", "export-parquet"},
                                                         {"aws", "load-billing-remote"},
                                                         {"aws", "run-pipeline"},
                                                         {"load"},
                                                         {"query"},
                                                         {"receipt"},
                                                         {"receipt", "verify"},
                                                         {"journal", "migrate"},
                                                         {"history"},
                                                         {"diff"},
                                                         {"rollback"},
                                                         {"release"},
                                                         {"reconcile"},
                                                         {"quarantine", "ls"},
                                                         {"report"},
                                                         {"selftest"},
                                                         {"quarantine", "show"},
                                                         {"quarantine", "replay"},
                                                         {"quarantine", "waive"},
                                                         {"dataset", "check"},
                                                         {"dataset", "run"},
                                                         {"dataset", "status"},
                                                         {"dataset", "lineage"},
                                                         {"dataset", "sql"},
                                                         {"dataset", "docs"},
                                                         {"demo", "generate"}};

TEST_F(CommandLineTest, EveryCommandHasHelpWithExamples) {
  for (std::vector<std::string> command : kCommands) {
    const std::string name = command.back();
    command.emplace_back("--help");
    const Result help = call(command);
    EXPECT_EQ(help.code, 0) << name << help.err;
    EXPECT_THAT(help.out, HasSubstr("Examples:")) << name;
    EXPECT_THAT(help.out, HasSubstr(name + " [OPTIONS]")) << name;
  }
}

TEST_F(CommandLineTest, EveryCommandAndOptionIsDocumented) {
  std::ifstream file(FINOPS_DOCS "/commands.md");
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::regex option("\n  (?:-h,)?(--[a-z-]+)");
  for (std::vector<std::string> command : kCommands) {
    std::string name = command[0] + (command.size() > 1 ? " " + command[1] : "");
    EXPECT_THAT(text, HasSubstr(name));
    command.emplace_back("--help");
    const std::string help = call(command).out;
    for (std::sregex_iterator it(help.begin(), help.end(), option), end; it != end; ++it) {
      EXPECT_THAT(text, HasSubstr((*it)[1].str())) << name;
    }
  }
}

TEST_F(CommandLineTest, AnUnknownCommandNamesTheNearest) {
  const Result result = call({"aws", "run-pipelin"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("`finops aws` has no command 'run-pipelin'; did you mean "
                                    "'run-pipeline'?"));
  EXPECT_THAT(call({"zzz"}).err, HasSubstr("it has init, config, doctor"));
  EXPECT_EQ(call({"zzz"}).code, 2);
}

TEST_F(CommandLineTest, AnUnknownOptionNamesTheNearest) {
  const Result result = call({"aws", "run-pipeline", "--dryrun"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("has no option --dryrun; did you mean --dry-run?"));
  EXPECT_THAT(call({"history", "--jsn=1"}).err, HasSubstr("did you mean --json?"));
}

TEST_F(CommandLineTest, AGroupNeedsACommandAndACommandNoMoreWords) {
  EXPECT_EQ(call({}).code, 2);
  EXPECT_THAT(call({"aws"}).err, HasSubstr("`finops aws` needs a command: discover-manifests"));
  EXPECT_EQ(call({"aws"}).code, 2);
  EXPECT_THAT(call({"history", "2026-05"}).err, HasSubstr("does not take '2026-05'"));
}

TEST_F(CommandLineTest, MonthsAreCheckedWhereTheyAreGiven) {
  for (const char* bad : {"2026-13", "2026-5", "26-05", "2026-05-01", "may"}) {
    const Result result = call({"aws", "run-pipeline", "--start-date", bad});
    EXPECT_EQ(result.code, 2) << bad;
    EXPECT_THAT(result.err, HasSubstr("write YYYY-MM")) << bad;
  }
  const Result swapped =
      call({"aws", "run-pipeline", "--start-date", "2026-05", "--end-date", "2026-04"});
  EXPECT_EQ(swapped.code, 2);
  EXPECT_THAT(swapped.err, HasSubstr("--end-date 2026-04 is before --start-date 2026-05"));
}

TEST_F(CommandLineTest, ErrorsAreOneJsonDocumentUnderJson) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"aws", "run-pipelin", "--json"}, {"--json", "aws"}}) {
    const Result result = call(arguments);
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.json()["error"]["kind"], "usage");
    EXPECT_THAT(result.json()["error"]["message"].get<std::string>(), HasSubstr("finops aws"));
  }
}

TEST_F(CommandLineTest, GlobalOptionsMayStandAnywhere) {
  services.history = [](const Configuration&, const Selection&) {
    return std::vector<HistoryEntry>();
  };
  EXPECT_EQ(call({"history", "--json"}).json()["deliveries"].size(), 0u);
  EXPECT_EQ(call({"--json", "history"}).json()["deliveries"].size(), 0u);
}

TEST_F(CommandLineTest, ConfigurationMistakesAreToldWithExitCode2) {
  variables["FINOPS__AWS__REGIN"] = "x";
  const Result result = call({"history"});
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.err, HasSubstr("finops: error: environment variable FINOPS__AWS__REGIN"));
  variables.erase("FINOPS__AWS__REGIN");
  EXPECT_EQ(call({"history", "--config", folder / "absent.toml"}).code, 2);
  EXPECT_EQ(call({"history", "--set", "hunter2"}).code, 2);
  EXPECT_THAT(call({"history", "--set", "hunter2"}).err, Not(HasSubstr("hunter2")));
}

TEST_F(CommandLineTest, CommandsOfLaterVersionsSaySo) {
  static const std::vector<std::vector<std::string>> later = {
      {"reconcile", "--period", "2026-05", "--invoice", "1=2"}};
  for (const auto& command : later) {
    const Result result = call(command);
    EXPECT_EQ(result.code, 1) << command.back();
    EXPECT_THAT(result.err, HasSubstr("comes with a later version of finops; until then"));
  }
  EXPECT_EQ(call({"reconcile", "--json"}).json()["error"]["kind"], "unsupported");
}

TEST_F(CommandLineTest, ErrorKindsBecomeExitCodes) {
  static const std::vector<std::pair<ErrorKind, int>> codes = {
      {ErrorKind::kUsage, 2},       {ErrorKind::kInvalidConfig, 2}, {ErrorKind::kLocked, 5},
      {ErrorKind::kCancelled, 130}, {ErrorKind::kNotFound, 1},      {ErrorKind::kUnavailable, 1},
      {ErrorKind::kInvalidData, 1}};
  for (const auto& [kind, code] : codes) {
    services.history = [kind](const Configuration&, const Selection&) -> std::vector<HistoryEntry> {
      throw Error(kind, "told to fail");
    };
    const Result result = call({"history"});
    EXPECT_EQ(result.code, code) << to_string(kind);
    EXPECT_THAT(result.err, HasSubstr("finops: error: told to fail"));
  }
}

TEST_F(CommandLineTest, ForeignExceptionsAreBugsAndNeverEscape) {
  services.history = [](const Configuration&, const Selection&) -> std::vector<HistoryEntry> {
    throw std::out_of_range("vector::at");
  };
  EXPECT_EQ(call({"history"}).code, 1);
  EXPECT_THAT(call({"history"}).err, HasSubstr("this is a bug in finops"));
  services.history = [](const Configuration&, const Selection&) -> std::vector<HistoryEntry> {
    throw std::bad_alloc();
  };
  EXPECT_THAT(call({"history"}).err, HasSubstr("memory_limit"));
}

TEST_F(CommandLineTest, AnOutputThatIsNotTakenIsAnError) {
  services.history = [](const Configuration&, const Selection&) {
    return std::vector<HistoryEntry>();
  };
  std::istringstream in;
  std::ostringstream err;
  std::ofstream full("/dev/full");
  CliHost host{in, full, err, false, 80, Environment(variables), clock, {}};
  EXPECT_EQ(run_cli({"history"}, services, host), 1);
  EXPECT_THAT(err.str(), HasSubstr("stdout does not take it"));
}

TEST_F(CommandLineTest, JsonLogsAreLinesOfJson) {
  const Result result = call({"aws", "nope", "--log-format", "json"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(nlohmann::json::parse(result.err)["level"], "error");
  services.history = [](const Configuration&, const Selection&) -> std::vector<HistoryEntry> {
    throw Error(ErrorKind::kNotFound, "gone");
  };
  const Result failed = call({"history", "--log-format", "json"});
  const auto line = nlohmann::json::parse(failed.err);
  EXPECT_EQ(line["level"], "error");
  EXPECT_EQ(line["message"], "gone");
  EXPECT_EQ(line["time"], "2026-05-28T20:26:40.000Z");
}

}  // namespace
}  // namespace finops
