#include "finops/lake/truncated_bounds.h"

#include <cstdint>

namespace finops::lake {
namespace {

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

std::size_t byte_length(std::string_view utf8, std::size_t code_points) {
  std::size_t i = 0;
  for (; i < utf8.size(); ++i) {
    if (!continues(utf8[i]) && code_points-- == 0) break;
  }
  return i;
}

std::uint32_t decode_last(std::string_view utf8, std::size_t& start) {
  start = utf8.size() - 1;
  while (start > 0 && continues(utf8[start])) --start;
  const auto first = static_cast<unsigned char>(utf8[start]);
  std::uint32_t value = first < 0x80   ? first
                        : first < 0xE0 ? first & 0x1Fu
                        : first < 0xF0 ? first & 0x0Fu
                                       : first & 0x07u;
  for (std::size_t i = start + 1; i < utf8.size(); ++i) {
    value = (value << 6) | (static_cast<unsigned char>(utf8[i]) & 0x3Fu);
  }
  return value;
}

std::string encode(std::uint32_t c) {
  std::string out;
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
  return out;
}

}  // namespace

std::string truncate_lower(std::string_view utf8, std::size_t code_points) {
  return std::string(utf8.substr(0, byte_length(utf8, code_points)));
}

std::optional<std::string> truncate_upper(std::string_view utf8, std::size_t code_points) {
  auto kept = truncate_lower(utf8, code_points);
  if (kept.size() == utf8.size()) return kept;
  while (!kept.empty()) {
    std::size_t start = 0;
    auto last = decode_last(kept, start) + 1;
    kept.resize(start);
    if (last >= 0xD800 && last <= 0xDFFF) last = 0xE000;  // surrogates are no characters
    if (last <= 0x10FFFF) return kept + encode(last);
  }
  return std::nullopt;
}

}  // namespace finops::lake
