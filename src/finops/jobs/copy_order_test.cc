#include "finops/jobs/copy_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/thrown.h"

namespace finops::jobs {
namespace {

using std::chrono::sys_days;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const journal::ClientConfiguration kClient = {.organization_id = "7",
                                              .source_project = "theirs",
                                              .source_dataset = "billing",
                                              .source_table = "export_v1",
                                              .service_account = "reader@theirs",
                                              .location = "EU",
                                              .transform_sql = "/srv/t.sql",
                                              .look_back_days = 3};

TEST(CopyOrderTest, TheDestinationIsNamedAsUsualWhereNothingElseIsConfigured) {
  const CopyOrder order = order_of(kClient, {.organization_id = "7"}, "ours");
  EXPECT_EQ(order.source.to_string(), "theirs.billing.export_v1");
  EXPECT_EQ(order.destination.to_string(),
            "ours.org_7_standard_export.org_7_standard_export_table");
  EXPECT_EQ(order.reader_account, "reader@theirs");
  EXPECT_EQ(order.location, "EU");
  EXPECT_EQ(order.transform_sql, "/srv/t.sql");
  EXPECT_EQ(order.look_back_days, 3);
}

TEST(CopyOrderTest, TheMessageGoesBeforeTheConfigurationBeforeWhatIsUsual) {
  auto client = kClient;
  client.destination_project = "p";
  client.destination_dataset = "d";
  client.destination_table = "t";
  const CopyWish wish = {.organization_id = "7", .source_table = "other"};
  const CopyOrder order = order_of(client, wish, "ours");
  EXPECT_EQ(order.source.to_string(), "theirs.billing.other");
  EXPECT_EQ(order.destination.to_string(), "p.d.t");
  client.source_project.clear();
  EXPECT_EQ(order_of(client, {.organization_id = "7"}, "ours").source.project, "ours");
}

TEST(CopyOrderTest, TheUsualSourceIsTheConfiguredOneHoweverItIsNamed) {
  const auto is_usual = [](const journal::ClientConfiguration& client, const CopyWish& wish) {
    return order_of(client, wish, "ours").is_usual_source;
  };
  EXPECT_TRUE(is_usual(kClient, {.organization_id = "7"}));
  EXPECT_TRUE(is_usual(kClient, {.organization_id = "7", .source_table = "export_v1"}));
  EXPECT_FALSE(is_usual(kClient, {.organization_id = "7", .source_table = "other"}));
  EXPECT_FALSE(is_usual({.organization_id = "8"},
                        {.organization_id = "8", .source_dataset = "d", .source_table = "t"}))
      << "nothing is configured";
}

TEST(CopyOrderTest, NamesAllThatIsMissing) {
  const auto error = error_thrown_by(
      [] { order_of({.organization_id = "org/7"}, {.organization_id = "org/7"}, ""); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("source_project"), HasSubstr("source_dataset"),
                                  HasSubstr("source_table"), HasSubstr("destination_project"),
                                  HasSubstr("destination_dataset"), HasSubstr("set-client")));
  const auto less =
      error_thrown_by([] { order_of({.organization_id = "7"}, {.organization_id = "7"}, "ours"); });
  EXPECT_THAT(less.what(), Not(HasSubstr("destination")));
}

TEST(CopyOrderTest, AWishComesBackFromTheParameters) {
  const CopyWish wish = {.organization_id = "7",
                         .source_project = "p",
                         .source_dataset = "d",
                         .source_table = "t",
                         .only_day = sys_days(std::chrono::January / 31 / 2026)};
  EXPECT_EQ(parameters_of(wish),
            R"({"dataset_id":"d","project_id":"p","table_id":"t","target_date":"2026-01-31"})");
  const CopyWish back = wish_of("7", parameters_of(wish));
  EXPECT_EQ(back.organization_id, "7");
  EXPECT_EQ(back.source_dataset, "d");
  EXPECT_EQ(back.only_day, wish.only_day);
  EXPECT_EQ(wish_of("7", "{}").only_day, std::nullopt);
  for (const char* wrong : {"nonsense", "[]", R"({"table_id": 5})", R"({"target_date": "x"})"}) {
    EXPECT_EQ(kind_thrown_by([&] { wish_of("7", wrong); }), ErrorKind::kInvalidData) << wrong;
  }
}

TEST(CopyOrderTest, TwoOrganisationsAreNotCopiedToOneTable) {
  const auto require = [](const journal::ClientConfiguration& client) {
    const std::vector<journal::ClientConfiguration> all = {kClient, client};
    require_own_destination(all, client, "ours");
  };
  require({.organization_id = "8"});
  require({.organization_id = "8", .destination_dataset = "org_7_standard_export"});
  const journal::ClientConfiguration same = {.organization_id = "8",
                                             .destination_project = "ours",
                                             .destination_dataset = "org_7_standard_export",
                                             .destination_table = "org_7_standard_export_table"};
  const auto error = error_thrown_by([&] { require(same); });
  EXPECT_EQ(error.kind(), ErrorKind::kInvalidConfig);
  EXPECT_THAT(error.what(), AllOf(HasSubstr("8 and 7"), HasSubstr("org_7_standard_export_table")));
}

}  // namespace
}  // namespace finops::jobs
