#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace finops {

/// Null for an empty text.
inline nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(text);
}

}  // namespace finops
