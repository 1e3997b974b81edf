#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace finops {

inline constexpr int kDemoTruthFormat = 1;

/// The folder of generated data: what all profiles have in common.

std::filesystem::path demo_truth_file(const std::filesystem::path& out);
std::filesystem::path demo_config_file(const std::filesystem::path& out);

/// What an earlier call left in `out`; null when there is no truth.json. Throws kInvalidData for a
/// file that is no truth of ours, kAlreadyExists for that of another profile ("" is the profile of
/// bills, whose truth names none).
nlohmann::ordered_json read_demo_truth(const std::filesystem::path& out, std::string_view profile);

/// Throws kAlreadyExists unless `out` is missing or empty; `data` is what would be written there.
void demand_empty_demo_folder(const std::filesystem::path& out, std::string_view data);

/// The line of a configuration whose lake lies below `out`.
std::string demo_data_dir_line(const std::filesystem::path& out);
/// A quoted string of TOML.
std::string demo_toml_text(std::string_view text);

}  // namespace finops
