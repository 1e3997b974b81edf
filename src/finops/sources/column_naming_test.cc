#include "finops/sources/column_naming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "finops/core/sha256.h"
#include "finops/sources/aws_cur/column_dictionary.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using testing::ElementsAre;

std::string hash8(const std::string& exact) { return "_" + sha256_of(exact).substr(0, 8); }

/// A table that takes every delivery, as the lake would.
struct Table {
  TableSchema schema;
  SourceNames names;
  int next_id = 1;

  Table() {
    for (const char* name :
         {"source", "billing_period", "execution_id", "source_file", "source_line"}) {
      add({name, ColumnType::kText, "", false, 0, 0, 0});
    }
  }
  void add(Column column) {
    column.field_id = next_id++;
    schema.columns.push_back(std::move(column));
  }
  /// Exact name → column.
  std::map<std::string, std::string> take_typed(const std::vector<DeliveredColumn>& delivered) {
    const ColumnBinding binding = bind_columns(delivered, schema, names, aws_column_dictionary());
    for (const Column& column : binding.new_columns) add(column);
    names = parse_source_names(to_json(binding.source_names));
    std::map<std::string, std::string> result;
    for (const BoundColumn& bound : binding.columns) {
      result[bound.source_name] = bound.column.name;
    }
    return result;
  }
  std::map<std::string, std::string> take(const std::vector<std::string>& exact_names) {
    std::vector<DeliveredColumn> delivered;
    for (const std::string& name : exact_names) delivered.push_back({name, ""});
    return take_typed(delivered);
  }
};

TEST(NormalizedNameTest, FollowsAwsRuleForNamesWithASlash) {
  const std::pair<const char*, const char*> cases[] = {
      {"lineItem/UnblendedCost", "line_item_unblended_cost"},
      {"identity/LineItemId", "identity_line_item_id"},
      {"reservation/ReservationARN", "reservation_reservation_a_r_n"},
      {"savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n"},
      {"resourceTags/user:Name", "resource_tags_user_name"},
      {"resourceTags/user:name", "resource_tags_user_name"},
      {"resourceTags/aws:autoscaling:groupName", "resource_tags_aws_autoscaling_group_name"},
      {"product/ECU", "product_e_c_u"},
      {"product/ecu", "product_ecu"},
      {"pricing/publicOnDemandRate", "pricing_public_on_demand_rate"},
      {"costCategory/Größe 2", "cost_category_gr_e_2"},
      {"resourceTags/user:日本", "resource_tags_user"},
      {"resourceTags/user:a/b--c_", "resource_tags_user_a_b_c"},
      {"/", ""}};
  for (const auto& [exact, name] : cases) EXPECT_EQ(normalized_name(exact), name) << exact;
}

TEST(NormalizedNameTest, OnlyLowersNamesWithoutASlash) {
  EXPECT_EQ(normalized_name("product_instanceSKU"), "product_instancesku");
  EXPECT_EQ(normalized_name("line_item__Cost_"), "line_item__cost_");
  EXPECT_EQ(normalized_name("product.region\n"), "product_region_") << "a dot is Iceberg's nesting";
  EXPECT_EQ(normalized_name(""), "");
}

TEST(SourceNamesTest, SurviveTheWayThroughAProperty) {
  const SourceNames names = {{"a", {"x/A", "a"}}, {"größe", {"\"Größe\""}}};
  EXPECT_EQ(parse_source_names(to_json(names)), names);
  EXPECT_EQ(parse_source_names(""), SourceNames{});
  for (const char* damaged : {"{", "[]", R"({"a": "b"})", R"({"a": [1]})"}) {
    EXPECT_EQ(kind_thrown_by([&] { parse_source_names(damaged); }), ErrorKind::kInvalidData)
        << damaged;
  }
  EXPECT_EQ(kind_thrown_by([&] { to_json({{"\xff", {}}}); }), ErrorKind::kInvalidData);
}

TEST(BindColumnsTest, InventsColumnsWithTypeAndExactName) {
  const ColumnBinding binding = bind_columns({{"lineItem/UnblendedCost", "String"},
                                              {"resourceTags/user:Name", "BigDecimal"},
                                              {"lineItem/NewThing", "OptionalBigDecimal"}},
                                             {}, {}, aws_column_dictionary());
  ASSERT_EQ(binding.new_columns.size(), 3u);
  EXPECT_EQ(binding.new_columns[0].name, "line_item_unblended_cost");
  EXPECT_EQ(binding.new_columns[0].doc, "lineItem/UnblendedCost");
  EXPECT_EQ(binding.new_columns[0].type, ColumnType::kDecimal);
  EXPECT_EQ(binding.new_columns[1].type, ColumnType::kText);
  EXPECT_EQ(binding.new_columns[2].type, ColumnType::kDecimal);
  EXPECT_EQ(binding.columns[0].source_name, "lineItem/UnblendedCost");
  EXPECT_THAT(binding.source_names.at("line_item_unblended_cost"),
              ElementsAre("lineItem/UnblendedCost"));
}

