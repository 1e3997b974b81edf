#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "finops/core/byte_stream.h"
#include "finops/core/sha256.h"
#include "finops/tabular/bill_layout.h"
#include "finops/tabular/cell_column.h"
#include "finops/tabular/delivered_lines.h"

namespace finops::bill {

/// One delivered file as CSV text, read forward in pieces of any size. Throws kInvalidData that
/// names the file when it is not sound. One thread at a time.
class DeliveredText {
 public:
  virtual ~DeliveredText() = default;

  /// Fills `out` with up to `capacity` bytes; fewer only at the end, where all was checked, and
  /// while waits_for_lines().
  virtual std::size_t read(char* out, std::size_t capacity) = 0;

  /// Of the file as delivered, as far as it was read.
  virtual std::uint64_t compressed_bytes() const = 0;
  virtual std::uint64_t text_bytes() const = 0;
  /// SHA-256 of the whole file as delivered; once, after read() came to the end.
  virtual std::string sha256() = 0;

  /// The file's columns where they stand beside the text, as in Parquet; nullptr: they are the
  /// text's first record.
  virtual const std::vector<HeaderColumn>* columns() const { return nullptr; }

  /// Of a file that is stored by column: the next rows, instead of read(); 0 at the end.
  virtual std::size_t read_columns(std::vector<CellColumn>& /*columns*/) { return 0; }

  /// Where each record was made of one physical line: those of the records `first` to before `end`.
  /// The ones before `first` are forgotten; until then all are kept.
  virtual DeliveredLines lines(std::int64_t /*first*/, std::int64_t /*end*/) { return {}; }
  /// So many are kept that read() goes on only after lines() was called; what it gave so far ends
  /// with a record.
  virtual bool waits_for_lines() const { return false; }

  /// For whoever reads a file twice and wants sha256() once only; before the first read().
  virtual void leave_out_hash() {}
};

/// The text of a part, unpacked by its format.
std::unique_ptr<DeliveredText> open_text(const BillPart& part);

/// Throws kInvalidData for packed text of which more came than any bill has.
void refuse_bomb(const std::string& name, const DeliveredText& text);

/// The bytes of a delivered file in blocks, counted and hashed as they pass.
class HashedInput {
 public:
  HashedInput(std::unique_ptr<ByteReader> reader, std::size_t block_bytes);

  /// The next block, a full one unless the file ends; empty at the end. Valid until the next call.
  std::span<const std::byte> next();
  std::uint64_t bytes() const { return bytes_; }
  std::string sha256() { return hash_.finish(); }  // once, after the last block
  void leave_out_hash() { is_hashed_ = false; }

 private:
  std::unique_ptr<ByteReader> reader_;
  std::vector<std::byte> block_;
  Sha256 hash_;
  std::uint64_t bytes_ = 0;
  bool is_hashed_ = true;
};

}  // namespace finops::bill
