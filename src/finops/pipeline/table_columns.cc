#include "finops/pipeline/table_columns.h"

#include "finops/core/error.h"
#include "finops/ledger/bill_partition.h"
#include "finops/sources/column_naming.h"

namespace finops {
namespace {

/// The doc is a column's identity; these cannot be the name of a delivered column.
std::vector<Column> added_columns() {
  return {{"source", ColumnType::kText, "added by finops: name of the export", true},
          {"billing_period", ColumnType::kText, "added by finops: month of the delivery", true},
          {"execution_id", ColumnType::kText, "added by finops: version of the delivery"},
          {"source_file", ColumnType::kText, "added by finops: file that the row comes from"},
          {"source_line", ColumnType::kLong, "added by finops: line in that file"}};
}

constexpr const char* kCurrencyProperty = "finops.currency-column";
constexpr const char* kCostProperty = "finops.cost-column";

/// Tables of before have no such property, and the columns of AWS's bills.
void set_money_columns(const lake::TableView& view, BillLayout& layout) {
  const auto currency = view.properties.find(kCurrencyProperty);
  const auto cost = view.properties.find(kCostProperty);
  if (currency != view.properties.end()) layout.currency_column = currency->second;
  if (cost != view.properties.end()) layout.cost_column = cost->second;
}

std::map<std::string, std::string> properties_of(const ColumnDictionary& dictionary) {
  if (dictionary.currency_column() == BillLayout().currency_column) return {};
  return {{kCurrencyProperty, dictionary.currency_column()},
          {kCostProperty, dictionary.cost_column()}};
}

void require_same_kind(const lake::TableName& table, const BillLayout& layout,
                       const ColumnDictionary& dictionary) {
  if (layout.currency_column == dictionary.currency_column()) return;
  throw Error(ErrorKind::kUnsupported,
              table.to_string() + " holds bills of another kind (their currency is in " +
                  layout.currency_column + ", here it is in " + dictionary.currency_column() +
                  "); set another `table` for this export, or leave it out");
}

SourceNames known_names(const lake::TableView& view) {
  const auto property = view.properties.find(std::string(kSourceNamesProperty));
  return property == view.properties.end() ? SourceNames() : parse_source_names(property->second);
}

std::vector<Column> committed_added_columns(const lake::TableView& view) {
  std::vector<Column> columns;
  for (const auto& column : added_columns()) {
    const Column* committed = view.schema.find(column.name);
    if (committed == nullptr) {
      throw Error(ErrorKind::kUnsupported, view.name.to_string() + " has no column '" +
                                               column.name + "': finops did not make this table");
    }
    columns.push_back(*committed);
  }
  return columns;
}

}  // namespace

PreparedLayout prepare_layout(lake::Lake& lake, const lake::TableName& table,
                              const std::vector<DeliveredColumn>& delivered,
                              const ColumnDictionary& dictionary) {
  constexpr int kMostRaces = 20;
  PreparedLayout prepared;
  if (lake.has_table(table)) {
    BillLayout layout;
    set_money_columns(lake.view(table), layout);
    require_same_kind(table, layout, dictionary);
  }
  lake.ensure_table(table, {added_columns(), BillPartition::columns(), properties_of(dictionary)});
  for (int attempt = 0; attempt < kMostRaces; ++attempt) {
    const lake::TableView view = lake.view(table);
    set_money_columns(view, prepared.layout);
    const SourceNames known = known_names(view);
    ColumnBinding binding = bind_columns(delivered, view.schema, known, dictionary);
    if (binding.new_columns.empty() && binding.source_names == known) {
      prepared.layout.delivered = std::move(binding.columns);
      prepared.layout.added = committed_added_columns(view);
      return prepared;
    }
    try {
      lake.add_columns(table, binding.new_columns,
                       {{std::string(kSourceNamesProperty), to_json(binding.source_names)}});
      for (const auto& column : binding.new_columns) prepared.new_columns.push_back(column.name);
    } catch (const Error& error) {
      // Another run was faster with a column of this name: bind again to what there is now.
      if (error.kind() != ErrorKind::kAlreadyExists) throw;
    }
  }
  throw Error(ErrorKind::kUnavailable,
              "the columns of " + table.to_string() + " keep changing under this run; try again");
}

std::string cost_column_of(const lake::TableView& view) {
  BillLayout layout;
  set_money_columns(view, layout);
  return layout.cost_column;
}

std::string currency_column_of(const lake::TableView& view) {
  BillLayout layout;
  set_money_columns(view, layout);
  return layout.currency_column;
}

BillLayout recorded_layout(const lake::TableView& view,
                           const std::vector<std::pair<std::string, std::string>>& columns) {
  BillLayout layout;
  layout.added = committed_added_columns(view);
  set_money_columns(view, layout);
  for (const auto& [source_name, name] : columns) {
    const Column* column = view.schema.find(name);
    if (column == nullptr) {
      throw Error(ErrorKind::kInvalidData, view.name.to_string() + " has no column '" + name +
                                               "' any more, which the delivery was loaded into");
    }
    layout.delivered.push_back({source_name, *column});
  }
  return layout;
}

}  // namespace finops