TEST(BindColumnsTest, KeepsTagsApartThatDifferInCaseOnly) {
  const std::string upper = "resourceTags/user:Name", small = "resourceTags/user:name";
  for (const auto& order : {std::vector{upper, small}, std::vector{small, upper}}) {
    Table table;
    const auto columns = table.take(order);
    EXPECT_EQ(columns.at(upper), "resource_tags_user_name") << "first in byte order";
    EXPECT_EQ(columns.at(small), "resource_tags_user_name" + hash8(small));
  }
}

TEST(BindColumnsTest, RemembersWhichTagHadTheNameFirst) {
  const std::string upper = "resourceTags/user:Name", small = "resourceTags/user:name";
  Table table;
  EXPECT_EQ(table.take({small}).at(small), "resource_tags_user_name");
  EXPECT_EQ(table.take({upper}).at(upper), "resource_tags_user_name" + hash8(upper));
  const auto both = table.take({upper, small});
  EXPECT_EQ(both.at(small), "resource_tags_user_name");
  EXPECT_EQ(both.at(upper), "resource_tags_user_name" + hash8(upper));
}

TEST(BindColumnsTest, TakesTheFormsOfOneColumnForOne) {
  Table table;
  EXPECT_EQ(table.take({"lineItem/UnblendedCost"}).begin()->second, "line_item_unblended_cost");
  EXPECT_EQ(table.take({"line_item_unblended_cost"}).begin()->second, "line_item_unblended_cost");
  EXPECT_EQ(table.take({"LINE_ITEM_UNBLENDED_COST"}).begin()->second, "line_item_unblended_cost");
  EXPECT_THAT(table.names.at("line_item_unblended_cost"),
              ElementsAre("lineItem/UnblendedCost", "line_item_unblended_cost",
                          "LINE_ITEM_UNBLENDED_COST"));
  EXPECT_EQ(table.take({"product/vcpu"}).begin()->second, "product_vcpu");
  EXPECT_EQ(table.take({"product_vcpu"}).begin()->second, "product_vcpu");
  EXPECT_EQ(table.take({"PRODUCT_VCPU"}).begin()->second, "product_vcpu" + hash8("PRODUCT_VCPU"))
      << "not of the dictionary: could stand beside product_vcpu";
}

TEST(BindColumnsTest, TakesBothFormsInOneDeliveryForTwoColumns) {
  Table table;
  const auto columns = table.take({"line_item_usage_amount", "lineItem/UsageAmount"});
  EXPECT_EQ(columns.at("lineItem/UsageAmount"), "line_item_usage_amount");
  EXPECT_EQ(columns.at("line_item_usage_amount"),
            "line_item_usage_amount" + hash8("line_item_usage_amount"));
}

TEST(BindColumnsTest, PartsFormsThatWereOneColumnWhereTheyMeet) {
  Table table;
  table.take({"lineItem/UsageAmount"});
  table.take({"line_item_usage_amount"});
  for (int month = 0; month < 2; ++month) {
    const auto both = table.take({"line_item_usage_amount", "lineItem/UsageAmount"});
    EXPECT_EQ(both.at("lineItem/UsageAmount"), "line_item_usage_amount");
    EXPECT_EQ(both.at("line_item_usage_amount"),
              "line_item_usage_amount" + hash8("line_item_usage_amount"));
    EXPECT_EQ(table.take({"line_item_usage_amount"}).begin()->second, "line_item_usage_amount")
        << "alone it is what it was";
  }
}

TEST(BindColumnsTest, GivesOurOwnNamesToNobody) {
  Table table;
  const auto columns = table.take({"source", "Billing_Period", "_file", "source/File"});
  EXPECT_EQ(columns.at("source"), "source" + hash8("source"));
  EXPECT_EQ(columns.at("Billing_Period"), "billing_period" + hash8("Billing_Period"));
  EXPECT_EQ(columns.at("_file"), "_file" + hash8("_file"));
  EXPECT_EQ(columns.at("source/File"), "source_file" + hash8("source/File"));
  EXPECT_EQ(table.take_typed({{"currency", "string"}}).at("currency"), "currency");
  EXPECT_EQ(table.take_typed({{"raw", "double"}}).at("raw"), "raw" + hash8("raw"))
      << "the quarantine table has such a column";
}

