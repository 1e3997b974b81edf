#include "finops/demo/demo_folder.h"

#include <fstream>

#include "finops/core/error.h"

namespace finops {

std::filesystem::path demo_truth_file(const std::filesystem::path& out) {
  return out / "truth.json";
}

std::filesystem::path demo_config_file(const std::filesystem::path& out) {
  return out / "config.toml";
}

nlohmann::ordered_json read_demo_truth(const std::filesystem::path& out, std::string_view profile) {
  const std::string path = demo_truth_file(out).string();
  std::ifstream file(path, std::ios::binary);
  if (!file) return nullptr;
  auto truth = nlohmann::ordered_json::parse(file, nullptr, false);
  if (!truth.is_object() || truth.value("format", 0) != kDemoTruthFormat) {
    throw Error(ErrorKind::kInvalidData, "read '" + path +
                                             "': not the truth of generated bills, or of another "
                                             "version; remove the folder or choose another");
  }
  if (truth.value("profile", "") != profile) {
    throw Error(ErrorKind::kAlreadyExists,
                "generate data into '" + out.string() +
                    "': the folder holds data of another profile; choose another folder");
  }
  return truth;
}

void demand_empty_demo_folder(const std::filesystem::path& out, std::string_view data) {
  std::error_code error;
  if (!std::filesystem::exists(out, error) || std::filesystem::is_empty(out, error)) return;
  throw Error(ErrorKind::kAlreadyExists,
              "generate " + std::string(data) + " into '" + out.string() +
                  "': the folder holds something else, or " + std::string(data) +
                  " of other options; remove it or choose another");
}

std::string demo_data_dir_line(const std::filesystem::path& out) {
  const auto folder = std::filesystem::absolute(out).lexically_normal().string();
  return "data_dir = " + demo_toml_text(folder + "/data") + "\n";
}

std::string demo_toml_text(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace finops
