#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "finops/core/error.h"
#include "finops/tabular/bill_converter.h"
#include "tests/support/memory_bytes.h"

namespace finops {

/// One gzip member.
inline std::string gzip_of(const std::string& text, int level = 6) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error(ErrorKind::kInternal, "deflateInit2 failed");
  }
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A part of these bytes, read in pieces of at most `piece`.
inline BillPart part_of_bytes(std::string key, std::string bytes, std::size_t piece = SIZE_MAX) {
  return {std::move(key), [bytes = std::move(bytes), piece]() -> std::unique_ptr<ByteReader> {
            return std::make_unique<MemoryReader>(bytes, piece);
          }};
}

inline std::vector<std::string> header_names(const BillPart& part) {
  std::vector<std::string> names;
  for (HeaderColumn& column : read_header(part)) names.push_back(std::move(column.name));
  return names;
}

inline BillPart part_of(std::string key, const std::string& text) {
  return part_of_bytes(std::move(key), gzip_of(text));
}

/// A layout of delivered columns (source name = output name) with field ids from 1, and the added
/// ones.
inline BillLayout layout_of(const std::vector<std::pair<std::string, ColumnType>>& delivered) {
  BillLayout layout;
  int id = 0;
  const auto next_column = [&](const std::string& name, ColumnType type) {
    Column made{.name = name, .type = type, .doc = "", .field_id = ++id};
    if (is_map(type)) {
      made.key_id = ++id;
      made.value_id = ++id;
    }
    return made;
  };
  for (const auto& [name, type] : delivered)
    layout.delivered.push_back({name, next_column(name, type)});
  for (const char* name : {"source", "billing_period", "execution_id", "source_file"}) {
    layout.added.push_back(next_column(name, ColumnType::kText));
  }
  layout.added.push_back(next_column("source_line", ColumnType::kLong));
  for (Column& added : layout.added) added.is_required = true;
  layout.source = "payer-a";
  layout.billing_period = "2025-06";
  layout.execution_id = "run-1";
  return layout;
}

/// Everything that a conversion gave away.
struct Conversions {
  ConvertReport report;
  std::vector<std::shared_ptr<std::string>> files;
  std::vector<RejectedRow> rejected;  // in the order of the parts, of each as they came
};

inline Conversions convert(const std::vector<BillPart>& parts, const BillLayout& layout,
                           const ConvertOptions& options = {}) {
  Conversions result;
  ConvertOutput output;
  output.next_parquet = [&] {
    result.files.push_back(std::make_shared<std::string>());
    return ConvertOutput::Named{"data-" + std::to_string(result.files.size()) + ".parquet",
                                std::make_unique<MemoryWriter>(result.files.back())};
  };
  output.on_rejected = [&](RejectedRow&& row) { result.rejected.push_back(std::move(row)); };
  result.report = convert_bill(parts, layout, options, output);
  const auto part_of = [&](const RejectedRow& row) {
    return std::ranges::find(parts, row.file, &BillPart::key) - parts.begin();
  };
  std::ranges::stable_sort(result.rejected, {}, part_of);
  return result;
}

}  // namespace finops
