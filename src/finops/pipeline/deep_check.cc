#include "finops/pipeline/deep_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "finops/core/error.h"
#include "finops/core/sha256.h"
#include "finops/ledger/ledger.h"
#include "finops/ledger/receipt.h"
#include "finops/tabular/parquet_writing.h"

namespace finops {
namespace {

void stop_if_wanted(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(ErrorKind::kCancelled, "interrupted");
}

bool is_finding(ErrorKind kind) {
  return kind == ErrorKind::kInvalidData || kind == ErrorKind::kNotFound ||
         kind == ErrorKind::kUnsupported;
}

/// Maps are of bills only, whose files have receipts.
std::vector<Column> cells_of(const TableSchema& schema) {
  std::vector<Column> columns = schema.columns;
  std::erase_if(columns, [](const Column& column) {
    return column.type == ColumnType::kTextMap || column.type == ColumnType::kDecimalMap;
  });
  return columns;
}

class DeepChecker {
 public:
  DeepChecker(lake::Lake& lake, const std::stop_token& stop) : lake_(lake), stop_(stop) {}

  DeepCheck run() {
    try {
      read_receipts();
    } catch (const Error& error) {
      if (!is_finding(error.kind())) throw;
      report_.problems.push_back({Ledger::table(), "", error.what()});
    }
    for (const auto& name : lake_.tables()) check_table(name);
    return std::move(report_);
  }

 private:
  void read_receipts() {
    for (const auto& record : Ledger(lake_).records(true)) {
      bill_tables_.insert(record.id.table);
      if (record.state != DeliveryState::kCurrent || record.receipt.empty()) continue;
      for (const auto& file : receipt_from_json(record.receipt).data_files) {
        sha256_[file.key] = file.sha256;
      }
    }
  }

  void check_table(const lake::TableName& name) {
    lake::TableView view;
    try {
      view = lake_.view(name);
    } catch (const Error& error) {
      if (!is_finding(error.kind())) throw;
      report_.problems.push_back({name, "", error.what()});
      return;
    }
    for (const auto& file : view.files) {
      stop_if_wanted(stop_);
      try {
        check_file(view, file);
      } catch (const Error& error) {
        if (!is_finding(error.kind())) throw;
        if (is_still_live(name, file.uri)) add_problem(name, file, error.what());
      }
    }
  }

  void check_file(const lake::TableView& view, const lake::LakeFile& file) {
    const auto key = lake_.key_of(file.uri);
    ++report_.files;
    report_.bytes += file.bytes;
    const auto it = sha256_.find(key);
    const bool is_bill = bill_tables_.contains(view.name.name);
    if (it != sha256_.end()) {
      const auto found = hash_of(key);
      if (found != it->second) {
        add_problem(view.name, file,
                    "its bytes changed: SHA-256 " + found + ", the receipt says " + it->second +
                        "; restore it from a backup, or load the period again with --overwrite");
        return;
      }
    } else if (is_bill) {
      ++report_.files_without_receipt;
    }
    const auto bytes = open_random(lake_.store(), key);
    const auto rows =
        it == sha256_.end() && !is_bill ? count_by_reading(view, key) : parquet_row_count(*bytes);
    report_.rows += static_cast<std::uint64_t>(rows);
    if (rows == file.rows) return;
    add_problem(
        view.name, file,
        "it has " + std::to_string(rows) + " rows, the manifest says " + std::to_string(file.rows));
  }

  std::int64_t count_by_reading(const lake::TableView& view, const std::string& key) {
    return std::ssize(read_parquet_rows(open_random(lake_.store(), key), cells_of(view.schema)));
  }

  std::string hash_of(const std::string& key) {
    Sha256 hash;
    const auto reader = lake_.store().open(key, {});
    std::vector<std::byte> buffer(1 << 20);
    while (const std::size_t n = reader->read(buffer)) {
      hash.update(std::span(buffer).first(n));
      stop_if_wanted(stop_);
    }
    return hash.finish();
  }

  /// A file that was replaced and expired since the table was looked at is missed by nobody.
  bool is_still_live(const lake::TableName& name, const std::string& uri) {
    return std::ranges::count(lake_.view(name).files, uri, &lake::LakeFile::uri) > 0;
  }

  void add_problem(const lake::TableName& name, const lake::LakeFile& file,
                   const std::string& finding) {
    report_.problems.push_back({name, file.uri, finding});
  }

  lake::Lake& lake_;
  const std::stop_token& stop_;
  std::map<std::string, std::string> sha256_;  // by key
  std::set<std::string> bill_tables_;
  DeepCheck report_;
};

}  // namespace

DeepCheck check_deep(lake::Lake& lake, const std::stop_token& stop) {
  return DeepChecker(lake, stop).run();
}

}  // namespace finops
