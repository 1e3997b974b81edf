#include "finops/warehouses/bigquery/row_lines.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

#include "finops/core/error.h"
#include "finops/core/json_text.h"
#include "finops/warehouses/bigquery/bigquery_schema.h"

namespace finops::bigquery {
namespace {

using Form = RowField::Form;

Form form_of(const std::string& type, const std::string& name) {
  for (const char* text : {"STRING", "BYTES", "INTEGER", "NUMERIC", "BIGNUMERIC", "DATE", "TIME",
                           "DATETIME", "GEOGRAPHY"}) {
    if (type == text) return Form::kText;
  }
  if (type == "BOOLEAN") return Form::kBoolean;
  if (type == "FLOAT") return Form::kFloat;
  if (type == "TIMESTAMP") return Form::kTimestamp;
  if (type == "JSON") return Form::kJson;
  if (type == "RECORD") return Form::kRecord;
  throw Error(ErrorKind::kUnsupported,
              "the column " + name + " is " + type +
                  ", which cannot be copied through finops: copy with one identity for both sides");
}

bool is_json_number(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  return !digits.empty() && digits.front() >= '0' && digits.front() <= '9' &&
         digits.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
}

/// "1748739723004567" → "2025-06-01 01:02:03.004567+00:00" in quotes.
bool append_time(std::string& out, std::string_view micros) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(micros.data(), micros.data() + micros.size(), count);
  if (error != std::errc() || end != micros.data() + micros.size()) return false;
  const std::chrono::sys_time<std::chrono::microseconds> time{std::chrono::microseconds(count)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "\"%04d-%02u-%02u %02d:%02d:%02d.%06d+00:00\"",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  out += text.data();
  return true;
}

/// Lines end at line feeds, which in JSON can only stand between values.
void append_json(std::string& out, std::string_view json) {
  for (const char c : json) out += c == '\n' || c == '\r' ? ' ' : c;
}

bool append_scalar(std::string& out, Form form, const std::string& text) {
  switch (form) {
    case Form::kText: append_json_string(out, text); return true;
    case Form::kBoolean: out += text; return text == "true" || text == "false";
    case Form::kFloat:
      if (is_json_number(text)) {
        out += text;
      } else {
        append_json_string(out, text);
      }
      return true;
    case Form::kTimestamp: return append_time(out, text);
    case Form::kJson: append_json(out, text); return true;
    case Form::kRecord: return false;
  }
  return false;
}

/// Follows {"rows": [{"f": [{"v": …}]}], "pageToken": …}. A row and a record are objects with the
/// array "f" of cells, a cell is an object with "v": null, a text, a record, or an array of cells.
class PageHandler : public Json::json_sax_t {
 public:
  PageHandler(const std::vector<RowField>& fields, Nulls nulls, std::string& lines)
      : fields_(fields), nulls_(nulls), lines_(lines) {}

  RowPage page;
  bool is_whole() const { return is_whole_; }

  bool null() override { return scalar(nullptr); }
  bool boolean(bool value) override {
    if (is_at(Place::kAnswer) && key_ == "jobComplete") page.is_complete = value;
    return is_outside() || fail();
  }
  bool number_integer(number_integer_t) override { return is_outside() || fail(); }
  bool number_unsigned(number_unsigned_t) override { return is_outside() || fail(); }
  bool number_float(number_float_t, const string_t&) override { return is_outside() || fail(); }
  bool string(string_t& text) override { return scalar(&text); }
  bool binary(binary_t&) override { return fail(); }
  bool key(string_t& name) override {
    key_.swap(name);
    return true;
  }
  bool start_object(std::size_t) override;
  bool end_object() override;
  bool start_array(std::size_t) override;
  bool end_array() override;
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    return false;
  }

 private:
  enum class Place { kAnswer, kOther, kRows, kRow, kCells, kCell, kItems };
  struct Frame {
    Place place;
    const std::vector<RowField>* fields = nullptr;  // of a row's cells
    const RowField* field = nullptr;                // of a cell or of an array's items
    std::size_t index = 0;                          // of the next cell
    bool has_some = false;                          // members or items were written
    bool is_item = false;                           // a cell of an array
  };

  bool is_at(Place place) const { return !frames_.empty() && frames_.back().place == place; }
  bool is_outside() const { return is_at(Place::kAnswer) || is_at(Place::kOther); }
  bool fail() { return false; }
  bool scalar(const std::string* text);
  void begin_value();
  bool end_cell();

