#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace finops {

/// All of `bytes` to an open file. `path` is for messages.
void write_all(int fd, std::span<const std::byte> bytes, const std::string& path);

/// All of `out` from an open file; kInvalidData when it ends before.
void read_all_at(int fd, std::uint64_t offset, std::span<std::byte> out, const std::string& path);

}  // namespace finops
