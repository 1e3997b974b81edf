#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace finops::bill {

inline void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

/// One struct in Thrift's compact protocol: fields in ascending order of their ids (at most 15
/// apart), each with the distance to the one before; integers are zigzag varints. A struct within
/// is written with a ThriftWriter of its own between begin() and end().
class ThriftWriter {
 public:
  static constexpr int kI32 = 5, kBinary = 8, kStruct = 12;

  explicit ThriftWriter(std::string& out) : out_(out) {}

  void i16(int id, std::int64_t value) { field(id, 4), integer(value); }
  void i32(int id, std::int64_t value) { field(id, kI32), integer(value); }
  void i64(int id, std::int64_t value) { field(id, 6), integer(value); }
  void boolean(int id, bool value) { field(id, value ? 1 : 2); }
  void binary(int id, std::string_view value) { field(id, kBinary), bytes(value); }
  void begin(int id) { field(id, kStruct); }
  void end() { out_ += '\0'; }
  void empty(int id) { begin(id), end(); }

  /// The elements follow, by integer(), bytes() or structs.
  void list(int id, int element_type, std::size_t count) {
    field(id, 9);
    if (count < 15) {
      out_ += static_cast<char>((count << 4) | static_cast<std::size_t>(element_type));
    } else {
      out_ += static_cast<char>(0xF0 | element_type);
      append_varint(out_, count);
    }
  }
  void bytes(std::string_view value) {
    append_varint(out_, value.size());
    out_ += value;
  }
  void integer(std::int64_t value) {
    append_varint(
        out_, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }

 private:
  void field(int id, int type) {
    out_ += static_cast<char>(((id - last_) << 4) | type);
    last_ = id;
  }
  std::string& out_;
  int last_ = 0;
};

}  // namespace finops::bill