  const std::vector<RowField>& fields_;
  const Nulls nulls_;
  std::string& lines_;
  std::vector<Frame> frames_;
  std::string key_;
  bool is_whole_ = false;
};

/// What stands before a value: a comma, and its name unless it is an item.
void PageHandler::begin_value() {
  // ... row, cells, cell, or ... items, cell.
  const Frame& cell = frames_.back();
  Frame& around = frames_[frames_.size() - (cell.is_item ? 2 : 3)];
  if (around.has_some) lines_ += ',';
  around.has_some = true;
  if (!cell.is_item) lines_ += cell.field->key;
}

bool PageHandler::scalar(const std::string* text) {
  if (is_at(Place::kAnswer) && text != nullptr) {
    if (key_ == "pageToken") page.next = *text;
    if (key_ == "totalRows") {
      std::from_chars(text->data(), text->data() + text->size(), page.total_rows);
    }
  }
  if (is_outside()) return true;
  if (!is_at(Place::kCell) || key_ != "v") return fail();
  const Frame& cell = frames_.back();
  if (text == nullptr) {
    if (cell.is_item) return fail();
    if (nulls_ == Nulls::kLeftOut) return true;
    begin_value();
    lines_ += cell.field->is_repeated ? "[]" : "null";
    return true;
  }
  if (cell.field->is_repeated && !cell.is_item) return fail();
  begin_value();
  return append_scalar(lines_, cell.field->form, *text) || fail();
}

bool PageHandler::start_object(std::size_t) {
  if (frames_.empty()) {
    frames_.push_back({.place = Place::kAnswer});
  } else if (is_outside()) {
    frames_.push_back({.place = Place::kOther});
  } else if (is_at(Place::kRows)) {
    lines_ += '{';
    frames_.push_back({.place = Place::kRow, .fields = &fields_});
  } else if (is_at(Place::kCells)) {
    const Frame& cells = frames_.back();
    if (cells.index == cells.fields->size()) return fail();
    frames_.push_back({.place = Place::kCell, .field = &(*cells.fields)[cells.index]});
  } else if (is_at(Place::kItems)) {
    frames_.push_back({.place = Place::kCell, .field = frames_.back().field, .is_item = true});
  } else {
    const Frame& cell = frames_.back();
    const bool is_record = cell.place == Place::kCell && key_ == "v" &&
                           cell.field->form == Form::kRecord &&
                           (cell.is_item || !cell.field->is_repeated);
    if (!is_record) return fail();
    const std::vector<RowField>* parts = &cell.field->parts;
    begin_value();
    lines_ += '{';
    frames_.push_back({.place = Place::kRow, .fields = parts});
  }
  return true;
}

bool PageHandler::end_cell() {
  const bool is_item = frames_.back().is_item;
  frames_.pop_back();
  if (!is_item) ++frames_.back().index;
  return true;
}

bool PageHandler::end_object() {
  const Frame frame = frames_.back();
  if (frame.place == Place::kCell) return end_cell();
  frames_.pop_back();
  if (frames_.empty()) is_whole_ = true;
  if (frame.place != Place::kRow) return true;
  if (frame.index != frame.fields->size()) return fail();  // "f" was missing
  lines_ += '}';
  if (is_at(Place::kRows)) {
    lines_ += '\n';
    ++page.rows;
  }
  return true;
}

bool PageHandler::start_array(std::size_t) {
  if (is_at(Place::kAnswer) && key_ == "rows") {
    frames_.push_back({.place = Place::kRows});
  } else if (is_outside()) {
    frames_.push_back({.place = Place::kOther});
  } else if (is_at(Place::kRow) && key_ == "f") {
    frames_.push_back({.place = Place::kCells, .fields = frames_.back().fields});
  } else {
    const Frame& cell = frames_.back();
    const bool is_array =
        cell.place == Place::kCell && key_ == "v" && cell.field->is_repeated && !cell.is_item;
    if (!is_array) return fail();
    const RowField* field = cell.field;
    begin_value();
    lines_ += '[';
    frames_.push_back({.place = Place::kItems, .field = field});
  }
  return true;
}

bool PageHandler::end_array() {
  const Frame frame = frames_.back();
  frames_.pop_back();
  if (frame.place == Place::kItems) lines_ += ']';
  if (frame.place != Place::kCells) return true;
  if (frame.index != frame.fields->size()) return fail();
  frames_.back().index = frame.index;
  return true;
}

}  // namespace

std::vector<RowField> row_fields(const Json& fields) {
  std::vector<RowField> result;
  for (const Json& field : fields) {
    RowField& made = result.emplace_back();
    made.name = text_of(field, "name");
    append_json_string(made.key, made.name);
    made.key += ':';
    made.form = form_of(plain_type(text_of(field, "type")), made.name);
    made.is_repeated = text_of(field, "mode") == "REPEATED";
    if (field.contains("fields")) made.parts = row_fields(field["fields"]);
  }
  return result;
}

RowPage append_lines(std::string_view answer, const std::vector<RowField>& fields, Nulls nulls,
                     std::string& lines) {
  const std::size_t before = lines.size();
  PageHandler handler(fields, nulls, lines);
  if (!Json::sax_parse(answer, &handler) || !handler.is_whole()) {
    lines.resize(before);
    throw Error(ErrorKind::kInvalidData, "the page's rows cannot be understood");
  }
  return handler.page;
}

}  // namespace finops::bigquery
