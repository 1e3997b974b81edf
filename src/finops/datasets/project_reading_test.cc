#include <gmock/gmock.h>

#include "finops/datasets/project_fixture.h"

namespace finops::datasets {
namespace {

using ::testing::HasSubstr;
using ProjectReadingTest = ProjectTest;

std::string dataset(const std::string& name) {
  return "[landing]\npath = \"" + name + "\"\nformat = \"csv\"\n[columns]\nid = \"text\"\n";
}
std::string join_to(const std::string& name) {
  return "[[join]]\ndataset = \"" + name + "\"\non = { id = \"id\" }\nmissing_flag = \"no_" + name +
         "\"\n";
}

TEST_F(ProjectReadingTest, AProjectHasOneSemanticsUnlessItNamesMore) {
  const Project project = read();
  EXPECT_EQ(project.folder, "p");
  EXPECT_EQ(project.name, "shop");
  EXPECT_EQ(project.all_semantics, std::vector<std::string>{"standard"});
  EXPECT_EQ(project.semantics, "standard");
  EXPECT_TRUE(project.is_default_semantics());
  EXPECT_EQ(read_project("p/", "standard").folder, "p");
}

TEST_F(ProjectReadingTest, WhatIsNoProjectIsTheCommandLinesMistake) {
  EXPECT_EQ(mistakes(ErrorKind::kUsage, "standrad"),
            "read the project 'p': it has no semantics 'standrad'; did you mean 'standard'?");
  std::filesystem::remove("p/project.toml");
  EXPECT_EQ(mistakes(ErrorKind::kUsage), "read the project 'p': there is no project.toml in it");
  std::filesystem::remove_all("p");
  EXPECT_EQ(mistakes(ErrorKind::kUsage), "read the project 'p': there is no such folder");
}

TEST_F(ProjectReadingTest, TheHeadIsChecked) {
  EXPECT_EQ(mistakes_of("project.toml", "nmae = \"x\"\nsemantics = [\"A\"]\n"),
            "the project has 3 mistakes:\n"
            "  p/project.toml:1:1: 'name' is missing in project.toml\n"
            "  p/project.toml:1:1: unknown key 'nmae' in project.toml; did you mean 'name'? The "
            "keys here are name, description, semantics\n"
            "  p/project.toml:2:14: semantics cannot be named 'A'; write a to z, 0 to 9 and _, a "
            "letter first");
  EXPECT_THAT(mistakes_of("project.toml", "name = "), HasSubstr("p/project.toml:1:"));
  write("project.toml", "name = \"shop\"\n");
  std::filesystem::remove_all("p/datasets");
  EXPECT_EQ(mistakes(),
            "p/project.toml:1:1: the project has no dataset; write datasets/<name>.toml");
}

TEST_F(ProjectReadingTest, AllMistakesOfAllFilesAreToldAtOnce) {
  write("project.toml", "name = \"Shop\"\n");
  write("rules/shops.toml", "\nrange = 1\nkeys = 2\n");
  write("datasets/orders.toml", "[landing");
  const std::string text = mistakes();
  EXPECT_THAT(text, HasSubstr("the project has 4 mistakes:\n  p/datasets/orders.toml:1:"));
  EXPECT_THAT(text, HasSubstr("this is not TOML"));
  EXPECT_THAT(text, HasSubstr("\n  p/project.toml:1:8: 'name' cannot be 'Shop'; write a to z, 0 to "
                              "9 and _, a letter first\n"
                              "  p/rules/shops.toml:2:1: unknown key 'range' in a rules file"));
  EXPECT_THAT(text, HasSubstr("\n  p/rules/shops.toml:3:1: unknown key 'keys' in a rules file"));
}

TEST_F(ProjectReadingTest, AFileThatIsNoTomlIsNoReasonForMistakesElsewhere) {
  write("datasets/shops.toml", "[landing");
  write("rules/orders.toml",
        "[[join]]\ndataset = \"shops\"\non = { shop_id = \"shop_id\" }\ncolumns = { a = \"b\" }\n");
  write("models/daily.sql", "SELECT 1");
  write("models/daily.toml",
        "description = \"d\"\n[[test]]\nrelation = { column = \"a\", to = \"silver.shops.b\" }\n");
  EXPECT_THAT(mistakes(), HasSubstr("p/datasets/shops.toml:1:9: this is not TOML"));
}

TEST_F(ProjectReadingTest, FilesAreUtf8) {
  EXPECT_EQ(mistakes_of("models/daily.sql", "SELECT '\xff'"),
            "p/models/daily.sql: this file is not UTF-8");
  EXPECT_EQ(mistakes_of("models/daily.sql", std::string((1 << 20) + 1, ' ')),
            "p/models/daily.sql: this file is longer than 1 MiB");
}

TEST_F(ProjectReadingTest, DatasetsAreOrderedSoThatJoinsLookBack) {
  for (const char* name : {"a", "b", "c", "d"}) {
    write("datasets/" + std::string(name) + ".toml", dataset(name));
  }
  write("rules/a.toml", join_to("c"));
  write("rules/c.toml", join_to("d"));
  std::string order;
  const Project project = read();
  for (const Dataset& one : project.datasets) order += one.name + " ";
  EXPECT_EQ(order, "b d c a orders shops ");
  for (std::size_t i = 0; i < project.datasets.size(); ++i) {
    EXPECT_EQ(project.rules.at(i).dataset, project.datasets[i].name);
  }
}

TEST_F(ProjectReadingTest, EachCircleOfJoinsIsToldOnce) {
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    write("datasets/" + std::string(name) + ".toml", dataset(name));
  }
  write("rules/a.toml", join_to("b"));  // waits for a circle, but is in none
  write("rules/b.toml", join_to("c"));
  write("rules/c.toml", join_to("b"));
  write("rules/d.toml", join_to("e"));
  write("rules/e.toml", join_to("d"));
  EXPECT_EQ(mistakes(),
            "the project has 2 mistakes:\n"
            "  p/rules/b.toml:1:1: joins go in a circle: b -> c -> b\n"
            "  p/rules/d.toml:1:1: joins go in a circle: d -> e -> d");
}

TEST_F(ProjectReadingTest, FilesOfOtherSemanticsStandInForThoseOfTheFirst) {
  write("project.toml", "name = \"shop\"\nsemantics = [\"right\", \"wrong\"]\n");
  write("rules/orders.toml", "[columns.order_id]\nrequired = true\n");
  write("rules/wrong/orders.toml", "duplicates = \"keep\"\n");
  write("rules/wrong/shops.toml", "duplicates = \"keep\"\n");
  write("models/daily.sql", "SELECT 1");
  write("models/daily.toml", "description = \"d\"\n");
  write("models/wrong/daily.sql", "SELECT 2");
  const Project right = read(), wrong = read("wrong");
  EXPECT_EQ(right.semantics, "right");
  EXPECT_EQ(right.rules.at(0).columns.size(), 1u);
  EXPECT_TRUE(right.rules.at(0).key_is_unique);
  EXPECT_TRUE(right.rules.at(1).key_is_unique);
  EXPECT_EQ(right.models.at(0).sql.sql, "SELECT 1");
  EXPECT_FALSE(wrong.is_default_semantics());
  EXPECT_EQ(wrong.rules.at(0).columns.size(), 0u);
  EXPECT_FALSE(wrong.rules.at(0).key_is_unique);
  EXPECT_FALSE(wrong.rules.at(1).key_is_unique);
  EXPECT_EQ(wrong.models.at(0).sql.sql, "SELECT 2");
  EXPECT_EQ(wrong.models.at(0).sql.origin.where, "p/models/wrong/daily.sql:1:1");
  EXPECT_EQ(wrong.models.at(0).description, "d");
}

TEST_F(ProjectReadingTest, MistakesOfOtherSemanticsAreToldToo) {
  write("project.toml", "name = \"shop\"\nsemantics = [\"right\", \"wrong\"]\n");
  write("rules/wrong/orders.toml", "x = 1\n");
  write("models/wrong/daily.sql", "SELECT 1");
  write("models/wrong/other.toml", "description = \"d\"\n");
  EXPECT_EQ(mistakes(),
            "the project has 3 mistakes:\n"
            "  p/models/wrong/daily.sql:1:1: this stands in for models/daily.sql, which is not "
            "there; there are no models\n"
            "  p/models/wrong/other.toml:1:1: a model needs its SQL: other.sql is not there beside "
            "this file\n"
            "  p/rules/wrong/orders.toml:1:1: unknown key 'x' in a rules file; the keys here are "
            "columns, join, derive, rule, duplicates, currency_column");
}

TEST_F(ProjectReadingTest, FoldersOfRulesAndModelsAreSemantics) {
  write("project.toml", "name = \"shop\"\nsemantics = [\"right\", \"wrong\"]\n");
  write("rules/worng/orders.toml", "");
  write("models/right/daily.sql", "SELECT 1");
  write("models/wrong/deep/daily.sql", "SELECT 1");
  EXPECT_EQ(mistakes(),
            "the project has 3 mistakes:\n"
            "  p/models/right: 'right' is the first of the semantics; its files stand in the "
            "folder above\n"
            "  p/models/wrong/deep/daily.sql: this file is not read: a folder of semantics has no "
            "folders of its own\n"
            "  p/rules/worng: 'worng' is none of the semantics in project.toml; did you mean "
            "'wrong'?");
}

TEST_F(ProjectReadingTest, FilesThatAreNotReadAreMistakesUnlessTheyAreOfAnotherKind) {
  write("datasets/notes.md", "");
  write("datasets/.hidden.toml", "");
  write("docs/some.sql", "");
  EXPECT_EQ(mistakes(), "no mistake");
  write("datasets/a.sql", "SELECT 1");
  write("datasets/more/b.toml", "");
  write("rules/c.sql", "SELECT 1");
  write("collections/d.sql", "SELECT 1");
  write("datasets/Big.toml", "");
  EXPECT_EQ(mistakes(),
            "the project has 5 mistakes:\n"
            "  p/collections/d.sql: this file is not read: collections/ holds .toml files\n"
            "  p/datasets/Big.toml: a file that gives a name cannot be 'Big'; write a to z, 0 to 9 "
            "and _, a letter first\n"
            "  p/datasets/a.sql: this file is not read: datasets/ holds .toml files\n"
            "  p/datasets/more/b.toml: this file is not read: datasets/ has no folders of its own\n"
            "  p/rules/c.sql: this file is not read: rules/ holds .toml files");
}

TEST_F(ProjectReadingTest, TablesOfFinopsOwnHaveTheirNames) {
  for (const char* name : {"landing_files", "table_states", "shops_repeated_keys"}) {
    const std::string file = "datasets/" + std::string(name) + ".toml";
    EXPECT_THAT(
        mistakes_of(file,
                    "[landing]\npath = \"other.csv\"\nformat = \"csv\"\n"
                    "[columns]\na = \"text\"\n"),
        ::testing::HasSubstr("p/" + file + ":1:1: a dataset cannot be named '" + name + "'"))
        << name;
    std::filesystem::remove("p/" + file);
  }
}

}  // namespace
}  // namespace finops::datasets
