#include "finops/config/config_reading.h"

#include <algorithm>
#include <optional>

#include "finops/config/aws_access.h"
#include "finops/config/known_keys.h"
#include "finops/config/nearest_name.h"
#include "finops/config/value_text.h"

namespace finops {
namespace {

constexpr std::string_view kPrefix = "FINOPS__";
constexpr std::string_view kExportsPrefix = "FINOPS__AWS__EXPORTS__";

const KnownKey* key_of_variable(std::string_view name) {
  for (const KnownKey& key : known_keys()) {
    if (environment_name(key.path) == name) return &key;
  }
  return nullptr;
}

Setting setting_of_variable(const std::string& name, const std::string& value) {
  return {value, Setting::Form::kUntyped, {Origin::Kind::kEnvironment, name}};
}

/// "…EXPORTS__1__BUCKET": the key of the second export.
struct ExportVariable {
  std::size_t index = 0;
  const KnownKey* key = nullptr;
  std::string name, value;
};

std::optional<ExportVariable> parse_export_variable(const std::string& name,
                                                    const std::string& value) {
  const std::string_view rest = std::string_view(name).substr(kExportsPrefix.size());
  const std::size_t border = rest.find("__");
  if (border == std::string_view::npos) return std::nullopt;
  const auto index = parse_integer(rest.substr(0, border));
  const KnownKey* key =
      key_of_variable(std::string(kPrefix) + "AWS__" + std::string(rest.substr(border + 2)));
  if (!index || *index < 0 || key == nullptr || !key->is_of_export) return std::nullopt;
  return ExportVariable{static_cast<std::size_t>(*index), key, name, value};
}

void read_export_variables(const Environment& environment, SettingTable& table,
                           Mistakes& mistakes) {
  std::vector<ExportVariable> variables;
  for (const auto& [name, value] : environment.variables()) {
    if (!name.starts_with(kExportsPrefix)) continue;
    if (auto variable = parse_export_variable(name, value)) {
      variables.push_back(std::move(*variable));
    } else {
      mistakes.add(Origin{Origin::Kind::kEnvironment, name},
                   "does not name a key of an export; write " + std::string(kExportsPrefix) +
                       "0__BUCKET for the bucket of the first");
    }
  }
  std::stable_sort(variables.begin(), variables.end(),
                   [](const auto& a, const auto& b) { return a.index < b.index; });
  for (const ExportVariable& variable : variables) {
    Setting setting = setting_of_variable(variable.name, variable.value);
    if (variable.index > table.exports.size()) {
      mistakes.add(setting.origin, "there is no export " + std::to_string(table.exports.size()) +
                                       " before this one; they count from 0");
      continue;
    }
    if (variable.index == table.exports.size()) table.exports.push_back({setting.origin, {}});
    table.exports[variable.index].values.insert_or_assign(std::string(variable.key->path),
                                                          std::move(setting));
  }
}

std::string advice_for_variable(const std::string& name) {
  std::vector<std::string> names;
  for (const KnownKey& key : known_keys()) {
    names.push_back(environment_name(key.path));
    for (const std::string& other : words_of(key.environment)) names.push_back(other);
  }
  const auto near = nearest_name(name, names);
  return near ? "; did you mean " + *near + "?" : "; docs/configuration.md lists the keys";
}

/// A finger's slip in one of the short names would be silent otherwise; other programs' FINOPS_…
/// are none of our business.
bool is_typo_of_short_name(const std::string& name) {
  for (const KnownKey& key : known_keys()) {
    for (const std::string& other : words_of(key.environment)) {
      if (!other.starts_with("FINOPS_")) continue;
      const int distance = edit_distance(name, other);
      if (distance > 0 && distance <= 2) return true;
    }
  }
  return false;
}

bool is_short_name(const std::string& name) {
  for (const KnownKey& key : known_keys()) {
    const std::vector<std::string> names = words_of(key.environment);
    if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  }
  return false;
}

void read_short_names(const Environment& environment, SettingTable& table) {
  for (const KnownKey& key : known_keys()) {
    for (const std::string& name : words_of(key.environment)) {
      if (const std::string* value = environment.find(name)) {
        table.values.insert_or_assign(std::string(key.path), setting_of_variable(name, *value));
        break;
      }
    }
  }
}

/// Credentials belong together: AWS_ACCESS_KEY_ID of the environment must not meet the session
/// token or the secret of the file.
void drop_credentials_of_file(const Environment& environment, SettingTable& table) {
  bool is_in_environment = false;
  for (const std::string_view name : kCredentialNames) {
    const std::string path = "aws." + std::string(name);
    is_in_environment |= environment.find(environment_name(path)) != nullptr;
    for (const std::string& variable : words_of(find_known_key(path)->environment)) {
      is_in_environment |= environment.find(variable) != nullptr;
    }
  }
  if (!is_in_environment) return;
  for (const std::string_view name : kCredentialNames) {
    table.values.erase("aws." + std::string(name));
  }
}

}  // namespace

void read_environment(const Environment& environment, SettingTable& table, Mistakes& mistakes) {
  drop_credentials_of_file(environment, table);
  read_short_names(environment, table);
  read_export_variables(environment, table, mistakes);
  for (const auto& [name, value] : environment.variables()) {
    if (name.starts_with(kExportsPrefix)) continue;
    if (name.starts_with(kPrefix)) {
      const KnownKey* key = key_of_variable(name);
      if (key != nullptr) {
        table.values.insert_or_assign(std::string(key->path), setting_of_variable(name, value));
      } else {
        mistakes.add(Origin{Origin::Kind::kEnvironment, name},
                     "names no key of the configuration" + advice_for_variable(name));
      }
    } else if (name.starts_with("FINOPS_") && !is_short_name(name) && is_typo_of_short_name(name)) {
      mistakes.add(Origin{Origin::Kind::kEnvironment, name},
                   "is not a variable of finops" + advice_for_variable(name));
    }
  }
}

void read_flags(const std::vector<FlagSetting>& flags, SettingTable& table, Mistakes& mistakes) {
  for (const FlagSetting& flag : flags) {
    const Origin origin{Origin::Kind::kFlag, flag.option};
    if (find_known_key(flag.key) == nullptr) {
      mistakes.add(origin,
                   "unknown key '" + flag.key + "'" + advice_for_unknown_key(flag.key, false));
      continue;
    }
    table.values.insert_or_assign(flag.key, Setting{flag.value, Setting::Form::kUntyped, origin});
  }
}

}  // namespace finops
