#include "finops/lake/avro.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/thrown.h"

namespace finops::avro {
namespace {

using nlohmann::json;

const char* const kSchema = R"({"type": "record", "name": "r", "fields": [
    {"name": "flag", "type": "boolean", "field-id": 1},
    {"name": "n", "type": ["null", "long"], "field-id": 2},
    {"name": "d", "type": "double", "field-id": 3},
    {"name": "f", "type": "float"},
    {"name": "bytes", "type": {"type": "fixed", "name": "four", "size": 4}},
    {"name": "list", "type": {"type": "array", "items": {"type": "record", "name": "kv", "fields": [
        {"name": "k", "type": "int"}, {"name": "v", "type": "bytes"}]}}},
    {"name": "again", "type": ["null", "kv"]}]})";

Record row(std::int64_t n) {
  return Record{true,
                n % 2 == 0 ? Value() : Value(n),
                0.5,
                0.25,
                std::string("abcd"),
                std::vector<Value>{Record{n, std::string("x")}, Record{~n, std::string(300, 'y')}},
                n % 3 == 0 ? Value() : Value(Record{n, std::string()})};
}

std::string container(const std::vector<Record>& rows, Codec codec) {
  const auto schema = parse_schema_text(kSchema);
  std::vector<std::string> encoded;
  for (const auto& r : rows) {
    Encoder out;
    out.write(*schema, r);
    encoded.push_back(out.out());
  }
  return write_container(kSchema, {{"format-version", "2"}}, encoded, codec);
}

std::vector<Value> rows_of(const std::string& file) {
  ContainerReader reader(file);
  const auto schema = parse_schema_text(reader.schema_text());
  std::vector<Value> rows;
  reader.for_each([&](Decoder& in) {
    const auto start = in.position();
    auto ahead = in;
    ahead.skip(*schema);
    rows.push_back(in.read(*schema));
    EXPECT_EQ(in.since(start), ahead.since(start));  // skip and read agree
  });
  return rows;
}

TEST(AvroTest, WhatIsWrittenIsReadBackInEachCodec) {
  std::vector<Record> rows;
  const std::int64_t extremes[] = {INT64_MIN, INT64_MAX, -1, 0, 63, 64, -64, -65};
  for (const auto n : extremes) rows.push_back(row(n));
  for (int n = 0; n < 500; ++n) rows.push_back(row(n));  // more than one block
  for (const auto codec : {Codec::kNull, Codec::kDeflate}) {
    const auto read = rows_of(container(rows, codec));
    ASSERT_EQ(read.size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      EXPECT_EQ(read[i].items()[1], rows[i][1]);
      EXPECT_EQ(read[i].items()[4], rows[i][4]);
      EXPECT_EQ(read[i].items()[5], rows[i][5]);
      EXPECT_EQ(read[i].items()[6], rows[i][6]);
    }
  }
}

TEST(AvroTest, BlocksOfAnArrayMayTellTheirSize) {
  const auto schema = parse_schema_text(R"({"type": "array", "items": "long"})");
  // -2 items in 2 bytes: 1, 2; then 1 item: 3; end.
  const std::string bytes("\x03\x04\x02\x04\x02\x06\x00", 7);
  Decoder in(bytes);
  EXPECT_EQ(in.read(*schema),
            Value(std::vector<Value>{std::int64_t{1}, std::int64_t{2}, std::int64_t{3}}));
  EXPECT_TRUE(in.at_end());
}

TEST(AvroTest, ATruncatedFileIsInvalidAtEveryLength) {
  const auto file = container({row(1), row(2)}, Codec::kDeflate);
  int readable = 0;
  for (std::size_t size = 0; size < file.size(); ++size) {
    try {
      EXPECT_LT(rows_of(file.substr(0, size)).size(), 2u);
      ++readable;  // cut right after the header: a file without rows
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInvalidData) << size;
    }
  }
  EXPECT_EQ(readable, 1);
}

