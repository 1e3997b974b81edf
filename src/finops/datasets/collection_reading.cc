#include "finops/datasets/collection_reading.h"

#include <algorithm>

#include "finops/datasets/table_reader.h"

namespace finops::datasets {
namespace {

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::vector<std::string> read_columns(TableReader& reader, std::string_view key,
                                      const std::string& model, const ColumnNames* columns) {
  std::vector<std::string> result;
  for (const WrittenName& name : reader.names(key)) {
    if (columns != nullptr && !columns->empty() && !columns->has(name.name)) {
      reader.mistake(name.origin, "the model " + quoted(model) + " has no column " +
                                      quoted(name.name) + columns->advice_for(name.name));
    }
    result.push_back(name.name);
  }
  return result;
}

}  // namespace

Collection read_collection(const std::string& name, const TomlNode& document,
                           const ModelColumns& models, Mistakes& mistakes) {
  TableReader reader(document, "a collection's file", mistakes);
  Collection result{.name = name, .origin = document.origin};
  result.description = reader.text("description");
  result.model = reader.required_text("model");
  const auto model = models.find(result.model);
  if (model == models.end() && !result.model.empty()) {
    std::vector<std::string> names;
    for (const auto& [known, columns] : models) names.push_back(known);
    mistakes.add(reader.origin("model"), "there is no model " + quoted(result.model) +
                                             advice(result.model, names, "models"));
  }
  const ColumnNames* columns = model == models.end() ? nullptr : &model->second;
  reader.require("key");
  result.key = read_columns(reader, "key", result.model, columns);
  const TomlNode* key = reader.find("key", TomlNode::Kind::kArray);
  if (key != nullptr && key->elements.empty()) {
    mistakes.add(key->origin, "'key' names no column; a document's id is made of it");
  }
  result.columns = read_columns(reader, "columns", result.model, columns);
  for (const std::string& column : result.key) {
    if (!result.columns.empty() &&
        std::ranges::find(result.columns, column) == result.columns.end()) {
      mistakes.add(reader.origin("columns"),
                   "'columns' leaves out " + quoted(column) + " of 'key'; add it");
    }
  }
  reader.refuse_others();
  return result;
}

}  // namespace finops::datasets
