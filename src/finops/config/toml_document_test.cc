#include "finops/config/toml_document.h"

#include <gtest/gtest.h>

#include "finops/core/error.h"

namespace finops {
namespace {

using Kind = TomlNode::Kind;

TomlNode parsed(std::string_view text) {
  Mistakes mistakes;
  const auto document = parse_toml(text, "t.toml", mistakes);
  mistakes.throw_if_any();
  return document.value();
}

std::string keys_of(const TomlNode& table) {
  std::string result;
  for (const TomlEntry& entry : table.entries) {
    result += (result.empty() ? "" : " ") + entry.key + "@" + entry.origin.where.substr(7);
  }
  return result;
}

TEST(TomlDocumentTest, KeepsTheOrderInWhichKeysAreWritten) {
  const TomlNode document = parsed("z = 1\na = 2\n[t]\ny = 1\nb.c = 1\n[t.x]\n[[q]]\n[[q]]\ni=1");
  EXPECT_EQ(keys_of(document), "z@1:1 a@2:1 t@3:2 q@7:3");
  EXPECT_EQ(keys_of(document.find("t")->value), "y@4:1 b@5:1 x@6:4");
  EXPECT_EQ(document.find("q")->value.elements.size(), 2u);
  EXPECT_EQ(document.find("q")->value.elements[1].origin.where, "t.toml:8:1");
  EXPECT_EQ(document.find("nothing"), nullptr);
}

TEST(TomlDocumentTest, NumbersAreTheirShortestText) {
  const TomlNode document = parsed("a = 0.0100\nb = 1_000\nc = -3e2\nd = 1e300");
  EXPECT_EQ(document.find("a")->value.text, "0.01");
  EXPECT_EQ(document.find("a")->value.kind, Kind::kNumber);
  EXPECT_EQ(document.find("b")->value.text, "1000");
  EXPECT_EQ(document.find("b")->value.integer, 1000);
  EXPECT_EQ(document.find("c")->value.text, "-300");
  EXPECT_EQ(document.find("d")->value.text, "1e+300");
}

TEST(TomlDocumentTest, KnowsWhereTextBeginsBetweenItsQuotes) {
  const TomlNode document = parsed(
      "a = \"x\"\n\"\xC3\xA9\xC3\xA9\" = '''y'''\nb = \"\"\"\nSELECT\n1\"\"\"\nc = \"\"\"z\"\"\"");
  EXPECT_EQ(document.find("a")->value.text_origin.where, "t.toml:1:6");
  EXPECT_EQ(document.entries.at(1).value.text_origin.where, "t.toml:2:11");
  EXPECT_EQ(document.find("b")->value.text_origin.where, "t.toml:4:1");
  EXPECT_EQ(document.find("b")->value.text, "SELECT\n1");
  EXPECT_EQ(document.find("c")->value.text_origin.where, "t.toml:6:8");
}

TEST(TomlDocumentTest, HasEveryKindOfValue) {
  const TomlNode document = parsed("a = [1, 'b', true]\nd = 2025-07-01\nt = { x = 1 }");
  const TomlNode& array = document.find("a")->value;
  EXPECT_EQ(array.kind, Kind::kArray);
  EXPECT_EQ(array.elements.at(1).kind, Kind::kText);
  EXPECT_EQ(array.elements.at(1).origin.where, "t.toml:1:9");
  EXPECT_TRUE(array.elements.at(2).boolean);
  EXPECT_EQ(name_of(document.find("d")->value.kind), "a date or time");
  EXPECT_EQ(document.find("t")->value.kind, Kind::kTable);
}

TEST(TomlDocumentTest, WhatIsNoTomlIsAMistakeWithItsPosition) {
  Mistakes mistakes;
  EXPECT_FALSE(parse_toml("a = 1\nb = ", "t.toml", mistakes));
  try {
    mistakes.throw_if_any();
    FAIL() << "no mistake";
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, 28), "t.toml:2:5: this is not TOML");
  }
}

TEST(TomlDocumentTest, MistakesAreToldInTheOrderOfFilesAndLines) {
  Mistakes mistakes;
  const auto at = [](const std::string& file, unsigned line) {
    return Origin{Origin::Kind::kFile, file + ":" + std::to_string(line) + ":1", line, 1};
  };
  mistakes.add(at("b.toml", 1), "third");
  mistakes.add(at("a.toml", 12), "second");
  mistakes.add(at("a.toml", 2), "first");
  mistakes.add({Origin::Kind::kFile, "c", 0, 0}, "fourth");
  try {
    mistakes.throw_if_any("the project");
    FAIL() << "no mistake";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "the project has 4 mistakes:\n  a.toml:2:1: first\n  a.toml:12:1: second\n  "
                 "b.toml:1:1: third\n  c: fourth");
  }
}

}  // namespace
}  // namespace finops
