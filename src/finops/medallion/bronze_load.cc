#include "finops/medallion/bronze_load.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/core/parallel.h"
#include "finops/core/sha256.h"
#include "finops/medallion/silver_sql.h"
#include "finops/pipeline/part_opening.h"
#include "finops/tabular/bill_converter.h"
#include "finops/tabular/parquet_writing.h"

namespace finops::medallion {
namespace {

std::vector<Column> added_columns() {
  const auto column = [](const char* name, ColumnType type, const char* doc) {
    return Column{name, type, std::string("added by finops: ") + doc};
  };
  return {column(kSourceFile, ColumnType::kText, "landing file"),
          column(kSourceLine, ColumnType::kLong, "line in that file"),
          column(kIngestionTime, ColumnType::kTimestamp, "when it was loaded")};
}

std::vector<Column> unreadable_columns() {
  return {{kUnreadable, ColumnType::kText, "added by finops: why the record has no cells"},
          {kRaw, ColumnType::kBinary, "added by finops: bytes of a record without cells"}};
}

Column text_column(const std::string& name, const std::string& doc) {
  return {name, ColumnType::kText, doc};
}

/// The columns of the table for all names of the headers: one that is there keeps its column.
/// Engines do not tell upper from lower case in names of columns, so two names that differ in it
/// only are told apart by a part of their hash.
class ColumnNames {
 public:
  explicit ColumnNames(std::vector<Column> known) : columns_(std::move(known)) {
    for (const Column& column : columns_) {
      taken_.insert(ascii_lower(column.name));
      delivered_.insert(column.doc);
    }
  }

  void add(const std::string& delivered) {
    if (!delivered_.insert(delivered).second) return;
    std::string name = delivered;
    if (!taken_.insert(ascii_lower(name)).second) {
      name += "_" + sha256_of(delivered).substr(0, 8);
      taken_.insert(ascii_lower(name));
    }
    columns_.push_back(text_column(name, delivered));
  }

  const std::vector<Column>& columns() const { return columns_; }

 private:
  std::vector<Column> columns_;
  std::set<std::string> delivered_;  // docs of the columns
  std::set<std::string> taken_;      // their names in lower case
};

BillFormat format_of(const datasets::Dataset& dataset, const std::string& file) {
  const auto by_name = format_of_name(file);
  const bool is_gzip = ascii_lower(file).ends_with(".gz");
  switch (dataset.format) {
    case datasets::LandingFormat::kParquet: return BillFormat::kParquet;
    case datasets::LandingFormat::kJsonLines:
      return is_gzip ? BillFormat::kJsonLinesGzip : BillFormat::kJsonLines;
    case datasets::LandingFormat::kCsv: break;
  }
  if (is_gzip) return BillFormat::kCsvGzip;
  return by_name == BillFormat::kCsvZip ? BillFormat::kCsvZip : BillFormat::kCsv;
}

class BronzeLoad {
 public:
  BronzeLoad(RunTables& tables, const std::string& project, const datasets::Dataset& dataset,
             const BronzeSettings& settings, std::stop_token stop)
      : tables_(tables),
        table_(bronze_table(project, dataset.name)),
        dataset_(dataset),
        settings_(settings),
        stop_(std::move(stop)) {}

  std::vector<LandedFile> run(const std::vector<ObjectInfo>& objects) {
    read_headers(objects);
    prepare_table();
    std::vector<Loaded> loaded(objects.size());
    const std::size_t at_once = std::min<std::size_t>(settings_.threads, objects.size());
    for_each_at_once(objects.size(), at_once, [&](std::size_t i) {
      loaded[i] = load(objects[i], parts_[i], headers_[i], at_once);
    });
    std::vector<LandedFile> files;
    for (Loaded& one : loaded) {
      for (auto& file : one.files) tables_.add_file(table_, std::move(file));
      files.push_back(std::move(one.landed));
    }
    return files;
  }

 private:
  struct Loaded {
    LandedFile landed;
    std::vector<WrittenParquet> files;
  };

  void read_headers(const std::vector<ObjectInfo>& objects) {
    const PartPlace place{settings_.landing, settings_.is_remote, nullptr, settings_.spool_folder};
    for (const auto& object : objects) {
      parts_.push_back(part_of_delivery(place, object));
      parts_.back().format = format_of(dataset_, object.key);
    }
    headers_.resize(objects.size());
    for_each_at_once(objects.size(), settings_.threads,
                     [&](std::size_t i) { headers_[i] = read_header(parts_[i]); });
  }

