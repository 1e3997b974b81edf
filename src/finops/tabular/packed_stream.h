#pragma once

#include <isa-l.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "finops/tabular/delivered_text.h"

namespace finops::bill {

/// What streams have in common that ISA-L inflates.
class PackedStream : public DeliveredText {
 public:
  /// Big enough that calls of the reader do not show, small enough for the second-level cache.
  static constexpr std::size_t kInputBytes = 256 * 1024;

  std::uint64_t compressed_bytes() const override { return input_.bytes(); }
  std::uint64_t text_bytes() const override { return text_bytes_; }
  std::string sha256() override { return input_.sha256(); }
  void leave_out_hash() override { input_.leave_out_hash(); }

 protected:
  PackedStream(std::string name, std::unique_ptr<ByteReader> reader, std::size_t input_bytes);

  /// The next block is what state_ reads; false at the file's end.
  bool refill();
  [[noreturn]] void fail(const std::string& why) const;

  HashedInput input_;
  inflate_state state_;
  std::uint64_t text_bytes_ = 0;

 private:
  std::string name_;
};

}  // namespace finops::bill
