#include "finops/config/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "finops/config/default_config.h"
#include "finops/core/error.h"

namespace finops {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Variables = std::map<std::string, std::string>;

/// A folder of its own as current folder, so that no config.toml of the machine is found.
class ConfigurationTest : public ::testing::Test {
 public:
  ConfigurationTest()
      : before_(std::filesystem::current_path()),
        folder_(std::filesystem::temp_directory_path() /
                ("finops_configuration_test_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
    std::filesystem::current_path(folder_);
  }
  ~ConfigurationTest() override {
    std::filesystem::current_path(before_);
    std::filesystem::remove_all(folder_);
  }

 protected:
  static Configuration load(const std::string& toml, Variables environment = {},
                            std::vector<FlagSetting> flags = {}) {
    std::ofstream("config.toml") << toml;
    return load_configuration({"", Environment(std::move(environment)), std::move(flags)});
  }

  static std::string mistakes_of(const std::string& toml, Variables environment = {},
                                 std::vector<FlagSetting> flags = {}) {
    try {
      load(toml, std::move(environment), std::move(flags));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
      return error.what();
    }
    return "no mistake";
  }

  static const EffectiveValue& value(const Configuration& configuration, const std::string& key) {
    for (const EffectiveValue& one : configuration.values) {
      if (one.key == key) return one;
    }
    throw std::runtime_error("no value of " + key);
  }

 private:
  std::filesystem::path before_, folder_;
};

TEST_F(ConfigurationTest, WithoutAFileTheDefaultsStand) {
  const Configuration configuration = load_configuration({"", Environment(), {}});
  EXPECT_EQ(configuration.file, "");
  EXPECT_EQ(configuration.staging_dir, "./data/staging");
  EXPECT_EQ(configuration.parquet_dir, "./data/exports");
  EXPECT_EQ(configuration.lake_dir, "./data/lake");
  EXPECT_EQ(configuration.catalog.uri, "./data/catalog.db");
  EXPECT_EQ(configuration.catalog.type, CatalogType::kSqlite);
  EXPECT_EQ(configuration.catalog.name, "finops");
  EXPECT_EQ(configuration.duckdb_path, "./data/finops.duckdb");
  EXPECT_EQ(configuration.memory_limit, 512'000'000u);
  EXPECT_EQ(configuration.lake.keep_days, 90);
  EXPECT_EQ(configuration.lake.keep_versions, 5);
  EXPECT_EQ(configuration.quarantine.threshold_rows, Decimal::parse("0.001")->value);
  EXPECT_EQ(configuration.quarantine.threshold_min_rows, 10);
  EXPECT_FALSE(configuration.bigquery);
  EXPECT_TRUE(configuration.exports.empty());
}

TEST_F(ConfigurationTest, DataDirIsTheDefaultRootOfAllOtherPlaces) {
  const Configuration configuration = load("data_dir = \"/srv/finops/\"\nparquet_dir = \"out\"");
  EXPECT_EQ(configuration.lake_dir, "/srv/finops/lake");
  EXPECT_EQ(configuration.catalog.uri, "/srv/finops/catalog.db");
  EXPECT_EQ(configuration.parquet_dir, "out");
  EXPECT_EQ(value(configuration, "lake_dir").text, "/srv/finops/lake");
  EXPECT_EQ(value(configuration, "lake_dir").origin.kind, Origin::Kind::kDefault);
}

TEST_F(ConfigurationTest, AFlagBeatsTheEnvironmentWhichBeatsTheFile) {
  const std::string toml =
      "[aws]\nbucket = \"from-file\"\nexport_name = \"e\"\nprefix = \"/p/q/\"\n";
  EXPECT_EQ(load(toml).exports.at(0).bucket, "from-file");
  EXPECT_EQ(load(toml).exports.at(0).prefix, "p/q");
  const Variables environment = {{"FINOPS_S3_BUCKET", "from-environment"}};
  EXPECT_EQ(load(toml, environment).exports.at(0).bucket, "from-environment");
  const Configuration flagged = load(toml, environment, {{"aws.bucket", "from-flag", "--bucket"}});
  EXPECT_EQ(flagged.exports.at(0).bucket, "from-flag");
  EXPECT_EQ(value(flagged, "aws.bucket").origin.to_string(), "option --bucket");
  EXPECT_EQ(value(flagged, "aws.export_name").origin.where, "config.toml:3:15");
}

TEST_F(ConfigurationTest, EveryKeyHasAVariableOfItsOwn) {
  for (const KnownKey& key : known_keys()) {
    if (key.type == ValueType::kSecret) continue;  // never shown
    std::string text = key.fallback.empty() ? std::string(key.example) : std::string(key.fallback);
    if (text.starts_with("<data_dir>")) text = "/elsewhere";
    const Variables environment = {
        {environment_name(key.path), text},
        {"FINOPS_S3_BUCKET", "a-bucket"},
        {"FINOPS_EXPORT_NAME", "e"},
        {"FINOPS__AWS__ROLE_ARN", "arn:aws:iam::123456789012:role/cur-reader"},
        {"FINOPS__LAKE__ROLE_ARN", "arn:aws:iam::123456789012:role/lake-writer"},
        {"FINOPS__DATABASE__BIGQUERY__PROJECT_ID", "p"},
        {"FINOPS__DATABASE__BIGQUERY__DATASET_ID", "d"},
        {"FINOPS__SERVICE__PUSH_AUDIENCE", "https://finops.example"},
        {"FINOPS__SERVICE__PUSH_EMAIL", "push@p.iam.gserviceaccount.com"},
        {"FINOPS__NOTIFY__EMAIL_SMTP_URL", "smtp://mail.example"},
        {"FINOPS__NOTIFY__EMAIL_FROM", "f@mail.example"},
        {"FINOPS__NOTIFY__EMAIL_TO", "t@mail.example"}};
    const Configuration configuration = load("", environment);
    EXPECT_EQ(value(configuration, std::string(key.path)).origin.where, environment_name(key.path));
  }
}

TEST_F(ConfigurationTest, AnEmptyVariableIsNotSet) {
  const std::string toml = "[aws]\nbucket = \"from-file\"\nexport_name = \"e\"\n";
  EXPECT_EQ(load(toml, {{"FINOPS_S3_BUCKET", ""}}).exports.at(0).bucket, "from-file");
}

TEST_F(ConfigurationTest, TellsAllMistakesAtOnceWithTheirPositions) {
  const std::string message = mistakes_of(
      "data_dri = \"x\"\n"
      "memory_limit = \"lots\"\n"
      "[lake]\n"
      "keep_days = \"90\"\n"
      "[aws]\n"
      "buckt = \"b\"\n"
      "max_age = 36\n",
      {{"FINOPS__AWS__REGIN", "x"}});
  EXPECT_THAT(message, HasSubstr("the configuration has 6 mistakes:"));
  EXPECT_THAT(message,
              HasSubstr("config.toml:1:1: unknown key 'data_dri'; did you mean 'data_dir'?"));
  EXPECT_THAT(message, HasSubstr("config.toml:2:16: 'memory_limit' must be a size"));
  EXPECT_THAT(message, HasSubstr("config.toml:4:13: 'lake.keep_days' must be a whole number"));
  EXPECT_THAT(message,
              HasSubstr("config.toml:6:1: unknown key 'aws.buckt'; did you mean 'bucket'?"));
  EXPECT_THAT(message, HasSubstr("config.toml:7:11: 'aws.max_age' must be a duration"));
  EXPECT_THAT(message, HasSubstr("environment variable FINOPS__AWS__REGIN: names no key of the "
                                 "configuration; did you mean FINOPS__AWS__REGION?"));
}

TEST_F(ConfigurationTest, ATimeOutHasBounds) {
  const std::string start = "[aws]\nbucket = \"abc\"\nexport_name = \"e\"\n";
  EXPECT_EQ(load(start).exports.at(0).access.read_timeout, std::chrono::seconds(30));
  const Configuration slow = load(start + "read_timeout = \"5m\"");
  EXPECT_EQ(slow.exports.at(0).access.read_timeout, std::chrono::minutes(5));
  EXPECT_EQ(slow.lake.access.read_timeout, std::chrono::minutes(5));
  for (const char* wrong : {"0s", "6m"}) {
    EXPECT_THAT(mistakes_of(start + "read_timeout = \"" + wrong + "\""),
                HasSubstr("'aws.read_timeout' must be from 1s to 5m"));
  }
}

TEST_F(ConfigurationTest, AKeyInTheWrongSectionIsShownItsPlace) {
  EXPECT_THAT(mistakes_of("bucket = \"b\""), HasSubstr("did you mean 'aws.bucket'?"));
  EXPECT_THAT(mistakes_of("[database.duckdb]\npersistent = true"),
              HasSubstr("the keys here are database_path"));
  EXPECT_THAT(mistakes_of("[[aws.exports]]\nnmae = \"x\"\nbucket = \"abc\"\nexport_name = \"e\""),
              HasSubstr("unknown key 'nmae' of an export; did you mean 'name'?"));
}

TEST_F(ConfigurationTest, SectionsAndValuesAreNotConfused) {
  EXPECT_THAT(mistakes_of("aws = \"x\""), HasSubstr("'aws' is a section, not text"));
  EXPECT_THAT(mistakes_of("[data_dir]\nx = 1"), HasSubstr("'data_dir' has one value, not a table"));
  EXPECT_THAT(mistakes_of("[aws]\nexports = \"x\""), HasSubstr("write [[aws.exports]]"));
  EXPECT_THAT(mistakes_of("[aws]\nexports = [1]"), HasSubstr("is a whole number"));
}

TEST_F(ConfigurationTest, BrokenTomlIsOneMistakeWithItsPosition) {
  EXPECT_THAT(mistakes_of("data_dir = \"x\"\n[aws\n"), HasSubstr("config.toml:2:"));
  EXPECT_THAT(mistakes_of("data_dir = \"x\"\n[aws\n"), HasSubstr("this is not TOML"));
}

TEST_F(ConfigurationTest, ANamedFileMustExist) {
  try {
    load_configuration({"nowhere.toml", Environment(), {}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
    EXPECT_THAT(error.what(),
                HasSubstr("'nowhere.toml' (named by --config): there is no such file"));
  }
  try {
    load_configuration({"", Environment(Variables{{"CONFIG_PATH", "."}}), {}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'.' (named by CONFIG_PATH): it is a folder"));
  }
}

TEST_F(ConfigurationTest, ConfigPathIsReadAndTheFlagBeatsIt) {
  std::ofstream("a.toml") << "data_dir = \"a\"";
  std::ofstream("b.toml") << "data_dir = \"b\"";
  const Environment environment(Variables{{"CONFIG_PATH", "a.toml"}});
  EXPECT_EQ(load_configuration({"", environment, {}}).data_dir, "a");
  EXPECT_EQ(load_configuration({"b.toml", environment, {}}).data_dir, "b");
}

TEST_F(ConfigurationTest, ThresholdsAreExactDecimals) {
  const Configuration configuration =
      load("[quarantine]\nthreshold_rows = 1e-3\nthreshold_cost = \"0.000000000000000001\"");
  EXPECT_EQ(configuration.quarantine.threshold_rows.to_string(), "0.001");
  EXPECT_EQ(configuration.quarantine.threshold_cost.unscaled(), 1);
  EXPECT_EQ(load("[quarantine]\nthreshold_rows = 1").quarantine.threshold_rows.to_string(), "1");
  for (const char* bad : {"1.1", "-0.1", "nan", "inf", "\"0.0000000000000000001\"", "true"}) {
    EXPECT_THAT(mistakes_of(std::string("[quarantine]\nthreshold_rows = ") + bad),
                HasSubstr("config.toml:2:18: 'quarantine.threshold_rows'"))
        << bad;
  }
}

TEST_F(ConfigurationTest, CountsHaveTheirBounds) {
  EXPECT_THAT(mistakes_of("[lake]\nkeep_versions = 0"), HasSubstr("from 1 to"));
  EXPECT_THAT(mistakes_of("[lake]\nkeep_days = -1"), HasSubstr("from 0 to"));
  EXPECT_THAT(mistakes_of("memory_limit = \"1MB\""), HasSubstr("64MB at least"));
  EXPECT_THAT(mistakes_of("", {{"FINOPS__LAKE__KEEP_DAYS", "many"}}), HasSubstr("not 'many'"));
}

TEST_F(ConfigurationTest, AFolderAsABucketIsAFileUrl) {
  const Configuration configuration =
      load("[aws]\nbucket = \"file:///srv/my%20bills/\"\nexport_name = \"e\"");
  EXPECT_EQ(configuration.exports.at(0).folder, "/srv/my bills");
  EXPECT_EQ(configuration.exports.at(0).name, "e");
  EXPECT_THAT(mistakes_of("[aws]\nbucket = \"./bills\"\nexport_name = \"e\""),
              HasSubstr("file:///absolute/path"));
  EXPECT_THAT(mistakes_of("[aws]\nbucket = \"file://bills\"\nexport_name = \"e\""),
              HasSubstr("does not name an absolute path"));
}

TEST_F(ConfigurationTest, BucketNamesFollowTheRulesOfS3) {
  for (const char* bad : {"My-Bucket", "ab", "-abc", "a..b", "a_b_c"}) {
    EXPECT_THAT(mistakes_of("[aws]\nexport_name = \"e\"\nbucket = \"" + std::string(bad) + "\""),
                HasSubstr("config.toml:3:10: 'aws.bucket' is not a bucket's name"))
        << bad;
  }
  EXPECT_THAT(mistakes_of("[aws]\nexport_name = \"e\"\nbucket = \"s3://b/p\""),
              HasSubstr("write the name alone"));
}

TEST_F(ConfigurationTest, AnExportNeedsABucketAndItsName) {
  EXPECT_THAT(mistakes_of("[aws]\nbucket = \"abc\""), HasSubstr("has no 'export_name'"));
  EXPECT_THAT(mistakes_of("[aws]\nexport_name = \"e\""), HasSubstr("has no 'bucket'"));
  EXPECT_TRUE(load("[aws]\nregion = \"eu-west-1\"").exports.empty());
}

TEST_F(ConfigurationTest, ExportsTakeWhatTheyLackFromAws) {
  const Configuration configuration = load(
      "[aws]\nbucket = \"shared\"\nregion = \"eu-west-1\"\nmax_age = \"48h\"\n"
      "[[aws.exports]]\nname = \"payer-a\"\nexport_name = \"a\"\n"
      "[[aws.exports]]\nname = \"payer-b\"\nexport_name = \"b\"\nbucket = \"other\"\n"
      "table = \"other_bills\"\ncur_version = \"v1\"\n");
  ASSERT_EQ(configuration.exports.size(), 2u);
  EXPECT_EQ(configuration.exports[0].bucket, "shared");
  EXPECT_EQ(configuration.exports[0].table, "") << "what is delivered tells it";
  EXPECT_EQ(configuration.exports[0].cur_version, std::nullopt);
  EXPECT_EQ(configuration.exports[1].bucket, "other");
  EXPECT_EQ(configuration.exports[1].table, "other_bills");
  EXPECT_EQ(configuration.exports[1].access.region, "eu-west-1");
  EXPECT_EQ(configuration.exports[1].max_age, std::chrono::hours(48));
  EXPECT_EQ(configuration.exports[1].cur_version, CurVersion::kV1);
  EXPECT_EQ(find_export(configuration, "payer-b").export_name, "b");
}

TEST_F(ConfigurationTest, AwsAloneSaysHowOtherBucketsAreReached) {
  const Configuration read = load(R"(
    [aws]
    endpoint_url = "https://minio.example:9000"
    external_id = "half of a setting that the export completes"
    keep_staging = false
    [[aws.exports]]
    bucket = "payer-a-bills"
    export_name = "report"
    role_arn = "arn:aws:iam::1:role/r"
    keep_staging = true
  )");
  EXPECT_EQ(read.aws.access.endpoint_url, "https://minio.example:9000");
  EXPECT_EQ(read.aws.access.role_arn, "");
  EXPECT_FALSE(read.aws.keep_staging);
  EXPECT_TRUE(read.exports.at(0).keep_staging);
}

TEST_F(ConfigurationTest, TheEnvironmentGivesDefaultsOfExportsAndAFlagBeatsThemAll) {
  const std::string toml =
      "[aws]\nbucket = \"shared\"\n"
      "[[aws.exports]]\nexport_name = \"a\"\n[[aws.exports]]\nexport_name = \"b\"\nbucket = "
      "\"own\"\n";
  const Variables environment = {{"FINOPS_S3_BUCKET", "environments"}};
  EXPECT_EQ(load(toml, environment).exports.at(0).bucket, "environments");
  EXPECT_EQ(load(toml, environment).exports.at(1).bucket, "own");
  const std::vector<FlagSetting> flags = {{"aws.bucket", "flagged", "--bucket"}};
  EXPECT_EQ(load(toml, environment, flags).exports.at(1).bucket, "flagged");
}

TEST_F(ConfigurationTest, ExportsMayComeFromTheEnvironmentAlone) {
  Variables environment;
  for (int i = 0; i < 12; ++i) {
    const std::string prefix = "FINOPS__AWS__EXPORTS__" + std::to_string(i) + "__";
    environment[prefix + "EXPORT_NAME"] = "e" + std::to_string(i);
    environment[prefix + "BUCKET"] = "bucket";
  }
  const Configuration configuration = load("", environment);
  ASSERT_EQ(configuration.exports.size(), 12u);
  EXPECT_EQ(configuration.exports[11].name, "e11");
  EXPECT_THAT(mistakes_of("", {{"FINOPS__AWS__EXPORTS__3__BUCKET", "bucket"}}),
              HasSubstr("there is no export 0 before this one"));
  EXPECT_THAT(mistakes_of("", {{"FINOPS__AWS__EXPORTS__X__BUCKET", "bucket"}}),
              HasSubstr("FINOPS__AWS__EXPORTS__0__BUCKET"));
}

TEST_F(ConfigurationTest, TwoExportsOfOneNameOrOnePlaceAreMistakes) {
  const std::string first =
      "[[aws.exports]]\nname = \"a\"\nbucket = \"abc\"\nexport_name = \"e\"\n";
  EXPECT_THAT(
      mistakes_of(first + "[[aws.exports]]\nname = \"a\"\nbucket = \"abc\"\nexport_name = "
                          "\"f\"\n"),
      HasSubstr("config.toml:5:1: this export is called 'a' as the one at config.toml:1:1"));
  const std::string same_place =
      first + "[[aws.exports]]\nname = \"b\"\nbucket = \"abc\"\nexport_name = \"e\"\n";
  EXPECT_THAT(mistakes_of(same_place), HasSubstr("would count twice"));
  EXPECT_THAT(mistakes_of(same_place + "table = \"aws_billing_data\"\n"),
              HasSubstr("would count twice"))
      << "the other's table has this name unless it is told";
  EXPECT_EQ(mistakes_of(same_place + "table = \"others\"\n"), "no mistake");
  EXPECT_EQ(mistakes_of("aws.allow_overlap = true\n" + same_place), "no mistake");
}

TEST_F(ConfigurationTest, SourcesAndTablesHaveSafeNames) {
  const std::string rest = "\nbucket = \"abc\"\nexport_name = \"e\"\n";
  for (const char* bad : {"..", "a/b", "", " a"}) {
    EXPECT_THAT(mistakes_of("[aws]\nname = \"" + std::string(bad) + "\"" + rest),
                HasSubstr("'aws.name' must be"))
        << bad;
  }
  for (const char* bad : {"Bills", "1st", "a-b", "deliveries", "x_quarantine", ""}) {
    EXPECT_THAT(mistakes_of("[aws]\ntable = \"" + std::string(bad) + "\"" + rest),
                HasSubstr("'aws.table'"))
        << bad;
  }
  EXPECT_THAT(mistakes_of("[aws]\nprefix = \"../x\"" + rest), HasSubstr("'aws.prefix'"));
}

TEST_F(ConfigurationTest, ASecretIsNeverShown) {
  const std::string toml =
      "[aws]\nbucket = \"abc\"\nexport_name = \"e\"\naws_access_key_id = \"AKIATOPSECRET\"\n"
      "aws_secret_access_key = \"env:MY_KEY\"\n";
  const Configuration configuration = load(toml, {{"MY_KEY", "hunter2"}});
  for (const EffectiveValue& one : configuration.values) {
    EXPECT_THAT(one.text, Not(HasSubstr("TOPSECRET")));
    EXPECT_THAT(one.text, Not(HasSubstr("hunter2")));
  }
  EXPECT_EQ(value(configuration, "aws.aws_secret_access_key").text, "(secret, from env:MY_KEY)");
  const Environment environment(Variables{{"MY_KEY", "hunter2"}});
  EXPECT_EQ(configuration.exports.at(0).access.aws_secret_access_key.resolve(environment),
            "hunter2");
  EXPECT_THAT(mistakes_of("[aws]\naws_secret_access_key = 12345\nbucket = \"abc\"\n"),
              Not(HasSubstr("12345")));
  EXPECT_THAT(mistakes_of("[aws]\naws_secret_access_key = hunter2\n"), Not(HasSubstr("hunter2")));
  EXPECT_THAT(mistakes_of("[aws]\naws_secret_access_key = \"hunter2\nfoo\"\n"),
              Not(HasSubstr("hunter2")));
  EXPECT_THAT(mistakes_of("[aws]\nbucket = \"abc\"\nexport_name = \"e\"\nendpoint_url = "
                          "\"https://u:hunter2@host\"\n"),
              Not(HasSubstr("hunter2")));
}

TEST_F(ConfigurationTest, CredentialsAreTakenFromOnePlaceOnly) {
  const std::string toml =
      "[aws]\nbucket = \"abc\"\nexport_name = \"e\"\naws_access_key_id = \"file-id\"\n"
      "aws_secret_access_key = \"file-key\"\naws_session_token = \"file-token\"\n";
  const Configuration configuration =
      load(toml, {{"AWS_ACCESS_KEY_ID", "env-id"}, {"AWS_SECRET_ACCESS_KEY", "env-key"}});
  const AwsExport& one = configuration.exports.at(0);
  EXPECT_EQ(one.access.aws_access_key_id.resolve(Environment()), "env-id");
  EXPECT_FALSE(one.access.aws_session_token.is_set());
  EXPECT_THAT(mistakes_of(toml, {{"AWS_ACCESS_KEY_ID", "env-id"}}), HasSubstr("give both or none"));
  const Configuration with_own =
      load(toml +
           "[[aws.exports]]\naws_access_key_id = \"own-id\"\naws_secret_access_key = "
           "\"own-key\"\n");
  EXPECT_FALSE(with_own.exports.at(0).access.aws_session_token.is_set());
}

TEST_F(ConfigurationTest, TheVariablesOfTheAwsCliCount) {
  const std::string toml = "[aws]\nbucket = \"abc\"\nexport_name = \"e\"\n";
  const Configuration configuration =
      load(toml, {{"AWS_DEFAULT_REGION", "eu-west-1"}, {"AWS_REGION", "eu-central-1"}});
  EXPECT_EQ(configuration.exports.at(0).access.region, "eu-central-1");
  EXPECT_EQ(load(toml).exports.at(0).access.region, "") << "the profile's, or what S3 says";
}

TEST_F(ConfigurationTest, BigQueryIsOffUntilItIsConfigured) {
  EXPECT_FALSE(load("").bigquery);
  const Configuration configuration =
      load("[database.bigquery]\nproject_id = \"p\"\ndataset_id = \"d\"\n");
  ASSERT_TRUE(configuration.bigquery);
  EXPECT_EQ(configuration.bigquery->table_id, "aws_billing_data");
  EXPECT_EQ(configuration.bigquery->credentials_path, "");
  EXPECT_THAT(mistakes_of("[database.bigquery]\n"),
              HasSubstr("'database.bigquery.project_id' is missing"));
}

TEST_F(ConfigurationTest, PlacesAreCheckedForWhatTheyMayBe) {
  EXPECT_EQ(load("lake_dir = \"s3://bucket/lake\"").lake_dir, "s3://bucket/lake");
  EXPECT_EQ(load("lake_dir = \"file:///srv/lake\"").lake_dir, "/srv/lake");
  EXPECT_THAT(mistakes_of("staging_dir = \"s3://bucket/x\""), HasSubstr("path of this machine"));
  EXPECT_THAT(mistakes_of("lake_dir = \"\""), HasSubstr("is empty"));
  EXPECT_EQ(load("data_dir = \"~/bills\"", {{"HOME", "/home/u"}}).lake_dir, "/home/u/bills/lake");
  EXPECT_THAT(mistakes_of("[catalog]\ntype = \"rest\""), HasSubstr("URL of the REST catalog"));
  EXPECT_THAT(mistakes_of("[catalog]\ntype = \"hive\""), HasSubstr("one of sqlite, rest, glue"));
}

TEST_F(ConfigurationTest, ATypoInAShortVariableIsNotSilent) {
  EXPECT_THAT(mistakes_of("", {{"FINOPS_S3_BUKET", "b"}}), HasSubstr("FINOPS_S3_BUCKET"));
  EXPECT_EQ(mistakes_of("", {{"FINOPS_BIN", "/usr/bin/finops"}, {"FINOPS_REQUIRE", "minio"}}),
            "no mistake");
}

TEST_F(ConfigurationTest, TheWebhookIsAUrlOrAReferenceAndIsNeverShown) {
  const std::string url = "https://hooks.slack.com/services/T0/B0/s3cr3t";
  const Configuration given = load("[notify]\nwebhook_url = \"" + url + "\"\n");
  EXPECT_EQ(given.notify.webhook_url.resolve(Environment()), url);
  EXPECT_EQ(value(given, "notify.webhook_url").text, "(secret, given)");
  EXPECT_TRUE(load("[notify]\nwebhook_url = \"env:HOOK\"\n").notify.webhook_url.is_set());
  EXPECT_FALSE(load("").notify.webhook_url.is_set());
  const std::string text = mistakes_of("[notify]\nwebhook_url = \"hooks.slack.com/s3cr3t\"\n");
  EXPECT_THAT(text, HasSubstr("must be an https:// URL"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("s3cr3t")));
}

TEST_F(ConfigurationTest, MailsHaveAServerAddressesAndPerhapsALogIn) {
  EXPECT_FALSE(load("").notify.email);
  EXPECT_FALSE(load("[notify]\nemail_tls = \"none\"\n").notify.is_set());
  const Configuration given = load(
      "[notify]\nemail_smtp_url = \"smtps://mail.example\"\nemail_from = \"f@x.example\"\n"
      "email_to = \"a@x.example, b@y.example,c@z.example\"\n"
      "email_user = \"u\"\nemail_password = \"s3cr3t\"\n");
  ASSERT_TRUE(given.notify.email);
  EXPECT_TRUE(given.notify.is_set());
  EXPECT_FALSE(given.notify.email->may_be_plain);
  EXPECT_EQ(given.notify.email->to,
            (std::vector<std::string>{"a@x.example", "b@y.example", "c@z.example"}));
  EXPECT_EQ(value(given, "notify.email_password").text, "(secret, given)");
  const std::string text = mistakes_of(
      "[notify]\nemail_smtp_url = \"mail.example\"\nemail_from = \"finops\"\n"
      "email_to = \"a@x.example <b>\"\nemail_password = \"s3cr3t\"\nemail_tls = \"no\"\n");
  for (const char* key : {"email_smtp_url", "email_from", "email_to", "email_tls", "go together"}) {
    EXPECT_THAT(text, HasSubstr(key));
  }
  EXPECT_THAT(text, ::testing::Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(mistakes_of("[notify]\nemail_from = \"f@x.example\"\n"), HasSubstr("email_to"));
}

TEST_F(ConfigurationTest, TheJournalIsAFileUnlessToldOtherwise) {
  const JournalConfig fallback = load("data_dir = \"/srv/x/\"").service.journal;
  EXPECT_EQ(fallback.type, JournalType::kSqlite);
  EXPECT_EQ(fallback.path, "/srv/x/journal.db");
  EXPECT_EQ(load("[service]\njournal = \"sqlite:here.db\"").service.journal.path, "here.db");
  const JournalConfig url =
      load("[service]\njournal = \"mysql://[::1]:3307/jobs\"\ndb_ssl_mode = \"required\"")
          .service.journal;
  EXPECT_EQ(url.type, JournalType::kMysql);
  EXPECT_EQ(url.host, "::1");
  EXPECT_EQ(url.port, 3307);
  EXPECT_EQ(url.database, "jobs");
  EXPECT_EQ(url.ssl_mode, DbSslMode::kRequired);
}

TEST_F(ConfigurationTest, TheReferencesVariablesNameAJournalInMysql) {
  const Variables variables = {
      {"DB_HOST", "db.example"}, {"DB_NAME", "jobs"}, {"DB_USER", "u"}, {"DB_PASSWORD", "s3cr3t"}};
  const Configuration read = load("", variables);
  const JournalConfig& journal = read.service.journal;
  EXPECT_EQ(journal.type, JournalType::kMysql);
  EXPECT_EQ(journal.host, "db.example");
  EXPECT_EQ(journal.port, 3306);
  EXPECT_EQ(journal.database, "jobs");
  EXPECT_EQ(journal.user.resolve(Environment()), "u");
  EXPECT_EQ(journal.password.resolve(Environment()), "s3cr3t");
  EXPECT_EQ(value(read, "service.journal").text, "mysql");
  EXPECT_EQ(value(read, "service.journal").origin.where, "DB_HOST");
  EXPECT_EQ(value(read, "service.db_password").text, "(secret, given)");
  EXPECT_EQ(load("[service]\njournal = \"sqlite:x\"", variables).service.journal.type,
            JournalType::kSqlite);
}

TEST_F(ConfigurationTest, AJournalThatIsNoneIsAMistakeAndItsPasswordIsNotTold) {
  for (const char* place :
       {"", "sqlite:", "postgres://h/d", "mysql://h", "mysql://h/", "mysql:///d", "mysql://h:x/d",
        "mysql://h:0/d", "mysql://u:s3cr3t@h/d"}) {
    const std::string text = mistakes_of("[service]\njournal = \"" + std::string(place) + "\"");
    EXPECT_THAT(text, HasSubstr("mysql://HOST[:PORT]/DATABASE")) << place;
    EXPECT_THAT(text, ::testing::Not(HasSubstr("s3cr3t")));
  }
  EXPECT_THAT(mistakes_of("[service]\ndb_ssl_mode = \"verify\""), HasSubstr("verify_identity"));
}

TEST_F(ConfigurationTest, AnUnknownFlagKeyAndSourceNameTheNearest) {
  EXPECT_THAT(mistakes_of("", {}, {{"aws.buckte", "x", "--set"}}),
              HasSubstr("option --set: unknown key 'aws.buckte'; did you mean 'bucket'?"));
  const Configuration configuration =
      load("[aws]\nbucket = \"abc\"\nname = \"payer-a\"\nexport_name = \"e\"\n");
  EXPECT_THROW(find_export(configuration, "payer-b"), Error);
}

TEST_F(ConfigurationTest, TheFileOfInitIsLegalAndChangesNothing) {
  const Configuration written = load(default_config_text());
  std::filesystem::remove("config.toml");
  const Configuration defaults = load_configuration({"", Environment(), {}});
  ASSERT_EQ(written.values.size(), defaults.values.size());
  for (std::size_t i = 0; i < written.values.size(); ++i) {
    EXPECT_EQ(written.values[i].key, defaults.values[i].key);
    EXPECT_EQ(written.values[i].text, defaults.values[i].text);
  }
  EXPECT_TRUE(written.exports.empty());
}

TEST_F(ConfigurationTest, TheFileOfInitStaysLegalWhenEveryLineIsSwitchedOn) {
  std::string text = default_config_text();
  std::string all;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    std::string line = text.substr(begin, end - begin);
    const bool is_setting = line.starts_with("# ") &&
                            (line.find(" = ") != std::string::npos || line.starts_with("# ["));
    all += (is_setting ? line.substr(2) : line) + "\n";
    begin = end + 1;
  }
  EXPECT_EQ(mistakes_of(all), "no mistake") << all;
}

TEST_F(ConfigurationTest, TheServiceReadsTheReferencesVariables) {
  const ServiceConfig service = load("", {{"PROJECT_ID", "ours"},
                                          {"SERVICE_ACCOUNT_FILE", "/k.json"},
                                          {"BATCH_SIZE", "500"},
                                          {"MAX_RETRIES", "7"},
                                          {"RETRY_DELAY", "9"},
                                          {"LOG_LEVEL", "DEBUG"}})
                                    .service;
  EXPECT_EQ(service.project_id, "ours");
  EXPECT_EQ(service.credentials_path, "/k.json");
  EXPECT_EQ(service.batch_size, 500);
  EXPECT_EQ(service.max_retries, 7);
  EXPECT_EQ(service.retry_delay, std::chrono::seconds(9));
  EXPECT_EQ(service.log_level, "debug");
  EXPECT_EQ(service.wrong_variables, "");
}

TEST_F(ConfigurationTest, WhatOtherProgramsMeanByThoseVariablesIsToldByTheServiceAlone) {
  const ServiceConfig service = load("", {{"BATCH_SIZE", "many"}, {"LOG_LEVEL", "TRACE"}}).service;
  EXPECT_THAT(service.wrong_variables, HasSubstr("BATCH_SIZE"));
  EXPECT_THAT(service.wrong_variables, HasSubstr("LOG_LEVEL"));
  const std::string text = mistakes_of("[service]\nbatch_size = 0\nlog_level = \"loud\"\n");
  EXPECT_THAT(text, HasSubstr("batch_size"));
  EXPECT_THAT(text, HasSubstr("log_level"));
}

TEST_F(ConfigurationTest, HalfOfWhoMayPushIsAMistake) {
  EXPECT_THAT(mistakes_of("[service]\npush_email = \"a@b.c\"\n"), HasSubstr("push_audience"));
  EXPECT_THAT(mistakes_of("[service]\napi_read_token = \"0123456789abcdef\"\n"),
              HasSubstr("service.api_token"));
}

}  // namespace
}  // namespace finops
