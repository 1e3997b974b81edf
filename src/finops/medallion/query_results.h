#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/core/decimal.h"
#include "finops/engines/transform_engine.h"

namespace finops::medallion {

void for_each_row(TransformEngine& engine, const std::string& select, const std::stop_token& stop,
                  const std::function<void(const ResultRow&)>& take);

/// The one number of a query.
std::int64_t number_of(TransformEngine& engine, const std::string& select,
                       const std::stop_token& stop);

/// The codes of `["a","b"]`, as silver and quarantine hold them.
std::vector<std::string> codes_of(const std::string& list);

/// A DECIMAL(38,18) as the engine shows it.
Decimal decimal_of(const std::string& text);

}  // namespace finops::medallion