TEST(AvroTest, DamagedFilesEndInAnErrorOrAValue) {
  const auto good = container({row(1), row(2), row(3)}, Codec::kNull);
  std::mt19937_64 random(7);
  int refused = 0;
  for (int i = 0; i < 1000; ++i) {
    auto file = good;
    for (auto n = 1 + random() % 3; n > 0; --n) {
      file[random() % file.size()] = static_cast<char>(random());
    }
    try {
      rows_of(file);
    } catch (const Error& error) {
      EXPECT_NE(error.kind(), ErrorKind::kInternal) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 300);
}

TEST(AvroTest, ACodecThatWeDoNotHaveIsRefusedByName) {
  auto file = container({row(1)}, Codec::kDeflate);
  file.replace(file.find("deflate"), 7, "snappyz");
  const auto error = error_thrown_by([&] { rows_of(file); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
  EXPECT_NE(std::string(error.what()).find("'snappyz'"), std::string::npos);
}

TEST(AvroTest, SchemasThatWouldBlowUpAreRefused) {
  const auto kind = [](const std::string& text) {
    return kind_thrown_by([&] { parse_schema_text(text); });
  };
  EXPECT_EQ(kind("{"), ErrorKind::kInvalidData);
  EXPECT_EQ(kind("7"), ErrorKind::kInvalidData);
  EXPECT_EQ(kind(R"({"type": "record", "name": "r", "fields": []})"), ErrorKind::kInvalidData);
  EXPECT_EQ(kind(R"({"type": "array", "items": {"type": "record", "name": "r", "fields": []}})"),
            ErrorKind::kInvalidData);
  EXPECT_EQ(kind(R"({"type": "record", "name": "r", "fields": [
                      {"name": "x", "type": {"type": "record", "name": "e", "fields": []}}]})"),
            ErrorKind::kInvalidData);
  EXPECT_EQ(kind(R"({"type": "array", "items": "null"})"), ErrorKind::kInvalidData);
  EXPECT_EQ(kind(R"({"type": "fixed", "name": "f", "size": -1})"), ErrorKind::kInvalidData);
  EXPECT_EQ(kind(R"({"type": "fixed", "name": "f", "size": 0})"), ErrorKind::kInvalidData);
  EXPECT_EQ(kind(R"({"type": "map", "values": "int"})"), ErrorKind::kUnsupported);
  EXPECT_EQ(kind(R"({"type": "record", "name": "r", "fields": [{"name": "x", "type": "r"}]})"),
            ErrorKind::kUnsupported);
  // Types nested by name: few bytes each, no end of recursion.
  json fields = json::array();
  for (int i = 0; i < 1000; ++i) {
    const json type = i == 0 ? json("int") : json("t" + std::to_string(i - 1));
    fields.push_back({{"name", "x"},
                      {"type",
                       {{"type", "record"},
                        {"name", "t" + std::to_string(i)},
                        {"fields", json::array({{{"name", "y"}, {"type", type}}})}}}});
  }
  EXPECT_EQ(kind(json{{"type", "record"}, {"name", "r"}, {"fields", fields}}.dump()),
            ErrorKind::kInvalidData);
  EXPECT_EQ(kind(std::string(100'000, '[') + std::string(100'000, ']')), ErrorKind::kInvalidData);
}

TEST(AvroTest, ABlockThatInflatesWithoutEndIsRefused) {
  const auto schema = parse_schema_text("\"bytes\"");
  Encoder out;
  out.write(*schema, Value(std::string(65 << 20, '\0')));
  const auto file = write_container("\"bytes\"", {}, {out.out()}, Codec::kDeflate);
  EXPECT_LT(file.size(), 1u << 20);
  EXPECT_EQ(kind_thrown_by([&] { rows_of(file); }), ErrorKind::kInvalidData);
}

TEST(AvroTest, EqualEncodingsAreRecognized) {
  const auto same = [](const char* a, const char* b) {
    return parse_schema_text(a)->has_encoding_of(*parse_schema_text(b));
  };
  EXPECT_TRUE(same("\"int\"", "\"long\""));
  EXPECT_TRUE(same("\"string\"", "\"bytes\""));
  EXPECT_TRUE(same(R"(["null", "int"])", R"(["null", {"type": "long", "logicalType": "x"}])"));
  EXPECT_FALSE(same(R"(["null", "int"])", R"(["int", "null"])"));
  EXPECT_FALSE(same(R"(["null", "int"])", "\"int\""));
  EXPECT_FALSE(
      same(R"({"type": "array", "items": "int"})", R"({"type": "array", "items": "double"})"));
  EXPECT_FALSE(same(R"({"type": "fixed", "name": "a", "size": 3})",
                    R"({"type": "fixed", "name": "a", "size": 4})"));
}

}  // namespace
}  // namespace finops::avro
