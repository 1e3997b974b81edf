#include "finops/lake/avro.h"

#include "finops/core/error.h"

namespace finops::avro {
namespace {

[[noreturn]] void invalid(const std::string& what) {
  throw Error(ErrorKind::kInvalidData, "Avro: " + what);
}

template <typename T>
T fixed_width(std::string_view bytes) {
  T value;
  bytes.copy(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

Value read_record(Decoder& in, const Schema& schema) {
  Record record;
  record.reserve(schema.fields.size());
  for (const auto& field : schema.fields) record.push_back(in.read(*field.type));
  return record;
}

Value read_array(Decoder& in, const Schema& schema) {
  std::vector<Value> items;
  for (auto count = in.read_block_count(); count != 0; count = in.read_block_count()) {
    for (; count > 0; --count) items.push_back(in.read(*schema.items));
  }
  return items;
}

}  // namespace

bool Value::as_bool() const {
  if (const auto* value = std::get_if<bool>(this)) return *value;
  invalid("expected a boolean");
}

std::int64_t Value::as_long() const {
  if (const auto* value = std::get_if<std::int64_t>(this)) return *value;
  invalid("expected a number");
}

double Value::as_double() const {
  if (const auto* value = std::get_if<double>(this)) return *value;
  invalid("expected a floating-point number");
}

const std::string& Value::as_string() const {
  if (const auto* value = std::get_if<std::string>(this)) return *value;
  invalid("expected bytes or a string");
}

const std::vector<Value>& Value::items() const {
  if (const auto* value = std::get_if<std::vector<Value>>(this)) return *value;
  invalid("expected a record or a list");
}

std::string_view Decoder::take(std::uint64_t size) {
  if (size > data_.size() - position_) invalid("the file ends in the middle of a value");
  const auto bytes = data_.substr(position_, size);
  position_ += size;
  return bytes;
}

std::int64_t Decoder::read_long() {
  std::uint64_t raw = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (position_ == data_.size()) invalid("the file ends in the middle of a number");
    const auto byte = static_cast<unsigned char>(data_[position_++]);
    raw |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return static_cast<std::int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
  }
  invalid("a number is longer than ten bytes");
}

std::string_view Decoder::read_bytes() {
  const auto size = read_long();
  if (size < 0) invalid("a negative length");
  return take(static_cast<std::uint64_t>(size));
}

std::uint64_t Decoder::read_block_count() {
  const auto count = read_long();
  if (count >= 0) return static_cast<std::uint64_t>(count);
  read_long();  // a negative count is followed by the block's size in bytes
  return ~static_cast<std::uint64_t>(count) + 1;
}

const Schema& Decoder::read_branch(const Schema& schema) {
  const auto branch = static_cast<std::uint64_t>(read_long());
  if (branch >= schema.branches.size()) invalid("a union branch that does not exist");
  return *schema.branches[branch];
}

Value Decoder::read(const Schema& schema) {
  switch (schema.type) {
    case Schema::Type::kNull: return {};
    case Schema::Type::kBoolean: return take(1)[0] != 0;
    case Schema::Type::kInt:
    case Schema::Type::kLong: return read_long();
    case Schema::Type::kFloat: return static_cast<double>(fixed_width<float>(take(4)));
    case Schema::Type::kDouble: return fixed_width<double>(take(8));
    case Schema::Type::kBytes:
    case Schema::Type::kString: return std::string(read_bytes());
    case Schema::Type::kFixed: return std::string(take(schema.size));
    case Schema::Type::kRecord: return read_record(*this, schema);
    case Schema::Type::kArray: return read_array(*this, schema);
    case Schema::Type::kUnion: return read(read_branch(schema));
  }
  invalid("unknown type");
}

void Decoder::skip(const Schema& schema) {
  switch (schema.type) {
    case Schema::Type::kNull: return;
    case Schema::Type::kBoolean: take(1); return;
    case Schema::Type::kInt:
    case Schema::Type::kLong: read_long(); return;
    case Schema::Type::kFloat: take(4); return;
    case Schema::Type::kDouble: take(8); return;
    case Schema::Type::kBytes:
    case Schema::Type::kString: read_bytes(); return;
    case Schema::Type::kFixed: take(schema.size); return;
    case Schema::Type::kRecord:
      for (const auto& field : schema.fields) skip(*field.type);
      return;
    case Schema::Type::kArray:
      for (auto count = read_block_count(); count != 0; count = read_block_count()) {
        for (; count > 0; --count) skip(*schema.items);
      }
      return;
    case Schema::Type::kUnion: return skip(read_branch(schema));
  }
}

void Encoder::write_long(std::int64_t value) {
  auto raw = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  while (raw >= 0x80) {
    out_.push_back(static_cast<char>((raw & 0x7F) | 0x80));
    raw >>= 7;
  }
  out_.push_back(static_cast<char>(raw));
}

void Encoder::write_bytes(std::string_view bytes) {
  write_long(static_cast<std::int64_t>(bytes.size()));
  out_.append(bytes);
}

void Encoder::write(const Schema& schema, const Value& value) {
  const auto append_raw = [&](auto number) {
    out_.append(reinterpret_cast<const char*>(&number), sizeof number);
  };
  switch (schema.type) {
    case Schema::Type::kNull: return;
    case Schema::Type::kBoolean: out_.push_back(value.as_bool() ? 1 : 0); return;
    case Schema::Type::kInt:
    case Schema::Type::kLong: return write_long(value.as_long());
    case Schema::Type::kFloat: return append_raw(static_cast<float>(value.as_double()));
    case Schema::Type::kDouble: return append_raw(value.as_double());
    case Schema::Type::kBytes:
    case Schema::Type::kString: return write_bytes(value.as_string());
    case Schema::Type::kFixed: out_.append(value.as_string()); return;
    case Schema::Type::kRecord:
      if (value.items().size() != schema.fields.size()) invalid("a record of other fields");
      for (std::size_t i = 0; i < schema.fields.size(); ++i) {
        write(*schema.fields[i].type, value.items()[i]);
      }
      return;
    case Schema::Type::kArray:
      if (!value.items().empty()) {
        write_long(static_cast<std::int64_t>(value.items().size()));
        for (const auto& item : value.items()) write(*schema.items, item);
      }
      return write_long(0);
    case Schema::Type::kUnion:
      for (std::size_t i = 0; i < schema.branches.size(); ++i) {
        if ((schema.branches[i]->type == Schema::Type::kNull) != value.is_null()) continue;
        write_long(static_cast<std::int64_t>(i));
        return write(*schema.branches[i], value);
      }
      throw Error(ErrorKind::kInternal, "Avro: no union branch fits the value");
  }
}

}  // namespace finops::avro
