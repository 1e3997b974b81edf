#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "finops/config/setting.h"
#include "finops/core/environment.h"

namespace finops {

/// A value given on the command line for this run.
struct FlagSetting {
  std::string key;  // "aws.bucket"
  std::string value;
  std::string option;  // as it was written: "--bucket"
};

// Each adds what it finds to `table`, over what is there, and what is wrong to `mistakes`: call
// them in the order file, environment, flags. Unknown keys are mistakes that name the nearest known
// one.

/// `file_name` is for positions in messages.
void read_toml(std::string_view text, const std::string& file_name, SettingTable& table,
               Mistakes& mistakes);

/// FINOPS__SECTION__KEY (exports: FINOPS__AWS__EXPORTS__0__KEY) and the other names of the known
/// keys.
void read_environment(const Environment& environment, SettingTable& table, Mistakes& mistakes);

void read_flags(const std::vector<FlagSetting>& flags, SettingTable& table, Mistakes& mistakes);

}  // namespace finops
