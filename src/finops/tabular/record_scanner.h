#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace finops::bill {

/// One record as the rules of bill_layout.h find it.
struct ScannedRecord {
  enum class State {
    kSound,
    kBrokenQuote,   // something stands after a closing quote
    kUnclosedCell,  // the record is its first line
    kUndecided,     // more text is needed
    kTooLong,       // not decided within the limit
  };
  State state = State::kUndecided;
  std::size_t end = 0;  // after its line feed
  bool is_decided() const { return state < State::kUndecided; }
};

struct ScanLimits {
  std::size_t cell;    // raw bytes that quotes may enclose
  std::size_t record;  // bytes within which a record must end
};

/// The record at the start of `text`, byte by byte: the rule itself, which the fast path must agree
/// with. `is_last`: nothing follows `text`, which then ends in a line feed. Appends the position of
/// each comma between cells, and of the line feed, plus `base`, to `separators` unless it is null;
/// they mean nothing unless the record is sound.
ScannedRecord scan_record(std::string_view text, bool is_last, const ScanLimits& limits,
                          std::vector<std::uint32_t>* separators = nullptr, std::size_t base = 0);

/// Where the line end of the sound or faulty record text[begin, end) begins.
inline std::size_t content_end(const char* text, std::size_t begin, std::size_t end) {
  const std::size_t line_feed = end - 1;
  return line_feed > begin && text[line_feed - 1] == '\r' ? line_feed - 1 : line_feed;
}

/// The values of the cells of a sound record, which ends with its line feed.
std::vector<std::string> split_record(std::string_view record);

}  // namespace finops::bill
