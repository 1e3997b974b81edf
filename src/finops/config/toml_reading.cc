#include <toml++/toml.h>

#include <charconv>

#include "finops/config/config_reading.h"
#include "finops/config/known_keys.h"

namespace finops {
namespace {

std::string shortest_text(double number) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, number);
  return {buffer, result.ptr};
}

std::string_view name_of(toml::node_type type) {
  switch (type) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return "text";
    case toml::node_type::integer: return "a whole number";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "true or false";
    default: return "a date or time";
  }
}

Origin origin_at(const std::string& file_name, const toml::source_region& region) {
  const auto [line, column] = region.begin;
  return {Origin::Kind::kFile,
          file_name + ":" + std::to_string(line) + ":" + std::to_string(column), line, column};
}

/// Walks one document into a table of settings.
class TomlWalk {
 public:
  TomlWalk(const std::string& file_name, SettingTable& table, Mistakes& mistakes)
      : file_name_(file_name), table_(table), mistakes_(mistakes) {}

  void walk_section(const toml::table& section, const std::string& prefix) {
    for (const auto& [key, node] : section) {
      const std::string path = prefix + std::string(key.str());
      if (path == "aws.exports") {
        walk_exports(node);
      } else if (find_known_key(path) != nullptr) {
        take_value(path, node, table_.values);
      } else if (is_section(path)) {
        walk_subsection(path, node);
      } else {
        mistakes_.add(at(key.source()),
                      "unknown key '" + path + "'" + advice_for_unknown_key(path, false));
      }
    }
  }

 private:
  static bool is_section(const std::string& path) {
    for (const KnownKey& key : known_keys()) {
      if (key.path.starts_with(path + ".")) return true;
    }
    return false;
  }

  void walk_subsection(const std::string& path, const toml::node& node) {
    if (const toml::table* section = node.as_table()) {
      if (path == "database.bigquery") table_.has_bigquery_section = true;
      walk_section(*section, path + ".");
    } else {
      mistakes_.add(at(node.source()), "'" + path + "' is a section, not " +
                                           std::string(name_of(node.type())) + "; write [" + path +
                                           "] and its keys below");
    }
  }

  void walk_exports(const toml::node& node) {
    const toml::array* exports = node.as_array();
    if (exports == nullptr) {
      mistakes_.add(at(node.source()),
                    "'aws.exports' is a list of tables; write [[aws.exports]] for each export");
      return;
    }
    for (const toml::node& element : *exports) {
      if (const toml::table* one = element.as_table()) {
        walk_export(*one);
      } else {
        mistakes_.add(at(element.source()), "an element of 'aws.exports' is " +
                                                std::string(name_of(element.type())) +
                                                "; write [[aws.exports]] for each export");
      }
    }
  }

  void walk_export(const toml::table& one) {
    SettingTable::Export& result = table_.exports.emplace_back();
    result.origin = at(one.source());
    for (const auto& [key, node] : one) {
      const std::string path = "aws." + std::string(key.str());
      const KnownKey* known = find_known_key(path);
      if (known != nullptr && known->is_of_export) {
        take_value(path, node, result.values);
      } else {
        mistakes_.add(at(key.source()), "unknown key '" + std::string(key.str()) +
                                            "' of an export" + advice_for_unknown_key(path, true));
      }
    }
  }

  void take_value(const std::string& path, const toml::node& node, SettingTable::Values& values) {
    Setting setting{"", Setting::Form::kText, at(node.source())};
    if (const auto* text = node.as_string()) {
      setting.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
      setting.text = std::to_string(integer->get());
      setting.form = Setting::Form::kInteger;
    } else if (const auto* number = node.as_floating_point()) {
      setting.text = shortest_text(number->get());
      setting.form = Setting::Form::kFloat;
    } else if (const auto* boolean = node.as_boolean()) {
      setting.text = boolean->get() ? "true" : "false";
      setting.form = Setting::Form::kBoolean;
    } else {
      mistakes_.add(setting.origin,
                    "'" + path + "' has one value, not " + std::string(name_of(node.type())));
      return;
    }
    values.insert_or_assign(path, std::move(setting));
  }

  Origin at(const toml::source_region& region) const { return origin_at(file_name_, region); }

  const std::string& file_name_;
  SettingTable& table_;
  Mistakes& mistakes_;
};

}  // namespace

void read_toml(std::string_view text, const std::string& file_name, SettingTable& table,
               Mistakes& mistakes) {
  try {
    const toml::table document = toml::parse(text, file_name);
    TomlWalk(file_name, table, mistakes).walk_section(document, "");
  } catch (const toml::parse_error& error) {
    mistakes.add(origin_at(file_name, error.source()),
                 "this is not TOML: " + std::string(error.description()));
  }
}

}  // namespace finops
