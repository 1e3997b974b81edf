#pragma once

#include <string_view>
#include <vector>

#include "finops/config/configuration.h"
#include "finops/config/setting.h"
#include "finops/core/environment.h"

namespace finops {

/// The exports of [aws] and [[aws.exports]], checked one by one and against each other. Without any
/// [[aws.exports]], [aws] is one export when it names a bucket or an export.
std::vector<AwsExport> read_exports(const SettingTable& table, const Environment& environment,
                                    Mistakes& mistakes);

/// True when some credential of a section ("aws", "lake") is among the values: such a place takes
/// none from anywhere else.
bool has_credentials(const SettingTable::Values& values, std::string_view section);

/// The value in force of a key of export `index`, or of [aws] itself when there is no such export.
std::optional<Setting> setting_of_export(const SettingTable& table, std::size_t index,
                                         std::string_view path);

}  // namespace finops
