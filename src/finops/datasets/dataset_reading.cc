#include "finops/datasets/dataset_reading.h"

#include <optional>
#include <utility>

#include "finops/datasets/column_names.h"
#include "finops/datasets/table_reader.h"

namespace finops::datasets {
namespace {

using Kind = TomlNode::Kind;

/// Whether it stays below the landing folder, written in one way only.
bool is_landing_path(std::string_view path) {
  while (true) {
    const auto end = path.find('/');
    const std::string_view part = path.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == std::string_view::npos) return true;
    path.remove_prefix(end + 1);
  }
}

class DatasetReading {
 public:
  DatasetReading(const std::string& name, const TomlNode& document, Mistakes& mistakes)
      : file_(document, "a dataset's file", mistakes), mistakes_(mistakes) {
    dataset_.name = name;
    dataset_.origin = document.origin;
  }

  Dataset read() {
    dataset_.description = file_.text("description");
    read_landing();
    read_columns();
    read_key();
    read_version_column();
    dataset_.partition_by = file_.partitions();
    for (const TomlNode* money : file_.tables("money")) read_money(*money);
    file_.refuse_others();
    return std::move(dataset_);
  }

 private:
  void read_landing() {
    if (!file_.require("landing")) return;
    const TomlNode* table = file_.find("landing", Kind::kTable);
    if (table == nullptr) return;
    TableReader reader(*table, "[landing]", mistakes_);
    dataset_.landing = reader.required_text("path");
    dataset_.landing_origin = reader.origin("path");
    if (!dataset_.landing.empty() && !is_landing_path(dataset_.landing)) {
      mistakes_.add(reader.origin("path"),
                    "'path' is '" + dataset_.landing +
                        "'; write a path below the landing folder without '/' at its ends, '.', "
                        "'..' or '//'");
    }
    reader.require("format");
    dataset_.format = reader.choice<LandingFormat>("format",
                                                   {{"csv", LandingFormat::kCsv},
                                                    {"json_lines", LandingFormat::kJsonLines},
                                                    {"parquet", LandingFormat::kParquet}},
                                                   LandingFormat::kCsv);
    dataset_.keeps_deleted_files =
        reader.choice<bool>("deleted_files", {{"remove", false}, {"keep", true}}, false);
    reader.refuse_others();
  }

  void read_columns() {
    if (!file_.require("columns")) return;
    const TomlNode* table = file_.find("columns", Kind::kTable);
    if (table == nullptr) return;
    if (table->entries.empty()) mistakes_.add(table->origin, "[columns] has no column");
    for (const TomlEntry& entry : table->entries) read_column(entry);
  }

  void read_column(const TomlEntry& entry) {
    if (entry.key.empty()) {
      mistakes_.add(entry.origin, "a column's name is empty");
    } else if (is_added_column(entry.key)) {
      mistakes_.add(entry.origin,
                    "'" + entry.key + "' is the name of a column that finops adds to every row");
    }
    DatasetColumn column{.name = entry.key, .origin = entry.origin};
    if (entry.value.kind == Kind::kTable) {
      TableReader reader(entry.value, "column '" + entry.key + "'", mistakes_);
      column.type = reader.required_type("type");
      column.description = reader.text("description");
      if (reader.is_written("since_version")) {
        column.since_version = reader.integer("since_version", 1, 1'000'000, 1);
        later_.push_back({entry.key, reader.origin("since_version")});
      } else {
        reader.integer("since_version", 1, 1'000'000, 1);
      }
      reader.refuse_others();
    } else {
      // The type alone: read as if it were { type = … }.
      TomlNode table{.kind = Kind::kTable, .origin = entry.value.origin};
      table.entries.push_back({"type", entry.origin, entry.value});
      column.type = TableReader(table, "", mistakes_).required_type("type");
    }
    if (!names_.add(column.name, column.type)) {
      mistakes_.add(entry.origin, "column '" + entry.key +
                                      "' is there already; letter case does not tell names apart");
      return;
    }
    dataset_.columns.push_back(std::move(column));
  }

  /// True when there is such a column and it is of `type`, or of any for nothing.
  bool check_column(const WrittenName& written, std::string_view key,
                    std::optional<ColumnType> type) {
    const std::string what = "'" + std::string(key) + "' names ";
    const ColumnNames::Entry* column = names_.find(written.name);
    if (column == nullptr) {
      mistakes_.add(written.origin,
                    what + "no column: '" + written.name + "'" + names_.advice_for(written.name));
      return false;
    }
    if (!type || column->type == type) return true;
    mistakes_.add(written.origin, what + "the column '" + written.name + "', which is " +
                                      std::string(name_of(*column->type)) + "; it must be " +
                                      std::string(name_of(*type)));
    return false;
  }

  void read_key() {
    for (const WrittenName& name : file_.names("key")) {
      if (!check_column(name, "key", std::nullopt)) continue;
      if (names_.find(name.name)->type == ColumnType::kBoolean) {
        mistakes_.add(name.origin, "'key' names the column '" + name.name +
                                       "', which is boolean: it tells two rows apart only");
      }
      dataset_.key.push_back(name.name);
    }
  }

  void read_version_column() {
    const std::string name = file_.text("version_column");
    if (!name.empty()) {
      check_column({name, file_.origin("version_column")}, "version_column", ColumnType::kDecimal);
      dataset_.version_column = name;
      return;
    }
    for (const WrittenName& column : later_) {
      mistakes_.add(column.origin, "'since_version' of column '" + column.name +
                                       "' needs a version_column in the dataset's file");
    }
  }

  void read_money(const TomlNode& table) {
    TableReader reader(table, "[[money]]", mistakes_);
    MoneyColumn money{.column = reader.required_text("column"),
                      .currency_column = reader.text("currency_column"),
                      .currency = reader.text("currency"),
                      .origin = table.origin};
    reader.refuse_others();
    if (reader.is_written("currency") == reader.is_written("currency_column")) {
      mistakes_.add(table.origin,
                    "[[money]] has either 'currency_column', a column of the rows, or 'currency', "
                    "such as \"USD\" for all rows");
    }
    for (const MoneyColumn& other : dataset_.money) {
      if (other.column == money.column && !money.column.empty()) {
        mistakes_.add(reader.origin("column"), "[[money]] has '" + money.column + "' twice");
      }
    }
    if (!money.column.empty()) {
      check_column({money.column, reader.origin("column")}, "column", ColumnType::kDecimal);
    }
    if (!money.currency_column.empty()) {
      check_column({money.currency_column, reader.origin("currency_column")}, "currency_column",
                   ColumnType::kText);
    }
    dataset_.money.push_back(std::move(money));
  }

  TableReader file_;
  Mistakes& mistakes_;
  Dataset dataset_;
  ColumnNames names_;
  std::vector<WrittenName> later_;  // columns since a later version
};

}  // namespace

Dataset read_dataset(const std::string& name, const TomlNode& document, Mistakes& mistakes) {
  return DatasetReading(name, document, mistakes).read();
}

}  // namespace finops::datasets
