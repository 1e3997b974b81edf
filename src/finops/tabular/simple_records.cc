#include "finops/tabular/simple_records.h"

#include <algorithm>
#include <utility>

#include "finops/core/error.h"

namespace finops::simple {
namespace {

/// Takes the bytes of one record, one after the other, until it knows the record.
class RecordScan {
 public:
  RecordScan(Record& record, std::size_t cell_limit) : record_(record), cell_limit_(cell_limit) {}

  bool is_done() const { return state_ == State::kDone; }
  std::size_t bytes() const { return bytes_.size(); }

  void take(char byte) {
    bytes_ += byte;
    switch (state_) {
      case State::kCellStart:
        if (byte == '"') {
          state_ = State::kQuoted;
          enclosed_ = 0;
          break;
        }
        state_ = State::kUnquoted;
        [[fallthrough]];
      case State::kUnquoted:
        if (byte == ',' || byte == '\n') {
          end_cell(byte);
        } else {
          cell_ += byte;
        }
        break;
      case State::kQuoted: take_quoted(byte); break;
      case State::kQuoteInQuoted:
        if (byte == '"') {
          enclose(2);
          cell_ += '"';
        } else {
          take_after_quotes(byte, true);
        }
        break;
      case State::kCarriageReturn: take_after_quotes(byte, false); break;
      case State::kFaultyLine:
        if (byte == '\n') state_ = State::kDone;
        break;
      case State::kDone: break;
    }
  }

  /// The text is at its end, with a cell unclosed: every other state ends with the last line feed.
  void take_end() { be_unclosed(); }

  /// What was read behind the record: of an unclosed one all but its first line.
  std::string finish() {
    std::string rest;
    if (record_.fault == Record::Fault::kUnclosedQuote) {
      const std::size_t line_end = bytes_.find('\n') + 1;
      rest = bytes_.substr(line_end);
      bytes_.resize(line_end);
    }
    bytes_.pop_back();
    if (bytes_.ends_with('\r')) bytes_.pop_back();
    record_.raw = std::move(bytes_);
    return rest;
  }

 private:
  enum class State {
    kCellStart,
    kUnquoted,
    kQuoted,
    kQuoteInQuoted,   // it closes the cell, or is the first of a doubled one
    kCarriageReturn,  // after a closing quote
    kFaultyLine,      // to its line feed
    kDone,
  };

  void end_cell(char separator) {
    // An unquoted last cell has taken the carriage return of its line end.
    if (separator == '\n' && state_ == State::kUnquoted && cell_.ends_with('\r')) cell_.pop_back();
    record_.cells.push_back(std::move(cell_));
    cell_.clear();
    state_ = separator == '\n' ? State::kDone : State::kCellStart;
  }

  void take_quoted(char byte) {
    if (byte == '"') {
      state_ = State::kQuoteInQuoted;
      return;
    }
    cell_ += byte;
    enclose(1);
  }

  void enclose(std::size_t bytes) {
    state_ = State::kQuoted;
    enclosed_ += bytes;
    if (enclosed_ > cell_limit_) be_unclosed();
  }

  void take_after_quotes(char byte, bool may_be_carriage_return) {
    if (byte == '\n' || (byte == ',' && may_be_carriage_return)) {
      end_cell(byte);
    } else if (byte == '\r' && may_be_carriage_return) {
      state_ = State::kCarriageReturn;
    } else {
      record_.fault = Record::Fault::kTextAfterQuote;
      state_ = State::kFaultyLine;
    }
  }

  void be_unclosed() {
    record_.fault = Record::Fault::kUnclosedQuote;
    const bool has_line = bytes_.find('\n') != std::string::npos;
    state_ = has_line ? State::kDone : State::kFaultyLine;
  }

  Record& record_;
  std::size_t cell_limit_, enclosed_ = 0;
  State state_ = State::kCellStart;
  std::string bytes_, cell_;
};

}  // namespace

bool Records::next(Record& record, std::size_t cell_limit, std::size_t record_limit) {
  if (text_.is_at_end()) return false;
  record = Record();
  record.line = line_;
  RecordScan scan(record, cell_limit);
  while (!scan.is_done()) {
    const int byte = text_.next();
    if (byte == Text::kEnd) {
      scan.take_end();
      break;
    }
    if (scan.bytes() == record_limit) {
      throw Error(ErrorKind::kInvalidData, "cannot read '" + name_ + "': the record on line " +
                                               std::to_string(line_) + " does not end within " +
                                               std::to_string(record_limit) + " bytes");
    }
    scan.take(static_cast<char>(byte));
  }
  text_.give_back(scan.finish());
  line_ += 1 + std::count(record.raw.begin(), record.raw.end(), '\n');
  return true;
}

}  // namespace finops::simple
