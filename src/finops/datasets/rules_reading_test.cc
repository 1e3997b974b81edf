#include "finops/datasets/project_fixture.h"

namespace finops::datasets {
namespace {

using RulesReadingTest = ProjectTest;

TEST_F(RulesReadingTest, ReadsWhatIsWritten) {
  write("rules/orders.toml", R"(duplicates = "keep"
currency_column = "paid_in"
[columns.currency]
required = true
case = "upper"
null_texts = ["N/A"]
aliases = { "$" = "USD" }
one_of = ["USD", "EUR"]
unknown = "null"
pattern = "[A-Z]{3}"
[columns.amount]
range = [0, "99.5"]
out_of_range = "quarantine"
default = "1"
[[join]]
dataset = "shops"
on = { shop_id = "shop_id" }
columns = { shop_name = "Shop Name" }
missing_flag = "unknown_shop"
[[derive]]
column = "paid_in"
type = "text"
sql = "currency"
[[rule]]
code = "late"
when = '''
paid_at > now()'''
action = "quarantine"
set = { amount = "0", paid_in = "NULL" }
[[rule]]
when = "true"
set = { currency = "'USD'" }
)");
  const Project project = read();
  ASSERT_EQ(project.datasets[0].name, "shops");
  ASSERT_EQ(project.datasets[1].name, "orders");
  EXPECT_TRUE(project.rules[0].key_is_unique);
  const SilverRules& rules = project.rules[1];
  EXPECT_EQ(rules.dataset, "orders");
  EXPECT_FALSE(rules.key_is_unique);
  EXPECT_EQ(rules.currency_column, "paid_in");
  ASSERT_EQ(rules.columns.size(), 2u);
  const ColumnRule& currency = rules.columns[0];
  EXPECT_TRUE(currency.is_required);
  EXPECT_EQ(currency.letter_case, LetterCase::kUpper);
  EXPECT_EQ(currency.null_texts, std::vector<std::string>{"N/A"});
  EXPECT_EQ(currency.aliases.at("$"), "USD");
  EXPECT_EQ(currency.one_of, (std::vector<std::string>{"USD", "EUR"}));
  EXPECT_EQ(currency.one_of_otherwise, Otherwise::kNull);
  EXPECT_EQ(currency.pattern, "[A-Z]{3}");
  const ColumnRule& amount = rules.columns[1];
  EXPECT_EQ(amount.range->least, Decimal());
  EXPECT_EQ(amount.range->most, Decimal::parse("99.5")->value);
  EXPECT_EQ(amount.range->otherwise, Otherwise::kQuarantine);
  EXPECT_EQ(amount.default_value, "1");
  ASSERT_EQ(rules.joins.size(), 1u);
  EXPECT_EQ(rules.joins[0].columns[0],
            (std::pair<std::string, std::string>("shop_name", "Shop Name")));
  EXPECT_EQ(rules.joins[0].missing_flag, "unknown_shop");
  ASSERT_EQ(rules.derived.size(), 1u);
  EXPECT_EQ(rules.derived[0].sql.sql, "currency");
  EXPECT_EQ(rules.derived[0].sql.origin.where, "p/rules/orders.toml:23:8");
  ASSERT_EQ(rules.rules.size(), 2u);
  EXPECT_EQ(rules.rules[0].when.origin.where, "p/rules/orders.toml:27:1");
  EXPECT_EQ(rules.rules[0].action, RowRule::Action::kQuarantine);
  EXPECT_EQ(rules.rules[0].set[0].first, "amount");
  EXPECT_EQ(rules.rules[0].set[1].second.sql, "NULL");
  EXPECT_EQ(rules.rules[1].code, "");
}

TEST_F(RulesReadingTest, RulesAreOfDatasetsAndColumnsThatAreThere) {
  EXPECT_EQ(mistakes_of("rules/order.toml", ""),
            "p/rules/order.toml:1:1: these are rules of a dataset that is not there: 'order'; did "
            "you mean 'orders'?");
}

TEST_F(RulesReadingTest, ColumnRulesFitTheirColumns) {
  EXPECT_EQ(of_rules("[columns.shopid]\n[columns]\namount = 1\n"),
            "the project has 2 mistakes:\n"
            "  p/rules/orders.toml:1:10: the dataset 'orders' has no column 'shopid'; did you mean "
            "'shop_id'?\n"
            "  p/rules/orders.toml:3:10: 'amount' is a section, not a whole number; write "
            "[columns.amount]");
  EXPECT_EQ(of_rules("[columns.shop_id]\nrange = [5, 1]\n"),
            "the project has 2 mistakes:\n"
            "  p/rules/orders.toml:2:9: 'range' begins with the greater number; write [1, 5]\n"
            "  p/rules/orders.toml:2:9: 'range' is for columns of the type decimal; 'shop_id' is "
            "text");
  EXPECT_EQ(
      of_rules("[columns.amount]\nrange = [true, \"x\"]\none_of = [\"a\"]\npattern = \"b\"\n"),
      "the project has 4 mistakes:\n"
      "  p/rules/orders.toml:2:10: 'range' must be a number such as 3 or \"0.01\", not true "
      "or false\n"
      "  p/rules/orders.toml:2:16: 'range' must be a number such as 3 or \"0.01\", not 'x'\n"
      "  p/rules/orders.toml:3:10: 'one_of' is for columns of the type text; 'amount' is "
      "decimal\n"
      "  p/rules/orders.toml:4:11: 'pattern' is for columns of the type text; 'amount' is "
      "decimal");
  EXPECT_EQ(of_rules("[columns.amount]\nrange = [1]\n"),
            "p/rules/orders.toml:2:9: 'range' must be two numbers, the least and the most");
  EXPECT_EQ(of_rules("[columns.amount]\nrange = [\"0.0000000000000000001\", 1]\n"),
            "p/rules/orders.toml:2:10: 'range' has more than 18 decimals: '0.0000000000000000001'");
  EXPECT_EQ(of_rules("[columns.shop_id]\ncase = \"Lower\"\nunknown = \"null\"\n"),
            "the project has 2 mistakes:\n"
            "  p/rules/orders.toml:2:8: 'case' must be one of lower, upper, not 'Lower'\n"
            "  p/rules/orders.toml:3:11: 'unknown' says nothing without 'one_of'");
}

TEST_F(RulesReadingTest, WhatCanNeverMatchIsAMistake) {
  EXPECT_EQ(of_rules("[columns.shop_id]\ncase = \"lower\"\naliases = { \"A\" = \"b\" }\none_of = "
                     "[\"b\", \"C\"]\n[columns.paid_at]\ndefault = \"soon\"\n[columns.is_gift]\n"
                     "default = \"no\"\n"),
            "the project has 4 mistakes:\n"
            "  p/rules/orders.toml:3:13: the alias 'A' is never found: 'case' is applied first\n"
            "  p/rules/orders.toml:4:16: the word 'C' is never found: 'case' is applied first\n"
            "  p/rules/orders.toml:6:11: 'default' cannot be read as timestamp: 'soon'\n"
            "  p/rules/orders.toml:8:11: 'default' cannot be read as boolean: 'no'");
}

TEST_F(RulesReadingTest, JoinsNameWhatIsThere) {
  EXPECT_EQ(of_rules("[[join]]\ndataset = \"shop\"\non = { shop_id = \"shop_id\" }\ncolumns = { a "
                     "= \"b\" }\n"),
            "p/rules/orders.toml:2:11: there is no dataset 'shop'; did you mean 'shops'?");
  EXPECT_EQ(
      of_rules("[[join]]\ndataset = \"shops\"\non = { shopid = \"shop_id\", amount = "
               "\"shop_id\" }\ncolumns = { shop_name = \"shop name\", amount = \"Shop Name\", "
               "Upper = \"shop_id\", flags = \"shop_id\" }\n"),
      "the project has 6 mistakes:\n"
      "  p/rules/orders.toml:3:8: a join is on delivered columns and those of joins before "
      "it; 'shopid' is none; did you mean 'shop_id'?\n"
      "  p/rules/orders.toml:3:28: 'amount' is decimal, but 'shop_id' of 'shops' is text\n"
      "  p/rules/orders.toml:4:25: silver's 'shops' has no column 'shop name'; did you mean "
      "'Shop Name'?\n"
      "  p/rules/orders.toml:4:38: column 'amount' is there already\n"
      "  p/rules/orders.toml:4:60: a column cannot be named 'Upper'; write a to z, 0 to 9 "
      "and _, a letter first\n"
      "  p/rules/orders.toml:4:79: 'flags' is the name of a column that finops adds to every "
      "row");
  EXPECT_EQ(of_rules("[[join]]\ndataset = \"shops\"\non = {}\n"),
            "the project has 2 mistakes:\n"
            "  p/rules/orders.toml:1:1: this [[join]] does nothing; write 'columns' or "
            "'missing_flag'\n"
            "  p/rules/orders.toml:3:6: 'on' is empty; write { own_column = \"their_column\" }");
}

TEST_F(RulesReadingTest, JoinsSeeWhatTheOtherDatasetsRulesAdd) {
  write("rules/shops.toml", "[[derive]]\ncolumn = \"size\"\ntype = \"decimal\"\nsql = \"1\"\n");
  write("rules/orders.toml",
        "[[join]]\ndataset = \"shops\"\non = { shop_id = \"shop_id\" }\ncolumns = { shop_size = "
        "\"size\" }\n");
  EXPECT_EQ(mistakes(), "no mistake");
}

TEST_F(RulesReadingTest, JoinsThatGoInACircleAreNamed) {
  write("rules/orders.toml",
        "[[join]]\ndataset = \"shops\"\non = { shop_id = \"shop_id\" }\nmissing_flag = \"a\"\n");
  write("rules/shops.toml",
        "\n[[join]]\ndataset = \"orders\"\non = { shop_id = \"shop_id\" }\nmissing_flag = \"a\"\n");
  EXPECT_EQ(mistakes(), "p/rules/orders.toml:1:1: joins go in a circle: orders -> shops -> orders");
  write("rules/orders.toml",
        "[[join]]\ndataset = \"orders\"\non = { shop_id = \"shop_id\" }\nmissing_flag = \"a\"\n");
  EXPECT_EQ(mistakes(), "p/rules/orders.toml:1:1: joins go in a circle: orders -> orders");
}

TEST_F(RulesReadingTest, DerivedColumnsAreNewAndHaveSql) {
  EXPECT_EQ(of_rules("[[derive]]\ncolumn = \"Amount\"\ntype = \"text\"\nsql = \" -- nothing\\n\"\n"
                     "[[derive]]\ncolumn = \"amount\"\ntype = \"int\"\n"),
            "the project has 5 mistakes:\n"
            "  p/rules/orders.toml:2:10: a column cannot be named 'Amount'; write a to z, 0 to 9 "
            "and _, a letter first\n"
            "  p/rules/orders.toml:4:7: 'sql' has no SQL in it\n"
            "  p/rules/orders.toml:5:1: 'sql' is missing in a [[derive]]\n"
            "  p/rules/orders.toml:6:10: column 'amount' is there already\n"
            "  p/rules/orders.toml:7:8: 'type' must be one of text, decimal, timestamp, date, "
            "boolean, not 'int'");
}

TEST_F(RulesReadingTest, RulesHaveACodeOrSetSomething) {
  EXPECT_EQ(of_rules("[[rule]]\nwhen = \"true\"\n[[rule]]\nwhen = \"true\"\naction = "
                     "\"quarantine\"\nset = { amount = \"1\" }\n[[rule]]\ncode = \"Late\"\nwhen = "
                     "\"\"\nset = { amuont = \"1\" }\n"),
            "the project has 5 mistakes:\n"
            "  p/rules/orders.toml:1:1: 'code' is missing in a [[rule]]; only a rule that does "
            "nothing but 'set' has none\n"
            "  p/rules/orders.toml:3:1: 'code' is missing in a [[rule]]; only a rule that does "
            "nothing but 'set' has none\n"
            "  p/rules/orders.toml:8:8: 'code' cannot be 'Late'; write a to z, 0 to 9 and _, a "
            "letter first\n"
            "  p/rules/orders.toml:9:8: 'when' has no SQL in it\n"
            "  p/rules/orders.toml:10:9: 'set' names no column: 'amuont'; did you mean 'amount'?");
}

TEST_F(RulesReadingTest, ACodeIsThereOnce) {
  EXPECT_EQ(of_rules("[[rule]]\ncode = \"late\"\nwhen = \"true\"\n[[rule]]\ncode = "
                     "\"late\"\nwhen = \"false\"\n"),
            "p/rules/orders.toml:5:8: the code 'late' is there already");
}

TEST_F(RulesReadingTest, TablesAreWrittenAsTables) {
  EXPECT_EQ(of_rules("rule = [1]\njoin = \"shops\"\n"),
            "the project has 2 mistakes:\n"
            "  p/rules/orders.toml:1:9: 'rule' is a list of tables, and here is a whole number; "
            "write [[rule]] for each\n"
            "  p/rules/orders.toml:2:8: 'join' is a list of tables, not text; write [[join]] for "
            "each");
}

TEST_F(RulesReadingTest, WhatSaysNothingOfTheDatasetIsAMistake) {
  write("datasets/shops.toml",
        "[landing]\npath = \"a\"\nformat = \"csv\"\n[columns]\nshop_id = \"text\"\n");
  EXPECT_EQ(
      mistakes_of("rules/shops.toml", "duplicates = \"keep\"\ncurrency_column = \"shops_id\"\n"),
      "the project has 3 mistakes:\n"
      "  p/rules/shops.toml:1:14: 'duplicates' says nothing: the dataset 'shops' has no key\n"
      "  p/rules/shops.toml:2:19: 'currency_column' names no column: 'shops_id'; did you mean "
      "'shop_id'?\n"
      "  p/rules/shops.toml:2:19: 'currency_column' stands in for that of [[money]], and the "
      "dataset 'shops' has none");
}

TEST_F(RulesReadingTest, CodesThatFinopsGivesItselfAreNotFree) {
  const std::string rule = "[[rule]]\nwhen = \"true\"\ncode = ";
  const std::string is_own = "is one that finops gives by itself here; choose another";
  for (const char* own : {"duplicate_key", "order_id_missing", "amount_unreadable"}) {
    EXPECT_EQ(of_rules(rule + "\"" + own + "\"\n"),
              "p/rules/orders.toml:3:8: the code '" + std::string(own) + "' " + is_own);
  }
  EXPECT_EQ(of_rules("[columns.amount]\nrange = [0, 1]\n" + rule + "\"amount_out_of_range\"\n"),
            "p/rules/orders.toml:5:8: the code 'amount_out_of_range' " + is_own);
  // Nobody else gives these.
  EXPECT_EQ(of_rules(rule + "\"amount_missing\"\n" + rule + "\"amount_out_of_range\"\n"),
            "no mistake");
  EXPECT_EQ(of_rules("duplicates = \"keep\"\n" + rule + "\"duplicate_key\"\n"), "no mistake");
}

}  // namespace
}  // namespace finops::datasets
