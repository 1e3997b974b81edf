#include "finops/cli/query_output.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "finops/cli/human_text.h"
#include "finops/cli/text_table.h"
#include "finops/core/error.h"

namespace finops {
namespace {

class TableOutput : public FormattedOutput {
 public:
  explicit TableOutput(std::ostream& out) : out_(out) {}

  void columns(const std::vector<ResultColumn>& columns) override {
    std::vector<TextTable::Heading> headings;
    for (const ResultColumn& column : columns) {
      headings.push_back({column.name, column.form == CellForm::kNumber ? TextTable::Align::kRight
                                                                        : TextTable::Align::kLeft});
    }
    table_ = std::make_unique<TextTable>(std::move(headings));
  }

  void row(const ResultRow& row) override {
    std::vector<std::string> cells;
    for (const auto& cell : row) cells.push_back(cell.value_or("NULL"));
    table_->add(std::move(cells));
    ++rows_;
    // The widths of so many rows do for the rest: a result need not fit into memory.
    constexpr std::uint64_t kHeldRows = 1000;
    if (rows_ % kHeldRows == 0) print();
  }

  void finish() override {
    if (!table_) return;
    print();
    out_ << '(' << plural(rows_, "row") << ")\n";
  }

 private:
  void print() {
    if (has_heading_) {
      table_->print_rows(out_);
    } else {
      table_->print(out_);
    }
    has_heading_ = true;
    table_->drop_rows();
  }

  std::ostream& out_;
  std::unique_ptr<TextTable> table_;
  std::uint64_t rows_ = 0;
  bool has_heading_ = false;
};

class CsvOutput : public FormattedOutput {
 public:
  explicit CsvOutput(std::ostream& out) : out_(out) {}

  void columns(const std::vector<ResultColumn>& columns) override {
    ResultRow names;
    for (const ResultColumn& column : columns) names.emplace_back(column.name);
    row(names);
  }

  void row(const ResultRow& row) override {
    line_.clear();
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line_ += ',';
      if (row[i]) append(*row[i]);
    }
    line_ += '\n';
    out_ << line_;
  }

  void finish() override {}

 private:
  void append(const std::string& cell) {
    if (!cell.empty() && cell.find_first_of(",\"\r\n") == std::string::npos) {
      line_ += cell;
      return;
    }
    line_ += '"';
    for (const char c : cell) {
      if (c == '"') line_ += '"';
      line_ += c;
    }
    line_ += '"';
  }

  std::ostream& out_;
  std::string line_;
};

class JsonOutput : public FormattedOutput {
 public:
  explicit JsonOutput(std::ostream& out) : out_(out) {}

  void columns(const std::vector<ResultColumn>& columns) override {
    std::set<std::string> taken;
    for (const ResultColumn& column : columns) {
      std::string name = column.name;
      for (int i = 1; !taken.insert(name).second; ++i) name = column.name + "_" + std::to_string(i);
      keys_.push_back(dumped(name) + ": ");
      columns_.push_back(column);
    }
  }

  void row(const ResultRow& row) override {
    out_ << (has_rows_ ? ",\n  {" : "[\n  {");
    has_rows_ = true;
    for (std::size_t i = 0; i < row.size(); ++i) {
      out_ << (i > 0 ? ", " : "") << keys_.at(i) << value(columns_[i], row[i]);
    }
    out_ << '}';
  }

  void finish() override { out_ << (has_rows_ ? "\n]\n" : "[]\n"); }

 private:
  static std::string dumped(const std::string& text) {
    using Json = nlohmann::ordered_json;
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  static std::string value(const ResultColumn& column, const std::optional<std::string>& cell) {
    if (!cell) return "null";
    if (column.form == CellForm::kBoolean || column.form == CellForm::kJson) return *cell;
    // Most readers would make doubles of decimals; nan and inf are no numbers of JSON's.
    const bool is_exact = column.type.starts_with("DECIMAL");
    const bool is_finite = cell->find_first_not_of("+-.0123456789eE") == std::string::npos;
    return column.form == CellForm::kNumber && !is_exact && is_finite ? *cell : dumped(*cell);
  }

  std::ostream& out_;
  std::vector<std::string> keys_;
  std::vector<ResultColumn> columns_;
  bool has_rows_ = false;
};

}  // namespace

std::unique_ptr<FormattedOutput> make_query_output(const std::string& format, std::ostream& out) {
  if (format == "table") return std::make_unique<TableOutput>(out);
  if (format == "csv") return std::make_unique<CsvOutput>(out);
  if (format == "json") return std::make_unique<JsonOutput>(out);
  throw Error(ErrorKind::kUsage, "unknown format '" + format + "'; one of table, csv, json");
}

}  // namespace finops
