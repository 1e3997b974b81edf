#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "finops/tabular/simple_text.h"

namespace finops::simple {

/// One record by the rules of bill_layout.h ("Records").
struct Record {
  enum class Fault { kNone, kTextAfterQuote, kUnclosedQuote, kNoJsonObject };
  Fault fault = Fault::kNone;
  std::string raw;                 // without its line end
  std::vector<std::string> cells;  // values; without meaning when there is a fault
  std::int64_t line = 0;           // physical line of its first byte
};

/// Splits a text into records, byte by byte.
class Records {
 public:
  explicit Records(Text& text, std::string name) : text_(text), name_(std::move(name)) {}

  /// False at the end. Throws kInvalidData when a record does not end within `record_limit` bytes.
  bool next(Record& record, std::size_t cell_limit, std::size_t record_limit);

 private:
  Text& text_;
  std::string name_;
  std::int64_t line_ = 1;
};

}  // namespace finops::simple
