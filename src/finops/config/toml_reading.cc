#include "finops/config/config_reading.h"
#include "finops/config/known_keys.h"
#include "finops/config/toml_document.h"

namespace finops {
namespace {

using Kind = TomlNode::Kind;

/// Walks one document into a table of settings.
class TomlWalk {
 public:
  TomlWalk(SettingTable& table, Mistakes& mistakes) : table_(table), mistakes_(mistakes) {}

  void walk_section(const TomlNode& section, const std::string& prefix) {
    for (const TomlEntry& entry : section.entries) {
      const std::string path = prefix + entry.key;
      if (path == "aws.exports") {
        walk_exports(entry.value);
      } else if (find_known_key(path) != nullptr) {
        take_value(path, entry.value, table_.values);
      } else if (is_section(path)) {
        walk_subsection(path, entry.value);
      } else {
        mistakes_.add(entry.origin,
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

  void walk_subsection(const std::string& path, const TomlNode& node) {
    if (node.kind == Kind::kTable) {
      if (path == "database.bigquery") table_.has_bigquery_section = true;
      walk_section(node, path + ".");
    } else {
      mistakes_.add(node.origin, "'" + path + "' is a section, not " +
                                     std::string(name_of(node.kind)) + "; write [" + path +
                                     "] and its keys below");
    }
  }

  void walk_exports(const TomlNode& node) {
    if (node.kind != Kind::kArray) {
      mistakes_.add(node.origin,
                    "'aws.exports' is a list of tables; write [[aws.exports]] for each export");
      return;
    }
    for (const TomlNode& element : node.elements) {
      if (element.kind == Kind::kTable) {
        walk_export(element);
      } else {
        mistakes_.add(element.origin, "an element of 'aws.exports' is " +
                                          std::string(name_of(element.kind)) +
                                          "; write [[aws.exports]] for each export");
      }
    }
  }

  void walk_export(const TomlNode& one) {
    SettingTable::Export& result = table_.exports.emplace_back();
    result.origin = one.origin;
    for (const TomlEntry& entry : one.entries) {
      const std::string path = "aws." + entry.key;
      const KnownKey* known = find_known_key(path);
      if (known != nullptr && known->is_of_export) {
        take_value(path, entry.value, result.values);
      } else {
        mistakes_.add(entry.origin, "unknown key '" + entry.key + "' of an export" +
                                        advice_for_unknown_key(path, true));
      }
    }
  }

  void take_value(const std::string& path, const TomlNode& node, SettingTable::Values& values) {
    Setting setting{node.text, Setting::Form::kText, node.origin};
    switch (node.kind) {
      case Kind::kText: break;
      case Kind::kInteger: setting.form = Setting::Form::kInteger; break;
      case Kind::kNumber: setting.form = Setting::Form::kFloat; break;
      case Kind::kBoolean:
        setting.text = node.boolean ? "true" : "false";
        setting.form = Setting::Form::kBoolean;
        break;
      default:
        mistakes_.add(node.origin,
                      "'" + path + "' has one value, not " + std::string(name_of(node.kind)));
        return;
    }
    values.insert_or_assign(path, std::move(setting));
  }

  SettingTable& table_;
  Mistakes& mistakes_;
};

}  // namespace

void read_toml(std::string_view text, const std::string& file_name, SettingTable& table,
               Mistakes& mistakes) {
  const auto document = parse_toml(text, file_name, mistakes);
  if (document) TomlWalk(table, mistakes).walk_section(*document, "");
}

}  // namespace finops
