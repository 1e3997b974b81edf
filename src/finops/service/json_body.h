#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "finops/service/problem.h"

namespace finops {

/// How deep objects and lists of a request may lie in each other.
inline constexpr int kMaxJsonDepth = 32;

/// The JSON document (RFC 8259, UTF-8). Where it is none, lies deeper than kMaxJsonDepth or has a
/// name twice in one object, nothing, with the mistake under `field`.
std::optional<nlohmann::json> read_json(std::string_view text, const std::string& field,
                                        FieldMistakes& mistakes);

}  // namespace finops
