#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace finops {

/// The text `key` of an object; empty when there is none, or `json` is no object.
inline std::string text_of(const nlohmann::json& json, const char* key) {
  if (!json.is_object()) return "";
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

/// `json` as text. Bytes that are no UTF-8 are replaced: what comes from a file may hold anything.
inline std::string json_text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace finops
