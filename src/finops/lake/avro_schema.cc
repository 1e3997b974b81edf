#include <algorithm>

#include "finops/core/error.h"
#include "finops/lake/avro.h"

namespace finops::avro {
namespace {

/// Deeper than any metadata schema by far; bounds the recursion over hostile ones, whose types may
/// be nested by name too.
constexpr int kDeepest = 64;

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorKind::kInvalidData, "Avro schema: " + what);
}

using Names = std::map<std::string, SchemaPtr>;

SchemaPtr parse(const nlohmann::json& text, Names& names, int depth);

SchemaPtr parse_named(const std::string& name, const Names& names) {
  using enum Schema::Type;
  static const std::map<std::string, Schema::Type> primitives = {
      {"null", kNull},   {"boolean", kBoolean}, {"int", kInt},     {"long", kLong},
      {"float", kFloat}, {"double", kDouble},   {"bytes", kBytes}, {"string", kString}};
  if (const auto it = primitives.find(name); it != primitives.end()) {
    auto schema = std::make_shared<Schema>();
    schema->type = it->second;
    return schema;
  }
  if (const auto it = names.find(name); it != names.end()) return it->second;
  throw Error(ErrorKind::kUnsupported,
              "Avro schema: type '" + name + "' is not one that Iceberg metadata uses");
}

SchemaPtr with_height(std::shared_ptr<Schema> schema) {
  for (const auto& field : schema->fields) {
    schema->height = std::max(schema->height, field.type->height + 1);
  }
  for (const auto& branch : schema->branches) {
    schema->height = std::max(schema->height, branch->height + 1);
  }
  if (schema->items) schema->height = schema->items->height + 1;
  if (schema->height > kDeepest) invalid("nested too deep");
  return schema;
}

/// A value of nothing takes no byte, so a short file could claim any number of them.
SchemaPtr parse_non_null(const nlohmann::json& text, Names& names, int depth) {
  auto schema = parse(text, names, depth);
  if (schema->type == Schema::Type::kNull) invalid("null outside of a union");
  return schema;
}

/// Of a record that parse_record() let pass; all other types take bytes.
bool has_bytes(const Schema& schema) {
  return schema.type != Schema::Type::kRecord || !schema.fields.empty();
}

/// Of what is counted: any number of things that take no bytes would fit into any file.
void require_bytes(const Schema& schema) {
  if (!has_bytes(schema)) invalid("a record without fields");
}

SchemaPtr parse_record(const nlohmann::json& text, Names& names, int depth) {
  auto schema = std::make_shared<Schema>();
  schema->type = Schema::Type::kRecord;
  for (const auto& field : text.at("fields")) {
    schema->fields.push_back({field.at("name").get<std::string>(), field.value("field-id", -1),
                              parse_non_null(field.at("type"), names, depth)});
  }
  // The partition of a table without partition columns is a record without fields. Records of
  // nothing but such records would blow up.
  const bool is_hollow = std::ranges::none_of(
      schema->fields, [](const auto& field) { return has_bytes(*field.type); });
  if (is_hollow && !schema->fields.empty()) invalid("a record of records without fields");
  // Named last, so that no type holds itself.
  return names[text.at("name").get<std::string>()] = with_height(std::move(schema));
}

SchemaPtr parse_union(const nlohmann::json& text, Names& names, int depth) {
  auto schema = std::make_shared<Schema>();
  schema->type = Schema::Type::kUnion;
  for (const auto& branch : text) schema->branches.push_back(parse(branch, names, depth));
  return with_height(std::move(schema));
}

SchemaPtr parse_fixed(const nlohmann::json& text, Names& names) {
  auto schema = std::make_shared<Schema>();
  schema->type = Schema::Type::kFixed;
  const auto size = text.at("size").get<std::int64_t>();
  if (size < 1 || size > (1 << 20)) invalid("a fixed of " + std::to_string(size) + " bytes");
  schema->size = static_cast<std::size_t>(size);
  names[text.at("name").get<std::string>()] = schema;
  return schema;
}

SchemaPtr parse(const nlohmann::json& text, Names& names, int depth) {
  if (depth > kDeepest) invalid("nested too deep");
  if (text.is_string()) return parse_named(text.get<std::string>(), names);
  if (text.is_array()) return parse_union(text, names, depth + 1);
  if (text.at("type").is_structured()) return parse(text.at("type"), names, depth + 1);
  const auto type = text.at("type").get<std::string>();
  if (type == "record") return parse_record(text, names, depth + 1);
  if (type == "fixed") return parse_fixed(text, names);
  if (type != "array") return parse_named(type, names);  // {"type": "long", "logicalType": ...}
  auto schema = std::make_shared<Schema>();
  schema->type = Schema::Type::kArray;
  schema->items = parse_non_null(text.at("items"), names, depth + 1);
  require_bytes(*schema->items);
  return with_height(std::move(schema));
}

}  // namespace

SchemaPtr parse_schema(const nlohmann::json& text) {
  Names names;
  auto schema = parse_non_null(text, names, 0);
  require_bytes(*schema);
  return schema;
}

SchemaPtr parse_schema_text(std::string_view text) {
  try {
    return parse_schema(nlohmann::json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    invalid(error.what());
  }
}

int Schema::index_of(int field_id) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].id == field_id) return static_cast<int>(i);
  }
  return -1;
}

bool Schema::has_encoding_of(const Schema& other) const {
  if (this == &other) return true;
  const auto is_number = [](Type t) { return t == Type::kInt || t == Type::kLong; };
  const auto is_bytes = [](Type t) { return t == Type::kBytes || t == Type::kString; };
  if (type != other.type) {
    return (is_number(type) && is_number(other.type)) || (is_bytes(type) && is_bytes(other.type));
  }
  if (size != other.size || fields.size() != other.fields.size() ||
      branches.size() != other.branches.size()) {
    return false;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].type->has_encoding_of(*other.fields[i].type)) return false;
  }
  for (std::size_t i = 0; i < branches.size(); ++i) {
    if (!branches[i]->has_encoding_of(*other.branches[i])) return false;
  }
  return items == nullptr || items->has_encoding_of(*other.items);
}

}  // namespace finops::avro
