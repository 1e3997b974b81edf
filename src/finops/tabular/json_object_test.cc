#include "finops/tabular/json_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "finops/tabular/bill_layout.h"
#include "finops/tabular/map_cells.h"

namespace finops::bill {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// "key=value" of each member, ":n" and so on for kinds other than string.
std::vector<std::string> members(const std::string& text) {
  JsonObject json;
  EXPECT_EQ(json.read(text), "") << text;
  std::vector<std::string> result;
  for (const JsonObject::Member& m : json.members()) {
    const char* kinds[] = {":null", "", ":number", ":other"};
    result.push_back(std::string(m.key) + "=" + std::string(m.value) +
                     kinds[static_cast<int>(m.kind)]);
  }
  return result;
}

std::string fault(const std::string& text) {
  JsonObject json;
  return json.read(text);
}

TEST(JsonObjectTest, ReadsMembersInOrder) {
  EXPECT_THAT(members("{}"), IsEmpty());
  EXPECT_THAT(members(" { \"b\" : \"1\" , \"a\":\"\" } \r\n\t"), ElementsAre("b=1", "a="));
  EXPECT_THAT(members(R"({"n":null,"i":-1.50e+3,"t":true})"),
              ElementsAre("n=null:null", "i=-1.50e+3:number", "t=true:other"));
}

TEST(JsonObjectTest, KeepsNestedValuesAsTheyStand) {
  EXPECT_THAT(members(R"({"o": {"a" :[1, "\u0041"]} ,"l":[ ]})"),
              ElementsAre(R"(o={"a" :[1, "\u0041"]}:other)", "l=[ ]:other"));
}

TEST(JsonObjectTest, UnescapesStrings) {
  EXPECT_THAT(members(R"({"a\"\\\/\b\f\n\r\t":"\u0041\u00fc\u20AC\uD83D\ude00"})"),
              ElementsAre("a\"\\/\b\f\n\r\t=A\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT_THAT(members("{\"a\":\"\\u0000\"}"), ElementsAre(std::string("a=\0", 3)));
}

TEST(JsonObjectTest, RefusesWhatIsNoJsonObject) {
  for (const char* text : {"",
                           " ",
                           "null",
                           "[]",
                           "\"a\"",
                           "1",
                           "{",
                           "}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\":1}x",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":01}",
                           "{\"a\":+1}",
                           "{\"a\":.5}",
                           "{\"a\":1.}",
                           "{\"a\":1e}",
                           "{\"a\":-}",
                           "{\"a\":tru}",
                           "{\"a\":NaN}",
                           "{\"a\":[1,]}",
                           "{\"a\":[1}",
                           "{\"a\":{\"b\"}}",
                           "{\"a\":\"b}",
                           "{1:2}",
                           "{\"a\":nul}"}) {
    EXPECT_EQ(fault(text), "not a JSON object") << text;
  }
}

TEST(JsonObjectTest, RefusesBadStrings) {
  for (const char* text :
       {R"({"a":"\ud800"})", R"({"a":"\udc00"})", R"({"a":"\ud800x"})", R"({"a":"\ud800\ud800"})",
        R"({"\ud800\u0041":1})", R"({"a":"\x"})", R"({"a":"\u12"})", R"({"a":"\u12g4"})",
        "{\"a\":\"\n\"}", R"({"a":{"b":"\udfff"}})"}) {
    EXPECT_EQ(fault(text), "bad JSON string") << text;
  }
}

TEST(JsonObjectTest, RefusesAKeyGivenTwice) {
  EXPECT_EQ(fault(R"({"a":1,"b":2,"\u0061":1})"), "has the key 'a' twice");
  EXPECT_EQ(fault(R"({"o":{"a":1,"a":2}})"), "") << "nested values are only checked";
}

TEST(JsonObjectTest, LimitsNesting) {
  const auto nested = [](int depth) {
    return "{\"a\":" + std::string(static_cast<std::size_t>(depth), '[') + "1" +
           std::string(static_cast<std::size_t>(depth), ']') + "}";
  };
  EXPECT_EQ(fault(nested(kJsonDepth - 1)), "");
  EXPECT_EQ(fault(nested(kJsonDepth)), "nested too deeply");
  EXPECT_EQ(fault(nested(100'000)), "nested too deeply");
}

TEST(MapCellsTest, TakesDecimalsFromNumbersAndStrings) {
  JsonObject json;
  const auto read = [&](const char* text) { return read_map(text, ColumnType::kDecimalMap, json); };
  EXPECT_EQ(read(R"({"a":1.5e-3,"b":"-7","c":null,"d":""})"), "");
  EXPECT_THAT(read(R"({"a":true})"), HasSubstr("'a' is not a decimal number"));
  EXPECT_THAT(read(R"({"a":"x"})"), HasSubstr("'a' is not a decimal number"));
  EXPECT_THAT(read(R"({"a":{"b":1}})"), HasSubstr("'a' is not a decimal number"));
  EXPECT_THAT(read(R"({"a":1e20})"), HasSubstr("'a' does not fit decimal(38,18)"));
  EXPECT_EQ(read_map(R"({"a":true})", ColumnType::kTextMap, json), "");
}

}  // namespace
}  // namespace finops::bill