  void prepare_table() {
    const lake::TableView* known = tables_.find(table_);
    ColumnNames names(known != nullptr ? known->schema.columns : declared_bronze_columns(dataset_));
    for (const auto& column : declared_bronze_columns(dataset_)) names.add(column.doc);
    for (const auto& header : headers_) {
      for (const auto& column : header) names.add(column.name);
    }
    for (const Column& column : tables_.prepare(table_, names.columns()).schema.columns) {
      by_doc_[column.doc] = column;
    }
  }

  std::vector<Column> committed(const std::vector<Column>& columns) const {
    std::vector<Column> found;
    for (const Column& column : columns) found.push_back(by_doc_.at(column.doc));
    return found;
  }

  BillLayout layout_of(const std::vector<HeaderColumn>& header) const {
    BillLayout layout;
    for (const auto& column : header) {
      layout.delivered.push_back({column.name, by_doc_.at(column.name)});
    }
    layout.added = committed(added_columns());
    layout.ingestion_time = settings_.ingestion_time;
    layout.currency_column.clear();
    layout.cost_column.clear();
    return layout;
  }

  Loaded load(const ObjectInfo& object, const BillPart& part,
              const std::vector<HeaderColumn>& header, std::size_t at_once) {
    ConvertOutput output;
    output.next_parquet = [&]() -> ConvertOutput::Named {
      std::string key = tables_.new_key(table_);
      auto writer = tables_.lake().store().create(key);
      return {std::move(key), std::move(writer)};
    };
    Unreadable unreadable(*this, is_json_lines(part.format));
    output.on_rejected = [&](RejectedRow&& row) { unreadable.add(std::move(row)); };
    ConvertOptions options;
    options.threads = at_once > 1 ? 1 : settings_.threads;
    options.memory_bytes = settings_.memory_bytes / at_once;
    ConvertReport report = convert_bill({part}, layout_of(header), options, output, stop_);
    Loaded loaded;
    loaded.files = std::move(report.files);
    if (auto file = unreadable.finish()) loaded.files.push_back(std::move(*file));
    loaded.landed = {.dataset = dataset_.name,
                     .file = object.key,
                     .size = object.size,
                     .etag = object.etag,
                     .sha256 = report.parts.at(0).sha256,
                     .ingestion_time = settings_.ingestion_time,
                     .rows = static_cast<std::int64_t>(report.rows),
                     .unreadable_rows = static_cast<std::int64_t>(report.rejected_rows),
                     .data_files = {}};
    for (const auto& file : loaded.files) loaded.landed.data_files.push_back(file.key);
    return loaded;
  }

  /// The records of one file that have no cells, as a data file of its own.
  class Unreadable {
   public:
    Unreadable(BronzeLoad& load, bool is_json)
        : load_(load), code_(is_json ? "line_unreadable" : "record_unreadable") {}

    void add(RejectedRow&& row) {
      if (!writer_) begin();
      writer_->append({std::move(row.file), row.line, load_.settings_.ingestion_time,
                       std::string(code_), std::move(row.raw)});
    }
    std::optional<WrittenParquet> finish() {
      if (!writer_) return std::nullopt;
      return writer_->finish();
    }

   private:
    void begin() {
      std::vector<Column> columns = load_.committed(added_columns());
      for (auto& column : load_.committed(unreadable_columns())) {
        columns.push_back(std::move(column));
      }
      const std::string key = load_.tables_.new_key(load_.table_);
      writer_ = make_parquet_row_writer(key, load_.tables_.lake().store().create(key), columns,
                                        {kSourceFile});
    }

    BronzeLoad& load_;
    const char* code_;
    std::unique_ptr<ParquetRowWriter> writer_;
  };

  RunTables& tables_;
  const lake::TableName table_;
  const datasets::Dataset& dataset_;
  const BronzeSettings& settings_;
  const std::stop_token stop_;
  std::vector<BillPart> parts_;
  std::vector<std::vector<HeaderColumn>> headers_;
  std::map<std::string, Column> by_doc_;
};

}  // namespace

lake::TableName bronze_table(const std::string& project, const std::string& dataset) {
  return {project + "_bronze", dataset};
}

std::vector<Column> declared_bronze_columns(const datasets::Dataset& dataset) {
  std::vector<Column> columns;
  for (const auto& column : dataset.columns) {
    columns.push_back(text_column(column.name, column.name));
  }
  for (auto& column : added_columns()) columns.push_back(std::move(column));
  for (auto& column : unreadable_columns()) columns.push_back(std::move(column));
  return columns;
}

std::vector<LandedFile> load_bronze(RunTables& tables, const std::string& project,
                                    const datasets::Dataset& dataset,
                                    const std::vector<ObjectInfo>& files,
                                    const BronzeSettings& settings, const std::stop_token& stop) {
  return BronzeLoad(tables, project, dataset, settings, stop).run(files);
}

}  // namespace finops::medallion
