#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The part of Avro 1.11 that Iceberg metadata needs: object container files whose schema may hold
/// records, arrays, unions and primitives, in the codecs `null` and `deflate`. Attributes that Avro
/// itself does not know (`field-id`, `element-id`, `logicalType`) stay in the schema text.
/// Files come from anywhere: whatever the bytes, reading ends in a value or in an Error
/// (kInvalidData; kUnsupported for valid Avro that no Iceberg metadata file holds).
namespace finops::avro {

struct Schema;
using SchemaPtr = std::shared_ptr<const Schema>;

struct Field {
  std::string name;
  int id = -1;  // Iceberg's field-id; -1 when the schema has none
  SchemaPtr type;
};

/// One node of a parsed schema. `logicalType: map` is an array of key/value records here too. Every
/// value but null takes at least one byte, and null stands in unions only.
struct Schema {
  enum class Type {
    kNull,
    kBoolean,
    kInt,
    kLong,
    kFloat,
    kDouble,
    kBytes,
    kString,
    kFixed,
    kRecord,
    kArray,
    kUnion
  };
  Type type = Type::kNull;
  std::vector<Field> fields;        // kRecord
  std::vector<SchemaPtr> branches;  // kUnion
  SchemaPtr items;                  // kArray
  std::size_t size = 0;             // kFixed
  int height = 0;                   // of the tree below; bounds every recursion over values

  /// Position of the field with this Iceberg id, or -1: how readers match columns.
  int index_of(int field_id) const;
  /// True when the same bytes mean the same value under both.
  bool has_encoding_of(const Schema& other) const;
};

SchemaPtr parse_schema(const nlohmann::json& text);

/// A datum. Records and arrays are vectors (records in the order of the schema's fields), bytes and
/// strings share std::string, and a union is the datum of its branch (monostate = null).
struct Value
    : std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<Value>> {
  using variant::variant;
  bool is_null() const { return index() == 0; }
  // Throw kInvalidData when the file has another type here.
  bool as_bool() const;
  std::int64_t as_long() const;
  double as_double() const;
  const std::string& as_string() const;
  const std::vector<Value>& items() const;
};
using Record = std::vector<Value>;

/// Cursor over encoded bytes; every read is bounds-checked.
class Decoder {
 public:
  explicit Decoder(std::string_view data) : data_(data) {}
  bool at_end() const { return position_ == data_.size(); }
  std::size_t position() const { return position_; }
  std::string_view since(std::size_t start) const { return data_.substr(start, position_ - start); }

  std::string_view take(std::uint64_t size);
  std::int64_t read_long();
  std::string_view read_bytes();
  /// Of an array or map; 0 ends it.
  std::uint64_t read_block_count();
  Value read(const Schema& schema);
  void skip(const Schema& schema);

 private:
  const Schema& read_branch(const Schema& schema);

  std::string_view data_;
  std::size_t position_ = 0;
};

class Encoder {
 public:
  std::string& out() { return out_; }
  void write_long(std::int64_t value);
  void write_bytes(std::string_view bytes);
  /// Already encoded.
  void append(std::string_view bytes) { out_.append(bytes); }
  void write(const Schema& schema, const Value& value);

 private:
  std::string out_;
};

enum class Codec { kNull, kDeflate };

/// A container file whose header is read.
class ContainerReader {
 public:
  explicit ContainerReader(std::string_view file);

  const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }
  /// The text of avro.schema; parse it with parse_schema_text.
  const std::string& schema_text() const;
  /// Calls `row` with the cursor before each row; it has to move past exactly that row.
  void for_each(const std::function<void(Decoder&)>& row);

 private:
  std::string_view file_;
  std::map<std::string, std::string, std::less<>> metadata_;
  Decoder in_;
  Codec codec_ = Codec::kNull;
};

/// kInvalidData when the text is not JSON.
SchemaPtr parse_schema_text(std::string_view text);

/// Encodes a whole file; `metadata` are the caller's own keys (`format-version`, ...), `rows` the
/// encoded rows.
std::string write_container(std::string_view schema_text,
                            const std::map<std::string, std::string>& metadata,
                            const std::vector<std::string>& rows, Codec codec);

}  // namespace finops::avro
