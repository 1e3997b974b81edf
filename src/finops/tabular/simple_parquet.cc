#include "finops/tabular/simple_parquet.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <parquet/arrow/reader.h>

#include <charconv>
#include <chrono>
#include <span>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/tabular/arrow_edge.h"

namespace finops::simple {
namespace {

constexpr std::int64_t kBatchRows = 64;

Error unreadable(const std::string& column, const arrow::DataType& type) {
  return {ErrorKind::kUnsupported,
          "its column '" + column + "' is of the type " + type.ToString() + ", which is not read"};
}

std::string two(long number) {
  std::string text = std::to_string(number);
  return text.size() < 2 ? "0" + text : text;
}

std::string date_text(std::chrono::sys_days day) {
  if (day < std::chrono::sys_days{std::chrono::January / 1 / 1} ||
      day > std::chrono::sys_days{std::chrono::year(9999) / 12 / 31}) {
    return "day " + std::to_string(day.time_since_epoch().count());
  }
  const std::chrono::year_month_day date{day};
  const std::string year = std::to_string(static_cast<int>(date.year()));
  return std::string(4 - year.size(), '0') + year + "-" + two(unsigned(date.month())) + "-" +
         two(unsigned(date.day()));
}

std::string time_text(std::int64_t value, arrow::TimeUnit::type unit) {
  using std::chrono::floor;
  std::int64_t per_second = 1;
  int digits = 0;
  for (int u = arrow::TimeUnit::SECOND; u < unit; ++u) per_second *= 1000, digits += 3;
  std::int64_t seconds = value / per_second, fraction = value % per_second;
  if (fraction < 0) fraction += per_second, --seconds;
  const std::chrono::sys_seconds second{std::chrono::seconds(seconds)};
  const auto day = floor<std::chrono::days>(second);
  const auto of_day = (second - day).count();
  std::string text = date_text(day) + "T" + two(of_day / 3600) + ":" + two(of_day / 60 % 60) + ":" +
                     two(of_day % 60);
  if (fraction != 0) {
    const std::string plain = std::to_string(fraction);
    text += "." + std::string(static_cast<std::size_t>(digits) - plain.size(), '0') + plain;
  }
  return text + "Z";
}

template <typename Real>
std::string real_text(Real value) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

/// As people write it: no zeros at the end, and never with an exponent.
std::string decimal_text(const arrow::Decimal128Array& array, std::int64_t i) {
  const int scale = static_cast<const arrow::Decimal128Type&>(*array.type()).scale();
  std::string text = arrow::Decimal128(array.GetValue(i)).ToIntegerString();
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.erase(0, 1);
  const auto places = static_cast<std::size_t>(scale);
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  if (places > 0) {
    text.insert(text.size() - places, ".");
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
  }
  return is_negative ? "-" + text : text;
}

/// The value of a scalar column, without quotes; `is_number`: a JSON number.
std::string scalar_text(const arrow::Array& array, std::int64_t i, const std::string& column,
                        bool& is_literal) {
  using arrow::Type;
  is_literal = true;
  switch (array.type_id()) {
    case Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(i) ? "true" : "false";
    case Type::INT8: return std::to_string(static_cast<const arrow::Int8Array&>(array).Value(i));
    case Type::INT16: return std::to_string(static_cast<const arrow::Int16Array&>(array).Value(i));
    case Type::INT32: return std::to_string(static_cast<const arrow::Int32Array&>(array).Value(i));
    case Type::INT64: return std::to_string(static_cast<const arrow::Int64Array&>(array).Value(i));
    case Type::UINT8: return std::to_string(static_cast<const arrow::UInt8Array&>(array).Value(i));
    case Type::UINT16:
      return std::to_string(static_cast<const arrow::UInt16Array&>(array).Value(i));
    case Type::UINT32:
      return std::to_string(static_cast<const arrow::UInt32Array&>(array).Value(i));
    case Type::UINT64:
      return std::to_string(static_cast<const arrow::UInt64Array&>(array).Value(i));
    case Type::FLOAT: return real_text(static_cast<const arrow::FloatArray&>(array).Value(i));
    case Type::DOUBLE: return real_text(static_cast<const arrow::DoubleArray&>(array).Value(i));
    case Type::DECIMAL128:
      return decimal_text(static_cast<const arrow::Decimal128Array&>(array), i);
    default: break;
  }
  is_literal = false;
  switch (array.type_id()) {
    case Type::STRING:
    case Type::BINARY: return std::string(static_cast<const arrow::BinaryArray&>(array).GetView(i));
    case Type::DATE32:
      return date_text(std::chrono::sys_days{
          std::chrono::days{static_cast<const arrow::Date32Array&>(array).Value(i)}});
    case Type::TIMESTAMP:
      return time_text(static_cast<const arrow::TimestampArray&>(array).Value(i),
                       static_cast<const arrow::TimestampType&>(*array.type()).unit());
    default: throw unreadable(column, *array.type());
  }
}

std::string json_string(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      json += "\\u00" + std::string(byte < 16 ? "0" : "1") + "0123456789abcdef"[byte % 16];
      continue;
    }
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  return json + "\"";
}

std::string map_text(const arrow::MapArray& map, std::int64_t row, const std::string& column) {
  std::string json = "{";
  for (std::int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
    bool is_literal = false;
    if (json.size() > 1) json += ",";
    json += json_string(scalar_text(*map.keys(), i, column, is_literal)) + ":";
    if (map.items()->IsNull(i)) {
      json += "null";
      continue;
    }
    const std::string value = scalar_text(*map.items(), i, column, is_literal);
    json += is_literal ? value : json_string(value);
  }
  return json + "}";
}

std::string cell_text(const arrow::Array& array, std::int64_t row, const std::string& column) {
  if (array.IsNull(row)) return {};
  bool is_literal = false;
  if (array.type_id() != arrow::Type::MAP) return scalar_text(array, row, column, is_literal);
  return map_text(static_cast<const arrow::MapArray&>(array), row, column);
}

std::string as_csv(const std::vector<std::string>& cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += ',';
    if (cells[i].find_first_of("\",\r\n") == std::string::npos) {
      line += cells[i];
      continue;
    }
    line += '"';
    for (const char c : cells[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line.empty() ? "\"\"" : line;
}

}  // namespace

struct ParquetRecords::Input {
  std::shared_ptr<ArrowInput> file;
  std::unique_ptr<parquet::arrow::FileReader> reader;
  std::unique_ptr<arrow::RecordBatchReader> batches;
  std::shared_ptr<arrow::RecordBatch> batch;
  std::int64_t at = 0;
};

template <typename Work>
void ParquetRecords::guarded(Work work) const {
  across_arrow("cannot read '" + name_ + "' as Parquet", ErrorKind::kInvalidData,
               {&input_->file->kept_error()}, work);
}

ParquetRecords::ParquetRecords(const BillPart& part)
    : name_(part.key), input_(std::make_unique<Input>()) {
  const auto reader = part.open();
  Sha256 hash;
  std::vector<std::byte> buffer(1 << 16);
  while (const std::size_t n = reader->read(buffer)) {
    hash.update(std::span(buffer).first(n));
    bytes_ += n;
  }
  sha256_ = hash.finish();
  if (bytes_ == 0) return;
  input_->file = std::make_shared<ArrowInput>(part.open_random());
  guarded([&] {
    parquet::arrow::FileReaderBuilder builder;
    PARQUET_THROW_NOT_OK(builder.Open(input_->file));
    parquet::ArrowReaderProperties properties;
    properties.set_batch_size(kBatchRows);
    builder.properties(properties);
    PARQUET_THROW_NOT_OK(builder.Build(&input_->reader));
    PARQUET_ASSIGN_OR_THROW(input_->batches, input_->reader->GetRecordBatchReader());
    for (const auto& field : input_->batches->schema()->fields()) columns_.push_back(field->name());
  });
}

ParquetRecords::~ParquetRecords() = default;

bool ParquetRecords::next(Record& record) {
  if (bytes_ == 0) return false;
  bool has_row = true;
  guarded([&] {
    while (!input_->batch || input_->at == input_->batch->num_rows()) {
      input_->at = 0;
      PARQUET_THROW_NOT_OK(input_->batches->ReadNext(&input_->batch));
      if (!input_->batch) {
        has_row = false;
        return;
      }
    }
    record = Record{};
    record.line = ++row_;
    for (int c = 0; c < input_->batch->num_columns(); ++c) {
      record.cells.push_back(
          cell_text(*input_->batch->column(c), input_->at, columns_[static_cast<std::size_t>(c)]));
    }
    ++input_->at;
  });
  if (has_row) record.raw = as_csv(record.cells);
  return has_row;
}

}  // namespace finops::simple
