#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "finops/tabular/bill_converter.h"
#include "finops/tabular/bill_plan.h"
#include "finops/tabular/delivered_text.h"
#include "finops/tabular/record_scanner.h"
#include "finops/tabular/row_block.h"

namespace finops::bill {

/// The rows of one part as text: byte order mark and header taken off. Throws kInvalidData as
/// read_header does. One thread at a time.
class PartText {
 public:
  explicit PartText(const BillPart& part);

  const std::vector<HeaderColumn>& header() const { return header_; }
  std::int64_t header_lines() const { return header_lines_; }
  /// The next bytes of the text after the header; fewer than `capacity` only at the end.
  std::size_t read(char* out, std::size_t capacity);
  DeliveredText& stream() { return *stream_; }

 private:
  [[noreturn]] void fail(const std::string& why) const;
  void take_header();
  void check_header() const;

  std::string key_;
  BillFormat format_;
  std::unique_ptr<DeliveredText> stream_;
  std::string ahead_;  // read with the header, but after it
  std::size_t ahead_at_ = 0;
  std::vector<HeaderColumn> header_;
  std::int64_t header_lines_ = 0;
};

/// What a reader of a delivery reads of it: every `step`-th part, from `first` on.
struct PartChoice {
  std::size_t first = 0, step = 1;
};

/// Cuts its parts of a delivery, one after the other, into blocks of whole records. What a block
/// holds depends on the input only. One thread at a time.
class BillReader {
 public:
  BillReader(const std::vector<BillPart>& parts, PartChoice choice, const BillShape& shape,
             std::size_t block_bytes, std::size_t cell_limit);

  /// Fills the reader's half of a block; false when nothing is left.
  bool read(RowBlock& block);
  /// Of its parts that were read to their end, in their order; without counts of rows.
  std::vector<PartReport>& reports() { return reports_; }

 private:
  struct Cut {
    std::size_t end = 0;  // 0: not one whole record
    bool is_regular = false;
    std::int64_t lines = 0;  // line feeds before its end
  };
  bool open_next_part();
  void close_part();
  bool fill(RowBlock& block);
  void count_compressed(RowBlock& block);
  bool fill_by_column(RowBlock& block);
  Cut find_cut(std::string_view text) const;
  Cut find_cut(std::string_view text, bool is_last) const;
  void keep_rest(RowBlock& block, std::size_t size, std::int64_t lines);

  const std::vector<BillPart>& parts_;
  const BillShape& shape_;
  std::size_t block_bytes_;
  std::size_t cell_limit_;
  std::size_t next_part_, step_;
  std::unique_ptr<PartText> text_;
  std::shared_ptr<const PartPlan> plan_;
  bool text_ended_ = false;
  bool is_by_column_ = false;
  std::string carried_;  // the beginning of a record whose end is still to come
  std::int64_t line_ = 1;
  std::uint64_t told_bytes_ = 0;  // of the part, as far as blocks know of them
  std::vector<PartReport> reports_;
};

}  // namespace finops::bill
