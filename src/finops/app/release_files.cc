#include "finops/app/release_files.h"

#include <filesystem>
#include <system_error>

namespace finops {

std::string release_folder(const std::string& name) {
  namespace fs = std::filesystem;
  std::error_code code;
  const fs::path program = fs::read_symlink("/proc/self/exe", code);
  const fs::path beside = program.parent_path().parent_path() / "lib" / name;
  return !code && fs::is_directory(beside, code) ? beside.string() : "";
}

}  // namespace finops
