#include "finops/config/toml_document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

namespace finops {
namespace {

std::string shortest_text(double number) {
  char buffer[64];
  const auto result = std::to_chars(buffer, buffer + sizeof buffer, number);
  return {buffer, result.ptr};
}

TomlNode::Kind kind_of(toml::node_type type) {
  switch (type) {
    case toml::node_type::table: return TomlNode::Kind::kTable;
    case toml::node_type::array: return TomlNode::Kind::kArray;
    case toml::node_type::string: return TomlNode::Kind::kText;
    case toml::node_type::integer: return TomlNode::Kind::kInteger;
    case toml::node_type::floating_point: return TomlNode::Kind::kNumber;
    case toml::node_type::boolean: return TomlNode::Kind::kBoolean;
    default: return TomlNode::Kind::kDateOrTime;
  }
}

/// Turns the library's nodes into ours.
class TomlTranslation {
 public:
  TomlTranslation(std::string_view text, const std::string& file_name)
      : text_(text), file_name_(file_name) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') line_begins_.push_back(i + 1);
    }
  }

  Origin at(const toml::source_region& region) const {
    return at(region.begin.line, region.begin.column);
  }

  TomlNode node(const toml::node& node) const {
    TomlNode result;
    result.kind = kind_of(node.type());
    result.origin = at(node.source());
    if (const toml::table* table = node.as_table()) {
      result.entries = entries(*table);
    } else if (const toml::array* array = node.as_array()) {
      for (const toml::node& element : *array) result.elements.push_back(this->node(element));
    } else if (const auto* text = node.as_string()) {
      result.text = text->get();
      result.text_origin = after_quotes(result.origin);
    } else if (const auto* integer = node.as_integer()) {
      result.integer = integer->get();
      result.text = std::to_string(integer->get());
    } else if (const auto* number = node.as_floating_point()) {
      result.text = shortest_text(number->get());
    } else if (const auto* boolean = node.as_boolean()) {
      result.boolean = boolean->get();
    }
    return result;
  }

 private:
  Origin at(unsigned line, unsigned column) const {
    return {Origin::Kind::kFile,
            file_name_ + ":" + std::to_string(line) + ":" + std::to_string(column), line, column};
  }

  std::vector<TomlEntry> entries(const toml::table& table) const {
    std::vector<TomlEntry> result;
    for (const auto& [key, value] : table) {
      result.push_back({std::string(key.str()), at(key.source()), node(value)});
    }
    // The library has them by name.
    std::stable_sort(result.begin(), result.end(), [](const TomlEntry& a, const TomlEntry& b) {
      return std::tie(a.origin.line, a.origin.column) < std::tie(b.origin.line, b.origin.column);
    });
    return result;
  }

  /// Where the content of the text begins whose first quote stands at `quote`.
  Origin after_quotes(const Origin& quote) const {
    const std::string_view rest = text_from(quote);
    if (!rest.starts_with("\"\"\"") && !rest.starts_with("'''")) {
      return at(quote.line, quote.column + 1);
    }
    // A line end right after three quotes does not belong to the text.
    const std::string_view content = rest.substr(3);
    const bool starts_below = content.starts_with('\n') || content.starts_with("\r\n");
    return starts_below ? at(quote.line + 1, 1) : at(quote.line, quote.column + 3);
  }

  /// Columns are counted in code points.
  std::string_view text_from(const Origin& origin) const {
    if (origin.line == 0 || origin.line > line_begins_.size()) return {};
    std::size_t place = line_begins_[origin.line - 1];
    for (unsigned column = 1; column < origin.column && place < text_.size(); ++column) {
      do {
        ++place;
      } while (place < text_.size() && (static_cast<unsigned char>(text_[place]) & 0xc0) == 0x80);
    }
    return text_.substr(std::min(place, text_.size()));
  }

  std::string_view text_;
  const std::string& file_name_;
  std::vector<std::size_t> line_begins_{0};
};

}  // namespace

const TomlEntry* TomlNode::find(std::string_view key) const {
  for (const TomlEntry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

std::string_view name_of(TomlNode::Kind kind) {
  switch (kind) {
    case TomlNode::Kind::kTable: return "a table";
    case TomlNode::Kind::kArray: return "an array";
    case TomlNode::Kind::kText: return "text";
    case TomlNode::Kind::kInteger: return "a whole number";
    case TomlNode::Kind::kNumber: return "a number";
    case TomlNode::Kind::kBoolean: return "true or false";
    case TomlNode::Kind::kDateOrTime: return "a date or time";
  }
  return "";
}

std::optional<TomlNode> parse_toml(std::string_view text, const std::string& file_name,
                                   Mistakes& mistakes) {
  const TomlTranslation translation(text, file_name);
  try {
    return translation.node(toml::parse(text, file_name));
  } catch (const toml::parse_error& error) {
    mistakes.add(translation.at(error.source()),
                 "this is not TOML: " + std::string(error.description()));
    return std::nullopt;
  }
}

}  // namespace finops