TEST(BindColumnsTest, NamesWhatHasNoNameAndCutsWhatIsTooLong) {
  Table table;
  const std::string latin = "resourceTags/user:" + std::string(300, 'x');
  const std::string greek = [] {
    std::string text = "t";
    for (int i = 0; i < 200; ++i) text += "ω";
    return text;
  }();
  const auto columns = table.take({"", "/", latin, greek});
  EXPECT_EQ(columns.at(""), "unnamed" + hash8(""));
  EXPECT_EQ(columns.at("/"), "unnamed" + hash8("/"));
  EXPECT_EQ(columns.at(latin).size(), 255u);
  EXPECT_TRUE(columns.at(latin).ends_with(hash8(latin)));
  EXPECT_EQ(columns.at(greek).size(), 254u) << "no letter cut in two";
  EXPECT_TRUE(columns.at(greek).ends_with("ω" + hash8(greek)));
}

TEST(BindColumnsTest, LengthensAHashThatIsTaken) {
  Table table;
  const std::string small = "resourceTags/user:name";
  const std::string taken = "resource_tags_user_name" + hash8(small);
  table.take({taken, "resourceTags/user:Name"});
  EXPECT_EQ(table.take({small}).at(small),
            "resource_tags_user_name_" + sha256_of(small).substr(0, 16));
}

TEST(BindColumnsTest, PrefersTheDictionaryToNamesThatLookLikeIt) {
  Table table;
  const auto columns = table.take({"line/ItemUnblendedCost", "lineItem/UnblendedCost"});
  EXPECT_EQ(columns.at("lineItem/UnblendedCost"), "line_item_unblended_cost");
}

TEST(BindColumnsTest, LeavesTheTypeOfAnExistingColumn) {
  TableSchema schema;
  schema.columns.push_back({"team", ColumnType::kText, "team", false, 7, 0, 0});
  const ColumnBinding binding =
      bind_columns({{"team", "double"}}, schema, {}, aws_column_dictionary());
  EXPECT_THAT(binding.new_columns, testing::IsEmpty());
  EXPECT_EQ(binding.columns.at(0).column, schema.columns[0]);
}

TEST(BindColumnsTest, KnowsColumnsByTheirDocWhenThePropertyIsLost) {
  Table table;
  const auto before = table.take({"resourceTags/user:name"});
  table.names.clear();
  EXPECT_EQ(
      table.take({"resourceTags/user:name", "resourceTags/user:Name"}).at("resourceTags/user:name"),
      before.begin()->second);
}

TEST(BindColumnsTest, TakesAColumnOfAnotherWriterUnlessItsTypeCannotHoldText) {
  Table table;
  table.add({"Team", ColumnType::kText, "", false, 0, 0, 0});
  table.add({"units", ColumnType::kLong, "", false, 0, 0, 0});
  const auto columns = table.take({"team", "units"});
  EXPECT_EQ(columns.at("team"), "Team");
  EXPECT_EQ(columns.at("units"), "units" + hash8("units"));
}

TEST(BindColumnsTest, ANameOfTheDictionaryIsForItsOwnColumnOnly) {
  const std::string category = "costCategory/\xE9\x83\xA8\xE9\x96\x80";  // nothing of it is ASCII
  Table table;
  EXPECT_EQ(table.take({category}).at(category), "cost_category" + hash8(category));
  EXPECT_EQ(table.take({"cost_category"}).at("cost_category"), "cost_category");
  EXPECT_EQ(table.take({category}).at(category), "cost_category" + hash8(category));
}

TEST(BindColumnsTest, RefusesANameThatIsDeliveredTwice) {
  EXPECT_EQ(
      kind_thrown_by([] { bind_columns({{"a", ""}, {"a", ""}}, {}, {}, aws_column_dictionary()); }),
      ErrorKind::kInvalidData);
}

TEST(DeliveredColumnsTest, AreThoseOfTheHeadersWithTheTypesOfTheManifest) {
  Delivery delivery;
  delivery.columns = {{"b", "double"},
                      {"COST", "double"},
                      {"T", "string"},
                      {"t", "double"},
                      {"not in the files", "string"}};
  const auto columns = delivered_columns(
      {{{"a", ""}, {"b", "string"}}, {{"cost", ""}, {"a", ""}, {"t", ""}, {"u", "decimal"}}},
      delivery);
  ASSERT_EQ(columns.size(), 5u);
  EXPECT_EQ(columns[0].name, "a");
  EXPECT_EQ(columns[0].told_type, "");
  EXPECT_EQ(columns[4].told_type, "decimal") << "the file's own word where the manifest is silent";
  EXPECT_EQ(columns[1].told_type, "double");
  EXPECT_EQ(columns[2].told_type, "double") << "COST in another case";
  EXPECT_EQ(columns[3].told_type, "double") << "its own case before another";
}

