#include "finops/tabular/delivered_text.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "finops/core/error.h"
#include "finops/tabular/gzip_stream.h"
#include "finops/tabular/json_lines_text.h"
#include "finops/tabular/parquet_text.h"
#include "finops/tabular/zip_stream.h"

namespace finops::bill {
namespace {

class PlainText final : public DeliveredText {
 public:
  explicit PlainText(std::unique_ptr<ByteReader> reader)
      : input_(std::move(reader), PackedStream::kInputBytes) {}

  std::size_t read(char* out, std::size_t capacity) override {
    std::size_t done = 0;
    while (done < capacity) {
      if (rest_.empty()) rest_ = input_.next();
      if (rest_.empty()) break;
      const std::size_t taken = std::min(capacity - done, rest_.size());
      std::memcpy(out + done, rest_.data(), taken);
      rest_ = rest_.subspan(taken);
      done += taken;
    }
    return done;
  }
  std::uint64_t compressed_bytes() const override { return input_.bytes(); }
  std::uint64_t text_bytes() const override { return input_.bytes() - rest_.size(); }
  std::string sha256() override { return input_.sha256(); }
  void leave_out_hash() override { input_.leave_out_hash(); }

 private:
  HashedInput input_;
  std::span<const std::byte> rest_;
};

}  // namespace

HashedInput::HashedInput(std::unique_ptr<ByteReader> reader, std::size_t block_bytes)
    : reader_(std::move(reader)), block_(block_bytes) {}

std::span<const std::byte> HashedInput::next() {
  std::size_t filled = 0;
  while (filled < block_.size()) {
    const std::size_t n = reader_->read(std::span(block_).subspan(filled));
    if (n == 0) break;
    filled += n;
  }
  const auto block = std::span<const std::byte>(block_).first(filled);
  if (is_hashed_) hash_.update(block);
  bytes_ += filled;
  return block;
}

std::unique_ptr<DeliveredText> open_text(const BillPart& part) {
  switch (part.format) {
    case BillFormat::kCsv: return std::make_unique<PlainText>(part.open());
    case BillFormat::kCsvGzip: return std::make_unique<GzipStream>(part.key, part.open());
    case BillFormat::kCsvZip: return std::make_unique<ZipStream>(part.key, part.open());
    case BillFormat::kParquet: return open_parquet_text(part);
    case BillFormat::kJsonLines:
    case BillFormat::kJsonLinesGzip: return open_json_lines_text(part);
  }
  throw Error(ErrorKind::kInternal, "a part of a format that nobody reads");
}

void refuse_bomb(const std::string& name, const DeliveredText& text) {
  const std::uint64_t bytes = text.text_bytes();
  if (bytes <= kExpandedFreely || bytes / kMostExpansion <= text.compressed_bytes()) return;
  throw Error(ErrorKind::kInvalidData, "cannot read '" + name + "': it unpacks to more than " +
                                           std::to_string(kMostExpansion) +
                                           " times its size, which no bill does");
}

}  // namespace finops::bill
