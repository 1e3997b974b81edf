#include "finops/tabular/packed_stream.h"

#include <utility>

#include "finops/core/error.h"

namespace finops::bill {

PackedStream::PackedStream(std::string name, std::unique_ptr<ByteReader> reader,
                           std::size_t input_bytes)
    : input_(std::move(reader), input_bytes), name_(std::move(name)) {
  isal_inflate_init(&state_);
  state_.avail_in = 0;
}

bool PackedStream::refill() {
  const auto block = input_.next();
  // isa-l does not write to its input.
  state_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(block.data()));
  state_.avail_in = static_cast<std::uint32_t>(block.size());
  return !block.empty();
}

void PackedStream::fail(const std::string& why) const {
  throw Error(ErrorKind::kInvalidData,
              "cannot decompress '" + name_ + "': " + why + ", found within its first " +
                  std::to_string(input_.bytes()) + " bytes; the delivery must be made again");
}

}  // namespace finops::bill
