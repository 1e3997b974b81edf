#include "finops/datasets/project_fixture.h"

namespace finops::datasets {
namespace {

using DatasetReadingTest = ProjectTest;

std::string replaced(std::string text, const std::string& old_text, const std::string& new_text) {
  const auto place = text.find(old_text);
  EXPECT_NE(place, std::string::npos) << old_text;
  return text.replace(place, old_text.size(), new_text);
}

TEST_F(DatasetReadingTest, ReadsWhatIsWritten) {
  const Project project = read();
  ASSERT_EQ(project.datasets.size(), 2u);
  const Dataset& orders = project.datasets[0];
  EXPECT_EQ(orders.name, "orders");
  EXPECT_EQ(orders.landing, "orders/*.csv");
  EXPECT_EQ(orders.format, LandingFormat::kCsv);
  EXPECT_FALSE(orders.keeps_deleted_files);
  EXPECT_EQ(orders.key, std::vector<std::string>{"order_id"});
  EXPECT_EQ(orders.version_column, "version");
  ASSERT_EQ(orders.columns.size(), 8u);
  EXPECT_EQ(orders.columns[0].name, "order_id");
  EXPECT_EQ(orders.columns[2].type, ColumnType::kTimestamp);
  EXPECT_EQ(orders.columns[3].type, ColumnType::kDecimal);
  EXPECT_EQ(orders.columns[3].description, "Price");
  EXPECT_EQ(orders.columns[3].origin.where, "p/datasets/orders.toml:10:1");
  EXPECT_EQ(orders.columns[6].since_version, 2);
  ASSERT_EQ(orders.money.size(), 1u);
  EXPECT_EQ(orders.money[0].column, "amount");
  EXPECT_EQ(orders.money[0].currency_column, "currency");
  EXPECT_TRUE(project.datasets[1].keeps_deleted_files);
  EXPECT_EQ(project.datasets[1].format, LandingFormat::kJsonLines);
  EXPECT_EQ(project.datasets[1].columns[1].name, "Shop Name");
}

TEST_F(DatasetReadingTest, TellsEverythingThatIsMissing) {
  EXPECT_EQ(mistakes_of("datasets/shops.toml", "[landing]\n"),
            "the project has 3 mistakes:\n"
            "  p/datasets/shops.toml:1:1: 'path' is missing in [landing]\n"
            "  p/datasets/shops.toml:1:1: 'format' is missing in [landing]\n"
            "  p/datasets/shops.toml:1:1: 'columns' is missing in a dataset's file");
  EXPECT_EQ(
      mistakes_of("datasets/shops.toml", "[landing]\npath = \"a\"\nformat = \"csv\"\n[columns]\n"),
      "p/datasets/shops.toml:4:1: [columns] has no column");
}

TEST_F(DatasetReadingTest, UnknownKeysAreToldWithWhatIsAllowed) {
  EXPECT_EQ(mistakes_of("datasets/shops.toml", replaced(kShops, "format", "fromat")),
            "the project has 2 mistakes:\n"
            "  p/datasets/shops.toml:2:1: 'format' is missing in [landing]\n"
            "  p/datasets/shops.toml:4:1: unknown key 'fromat' in [landing]; did you mean "
            "'format'? The keys here are path, format, deleted_files");
  EXPECT_EQ(mistakes_of("datasets/shops.toml", std::string("zzzzzz = 1\n") + kShops),
            "p/datasets/shops.toml:1:1: unknown key 'zzzzzz' in a dataset's file; the keys here "
            "are description, landing, columns, key, version_column, partition_by, money");
}

TEST_F(DatasetReadingTest, PartitionsAreTextColumnsThatAValidRowHas) {
  EXPECT_EQ(mistakes_of("datasets/shops.toml",
                        "partition_by = [\"shop_id\", \"Shop Name\"]\n" + std::string(kShops)),
            "the project has 2 mistakes:\n"
            "  p/datasets/shops.toml:1:28: 'partition_by' names 'Shop Name'; tables are "
            "partitioned by columns whose names have A to Z, a to z, 0 to 9 and _ only, no digit "
            "first\n"
            "  p/datasets/shops.toml:1:28: 'partition_by' names the column 'Shop Name', which may "
            "be NULL in a valid row; give it required = true, a default or one_of in "
            "[columns.Shop Name] of the rules of shops");
  write("datasets/shops.toml", "partition_by = [\"shop_id\"]\n" + std::string(kShops));
  const Project project = read();
  ASSERT_EQ(project.datasets[1].partition_by.size(), 1u);
  EXPECT_EQ(project.datasets[1].partition_by[0].name, "shop_id");
  EXPECT_EQ(project.datasets[1].partition_by[0].origin.where, "p/datasets/shops.toml:1:17");
}

TEST_F(DatasetReadingTest, ValuesAreOfTheirTypesAndWords) {
  EXPECT_EQ(mistakes_of("datasets/shops.toml", replaced(kShops, "\"shops.jsonl\"", "7")),
            "p/datasets/shops.toml:3:8: 'path' must be text in quotes, not a whole number");
  EXPECT_EQ(mistakes_of("datasets/shops.toml", replaced(kShops, "json_lines", "json")),
            "p/datasets/shops.toml:4:10: 'format' must be one of csv, json_lines, parquet, not "
            "'json'");
  EXPECT_EQ(mistakes_of("datasets/shops.toml", replaced(kShops, "= \"text\"", "= \"string\"")),
            "p/datasets/shops.toml:7:11: 'type' must be one of text, decimal, timestamp, date, "
            "boolean, not 'string'");
  EXPECT_EQ(mistakes_of("datasets/shops.toml", replaced(kShops, "[\"shop_id\"]", "\"shop_id\"")),
            "p/datasets/shops.toml:1:7: 'key' must be an array, [\"…\"], not text");
  EXPECT_EQ(mistakes_of("datasets/shops.toml", replaced(kShops, "= \"text\"", "= { type = 1 }")),
            "p/datasets/shops.toml:7:20: 'type' must be text in quotes, not a whole number");
}

TEST_F(DatasetReadingTest, LandingPathsStayBelowTheLandingFolder) {
  for (const char* path : {"/shops.csv", "../shops.csv", "a//b", "./a", "a/"}) {
    EXPECT_EQ(mistakes_of("datasets/shops.toml", replaced(kShops, "shops.jsonl", path)),
              "p/datasets/shops.toml:3:8: 'path' is '" + std::string(path) +
                  "'; write a path below the landing folder without '/' at its ends, '.', '..' or "
                  "'//'");
  }
}

TEST_F(DatasetReadingTest, NoTwoDatasetsLandTheSameFiles) {
  EXPECT_EQ(mistakes_of("datasets/shops.toml", replaced(kShops, "shops.jsonl", "orders/*.csv")),
            "p/datasets/shops.toml:3:8: 'orders/*.csv' is the landing path of the dataset "
            "'orders' already");
}

TEST_F(DatasetReadingTest, ColumnsHaveNamesThatSqlTellsApart) {
  EXPECT_EQ(mistakes_of("datasets/shops.toml",
                        kShops + std::string("SHOP_ID = \"text\"\nSource_Line = \"text\"\n\"\" = "
                                             "\"text\"\n")),
            "the project has 3 mistakes:\n"
            "  p/datasets/shops.toml:9:1: column 'SHOP_ID' is there already; letter case does not "
            "tell names apart\n"
            "  p/datasets/shops.toml:10:1: 'Source_Line' is the name of a column that finops adds "
            "to every row\n"
            "  p/datasets/shops.toml:11:1: a column's name is empty");
}

TEST_F(DatasetReadingTest, KeysAndVersionsAreColumnsThatFit) {
  EXPECT_EQ(mistakes_of("datasets/shops.toml", replaced(kShops, "[\"shop_id\"]", "[\"shopid\"]")),
            "p/datasets/shops.toml:1:8: 'key' names no column: 'shopid'; did you mean 'shop_id'?");
  EXPECT_EQ(mistakes_of("datasets/shops.toml",
                        replaced(kShops, "[\"shop_id\"]", "[\"shop_id\", \"shop_id\"]")),
            "p/datasets/shops.toml:1:19: 'key' has 'shop_id' twice");
  write("datasets/shops.toml", kShops);
  EXPECT_EQ(mistakes_of("datasets/orders.toml", replaced(kOrders, "\"order_id\"", "\"is_gift\"")),
            "p/datasets/orders.toml:1:8: 'key' names the column 'is_gift', which is boolean: it "
            "tells two rows apart only");
  EXPECT_EQ(mistakes_of("datasets/orders.toml", replaced(kOrders, "\"version\"", "\"currency\"")),
            "p/datasets/orders.toml:2:18: 'version_column' names the column 'currency', which is "
            "text; it must be decimal");
  EXPECT_EQ(
      mistakes_of("datasets/orders.toml", replaced(kOrders, "version_column = \"version\"\n", "")),
      "p/datasets/orders.toml:12:48: 'since_version' of column 'discount' needs a "
      "version_column in the dataset's file");
}

TEST_F(DatasetReadingTest, MoneyIsADecimalWithACurrency) {
  const std::string money =
      "[[money]]\ncolumn = \"currency\"\ncurrency_column = \"amont\"\n"
      "currency = \"USD\"\n[[money]]\ncolumn = \"amount\"\n";
  EXPECT_EQ(mistakes_of("datasets/orders.toml", kOrders + money),
            "the project has 5 mistakes:\n"
            "  p/datasets/orders.toml:18:1: [[money]] has either 'currency_column', a column of "
            "the rows, or 'currency', such as \"USD\" for all rows\n"
            "  p/datasets/orders.toml:19:10: 'column' names the column 'currency', which is text; "
            "it must be decimal\n"
            "  p/datasets/orders.toml:20:19: 'currency_column' names no column: 'amont'; did you "
            "mean 'amount'?\n"
            "  p/datasets/orders.toml:22:1: [[money]] has either 'currency_column', a column of "
            "the rows, or 'currency', such as \"USD\" for all rows\n"
            "  p/datasets/orders.toml:23:10: [[money]] has 'amount' twice");
}

TEST_F(DatasetReadingTest, NoDatasetIsNamedAsTheQuarantineOfAnother) {
  EXPECT_EQ(
      mistakes_of("datasets/shops_quarantine.toml", replaced(kShops, "shops.jsonl", "other.jsonl")),
      "p/datasets/shops_quarantine.toml:1:1: a dataset cannot be named 'shops_quarantine': "
      "that is the table of what 'shops' has in quarantine");
}

}  // namespace
}  // namespace finops::datasets
