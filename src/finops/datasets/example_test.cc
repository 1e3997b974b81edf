#include <gtest/gtest.h>

#include "finops/datasets/project.h"

namespace finops::datasets {
namespace {

const std::string kExample = FINOPS_EXAMPLES "/cloud_provider_analytics";

class ExampleTest : public ::testing::TestWithParam<const char*> {};

TEST_P(ExampleTest, HasNoMistakes) {
  const Project project = read_project(kExample, GetParam());
  EXPECT_EQ(project.name, "cloud_provider_analytics");
  EXPECT_EQ(project.datasets.size(), 8u);
  EXPECT_EQ(project.models.size(), 7u);
  EXPECT_EQ(project.collections.size(), 5u);
  std::string order;
  for (const Dataset& dataset : project.datasets) order += dataset.name + " ";
  EXPECT_EQ(order,
            "billing_monthly customers_orgs marketing_touches nps_surveys resources "
            "support_tickets usage_events users ");
}

TEST_P(ExampleTest, DescribesEverything) {
  const Project project = read_project(kExample, GetParam());
  for (const Dataset& dataset : project.datasets) {
    EXPECT_NE(dataset.description, "") << dataset.name;
    for (const DatasetColumn& column : dataset.columns) {
      EXPECT_NE(column.description, "") << dataset.name << "." << column.name;
    }
  }
  for (const SilverRules& rules : project.rules) {
    for (const DerivedColumn& derived : rules.derived) {
      EXPECT_NE(derived.description, "") << rules.dataset << "." << derived.column;
    }
  }
  for (const Model& model : project.models) {
    EXPECT_NE(model.description, "") << model.name;
    EXPECT_FALSE(model.columns.empty()) << model.name;
    EXPECT_FALSE(model.tests.empty()) << model.name;
  }
}

TEST_P(ExampleTest, KeepsOrRefusesDuplicatesByItsSemantics) {
  const Project project = read_project(kExample, GetParam());
  for (std::size_t i = 0; i < project.rules.size(); ++i) {
    const bool is_unique = project.rules[i].key_is_unique;
    EXPECT_EQ(is_unique, project.is_default_semantics() || project.datasets[i].key.empty())
        << project.datasets[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Semantics, ExampleTest, ::testing::Values("corrected", "reference"));

}  // namespace
}  // namespace finops::datasets
