#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/config/configuration.h"
#include "finops/config/setting.h"
#include "finops/core/environment.h"

namespace finops {

struct ReadExports {
  AwsExport defaults;  // what [aws] alone says; may lack a bucket and names
  std::vector<AwsExport> exports;
};

/// The exports of [aws] and [[aws.exports]], checked one by one and against each other. Without any
/// [[aws.exports]], [aws] is one export when it names a bucket or an export.
ReadExports read_exports(const SettingTable& table, const Environment& environment,
                         Mistakes& mistakes);

/// One folder name: sources are folders of the staging area, export names parts of keys.
bool is_one_name(std::string_view name);

/// What is wrong with the name of a table for bills; nothing when it is fit.
std::optional<std::string> advice_for_table(const std::string& name);

/// True when some credential of a section ("aws", "lake") is among the values: such a place takes
/// none from anywhere else.
bool has_credentials(const SettingTable::Values& values, std::string_view section);

/// The value in force of a key of export `index`, or of [aws] itself when there is no such export.
std::optional<Setting> setting_of_export(const SettingTable& table, std::size_t index,
                                         std::string_view path);

}  // namespace finops
