#include "finops/medallion/trino_models.h"

#include <map>

#include "finops/engines/sql_text.h"
#include "finops/medallion/bronze_load.h"
#include "finops/medallion/layer_names.h"
#include "finops/medallion/sql_mistakes.h"

namespace finops::medallion {
namespace {

class TrinoTranslation {
 public:
  TrinoTranslation(TransformEngine& engine, const datasets::Project& project, std::string catalog,
                   Mistakes& mistakes)
      : engine_(engine),
        project_(project),
        names_(layer_names(project)),
        catalog_(std::move(catalog)),
        mistakes_(mistakes) {}

  TrinoModel translate(const datasets::Model& model, const std::set<std::string>& reads) {
    std::map<std::string, TrinoTable> tables;
    for (const auto& name : reads) tables[name] = table(name);
    TrinoSelect select = engine_.for_trino(model.sql.sql, tables);
    for (const auto& refusal : select.refusals) {
      mistakes_.add(place_at(model.sql, refusal.at), "not portable to Trino: " + refusal.what);
    }
    return {model.name, names_.gold + "." + model.name, std::move(select.sql),
            model.anomaly.has_value()};
  }

 private:
  /// Of "silver.orders".
  TrinoTable table(const std::string& name) {
    const auto point = name.find('.');
    const std::string layer = name.substr(0, point), plain = name.substr(point + 1);
    const std::string quoted_layer = quoted_identifier(layer) + "." + quoted_identifier(plain);
    return {quoted_identifier(catalog_) + "." + quoted_identifier(name_space(layer)) + "." +
                quoted_identifier(plain),
            engine_.columns_of("FROM " + quoted_layer)};
  }

  std::string name_space(const std::string& layer) const {
    if (layer == "bronze") return bronze_table(project_.name, "").name_space;
    return layer == "silver" ? names_.silver : names_.gold;
  }

  TransformEngine& engine_;
  const datasets::Project& project_;
  const LayerNames names_;
  const std::string catalog_;
  Mistakes& mistakes_;
};

}  // namespace

std::vector<TrinoModel> trino_models(TransformEngine& engine, const datasets::Project& project,
                                     const ModelInputs& inputs, const std::string& catalog,
                                     const std::string& only, Mistakes& mistakes) {
  TrinoTranslation translation(engine, project, catalog, mistakes);
  std::vector<TrinoModel> models;
  for (const datasets::Model* model : ordered_models(project, inputs)) {
    if (!only.empty() && model->name != only) continue;
    models.push_back(translation.translate(*model, inputs.at(model->name).sql));
  }
  return models;
}

}  // namespace finops::medallion
