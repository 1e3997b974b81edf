#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "finops/tabular/bill_layout.h"
#include "finops/tabular/simple_records.h"
#include "finops/tabular/simple_text.h"

namespace finops::simple {

/// The lines of a file of JSON lines as records, by the rules of bill_layout.h ("JSON lines"), line
/// by line. Throws kInvalidData that names the file.
class JsonLines {
 public:
  explicit JsonLines(const BillPart& part);

  const std::vector<std::string>& columns() const { return columns_; }
  /// False at the end.
  bool next(Record& record);
  std::uint64_t bytes() const { return text_.compressed_bytes(); }
  std::string sha256() { return text_.sha256(); }

 private:
  void find_columns(const BillPart& part);

  std::string name_;
  Text text_;
  std::vector<std::string> columns_;
  std::map<std::string, std::size_t> places_;  // of the columns
  std::int64_t line_;
};

}  // namespace finops::simple
