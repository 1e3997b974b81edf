#include "finops/tabular/record_scanner.h"

#include "finops/tabular/cell_range.h"

namespace finops::bill {
namespace {

using State = ScannedRecord::State;

class Scan {
 public:
  Scan(std::string_view text, bool is_last, const ScanLimits& limits)
      : text_(text.substr(0, limits.record)),
        is_last_(is_last && text.size() <= limits.record),
        is_cut_(text.size() >= limits.record),
        cell_limit_(limits.cell) {}

  ScannedRecord run(std::vector<std::uint32_t>* separators, std::size_t base) {
    for (;;) {
      if (const State fault = skip_cell(); fault != State::kSound) return failed(fault);
      if (separators != nullptr) separators->push_back(static_cast<std::uint32_t>(base + at_));
      if (text_[at_++] == '\n') return {State::kSound, at_};
    }
  }

 private:
  /// From a cell's first byte to the separator after it.
  State skip_cell() {
    if (at_ == text_.size()) return State::kUndecided;
    if (text_[at_] == '"') {
      const State state = skip_quoted();
      if (state != State::kSound) return state;
      return skip_line_end();
    }
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n') ++at_;
    return at_ == text_.size() ? State::kUndecided : State::kSound;
  }

  /// From the opening quote to behind the closing one.
  State skip_quoted() {
    const std::size_t opening = at_++;
    const std::string_view reach = text_.substr(0, opening + 1 + cell_limit_ + 1);
    for (;;) {
      at_ = reach.find('"', at_);
      if (at_ == std::string_view::npos) {
        const bool is_too_long = reach.size() == opening + 1 + cell_limit_ + 1;
        return is_too_long || is_last_ ? State::kUnclosedCell : State::kUndecided;
      }
      if (at_ + 1 == text_.size()) return State::kUndecided;  // perhaps a doubled quote
      if (text_[at_ + 1] != '"') {
        ++at_;
        return State::kSound;
      }
      at_ += 2;
    }
  }

  /// After a closing quote: to the comma or line feed that must follow.
  State skip_line_end() {
    if (text_[at_] == '\r') {
      if (at_ + 1 == text_.size()) return State::kUndecided;
      if (text_[at_ + 1] == '\n') ++at_;
    }
    return text_[at_] == ',' || text_[at_] == '\n' ? State::kSound : State::kBrokenQuote;
  }

  ScannedRecord failed(State state) const {
    if (state != State::kUndecided) {
      const std::size_t from = state == State::kUnclosedCell ? 0 : at_;
      const std::size_t line_feed = text_.find('\n', from);
      if (line_feed != std::string_view::npos) return {state, line_feed + 1};
    }
    return {is_cut_ ? State::kTooLong : State::kUndecided, 0};
  }

  std::string_view text_;
  bool is_last_, is_cut_;
  std::size_t cell_limit_;
  std::size_t at_ = 0;
};

}  // namespace

ScannedRecord scan_record(std::string_view text, bool is_last, const ScanLimits& limits,
                          std::vector<std::uint32_t>* separators, std::size_t base) {
  return Scan(text, is_last, limits).run(separators, base);
}

std::vector<std::string> split_record(std::string_view record) {
  std::vector<std::uint32_t> separators;
  scan_record(record, true, {record.size(), record.size() + 1}, &separators);
  std::vector<std::string> values;
  std::string scratch;
  std::size_t begin = 0;
  for (const std::uint32_t separator : separators) {
    const bool is_last = separator == separators.back();
    const std::size_t end = is_last ? content_end(record.data(), 0, record.size())
                                    : static_cast<std::size_t>(separator);
    const Cell raw{record.data() + begin, static_cast<std::uint32_t>(end - begin)};
    values.emplace_back(unquoted(raw, scratch).view());
    begin = separator + 1;
  }
  return values;
}

}  // namespace finops::bill