// Histories of deliveries made of names that collide in every way that the rules know.
const std::vector<std::string> kPool = {"resourceTags/user:Name",
                                        "resourceTags/user:name",
                                        "resourceTags/user:NAME",
                                        "resource_tags_user_name",
                                        "resource_tags_user_Name",
                                        "resourceTags/user:na-me",
                                        "lineItem/UnblendedCost",
                                        "line_item_unblended_cost",
                                        "LINE_ITEM_UNBLENDED_COST",
                                        "line/ItemUnblendedCost",
                                        "product/ecu",
                                        "product/ECU",
                                        "product_ecu",
                                        "product_ECU",
                                        "product/instanceSKU",
                                        "product_instanceSKU",
                                        "product_instancesku",
                                        "source",
                                        "SOURCE",
                                        "source_file",
                                        "source/File",
                                        "billing_period",
                                        "",
                                        "/",
                                        "日本",
                                        "resourceTags/user:日本",
                                        "resourceTags/user:中国",
                                        "discount",
                                        "discount/TotalDiscount",
                                        "product",
                                        "_pos",
                                        "currency"};

constexpr int kRounds = 5;
using Mapping = std::map<std::string, std::string>;

struct History {
  std::vector<std::vector<std::string>> months;
  explicit History(std::mt19937& random) {
    for (int month = 0; month < 6; ++month) {
      std::vector<std::string> names;
      for (const std::string& name : kPool) {
        if (random() % 3 == 0) names.push_back(name);
      }
      months.push_back(std::move(names));
    }
  }
};

TEST(BindColumnsPropertyTest, TheOrderOfAHeaderNeverMatters) {
  std::mt19937 random(1);
  for (int round = 0; round < kRounds; ++round) {
    History history(random);
    Table ordered, shuffled;
    for (auto& month : history.months) {
      const Mapping expected = ordered.take(month);
      std::ranges::shuffle(month, random);
      ASSERT_EQ(shuffled.take(month), expected);
    }
    EXPECT_EQ(shuffled.names, ordered.names);
  }
}

TEST(BindColumnsPropertyTest, TheOrderOfMonthsDoesNotMatterOnceAllNamesWereSeen) {
  std::mt19937 random(2);
  for (int round = 0; round < kRounds; ++round) {
    History history(random);
    Table one, other;
    one.take(kPool);
    other.take(kPool);
    std::map<std::vector<std::string>, Mapping> expected;
    for (const auto& month : history.months) expected[month] = one.take(month);
    std::ranges::shuffle(history.months, random);
    for (const auto& month : history.months) ASSERT_EQ(other.take(month), expected.at(month));
  }
}

TEST(BindColumnsPropertyTest, ANameKeepsItsColumnForEver) {
  std::mt19937 random(3);
  for (int round = 0; round < kRounds; ++round) {
    Table table;
    Mapping first;
    const History history(random);
    for (const auto& month : history.months) {
      const Mapping columns = table.take(month);
      std::set<std::string> taken;
      for (const auto& [exact, column] : columns) taken.insert(column);
      for (const auto& [exact, column] : columns) {
        const std::string& before = first.emplace(exact, column).first->second;
        // Only where another form of the same column came along may a name step aside.
        EXPECT_TRUE(before == column || taken.contains(before)) << exact;
      }
    }
  }
}

TEST(BindColumnsPropertyTest, NoTwoNamesShareAColumnAndNoColumnIsOurs) {
  std::mt19937 random(4);
  for (int round = 0; round < kRounds; ++round) {
    Table table;
    const History history(random);
    for (const auto& month : history.months) {
      std::set<std::string> columns;
      for (const auto& [exact, column] : table.take(month)) {
        EXPECT_TRUE(columns.insert(column).second) << column;
        EXPECT_THAT(table.names.at(column), testing::Contains(exact));
      }
      for (const char* ours : {"source", "billing_period", "source_file", "_pos"}) {
        EXPECT_FALSE(columns.contains(ours)) << ours;
      }
    }
    std::set<std::string> names, docs;
    for (const Column& column : table.schema.columns) {
      std::string small = column.name;
      std::ranges::transform(small, small.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      });
      EXPECT_TRUE(names.insert(small).second) << small;
    }
  }
}

TEST(BindColumnsPropertyTest, BindingAgainAddsNothing) {
  std::mt19937 random(5);
  for (int round = 0; round < kRounds; ++round) {
    Table table;
    const History history(random);
    for (const auto& month : history.months) {
      table.take(month);
      std::vector<DeliveredColumn> delivered;
      for (const std::string& name : month) delivered.push_back({name, ""});
      const ColumnBinding again =
          bind_columns(delivered, table.schema, table.names, aws_column_dictionary());
      EXPECT_THAT(again.new_columns, testing::IsEmpty());
      EXPECT_EQ(again.source_names, table.names);
      for (const BoundColumn& bound : again.columns) EXPECT_GT(bound.column.field_id, 0);
    }
  }
}

}  // namespace
}  // namespace finops
