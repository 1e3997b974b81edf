#include "finops/net/aws/profile_files.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "finops/core/error.h"

namespace finops {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::string text_of(const std::string& path) {
  constexpr std::uintmax_t kLongest = 4 << 20;
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return "";
  const auto size = std::filesystem::file_size(path, error);
  if (!error && size > kLongest) {
    throw Error(ErrorKind::kInvalidConfig, "'" + path + "' is too long for a file of AWS profiles");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(file.peek() == std::ifstream::traits_type::eof() || text << file.rdbuf())) {
    const Error cause = error_from_errno(errno == 0 ? EIO : errno, "read", path);
    throw Error(ErrorKind::kInvalidConfig, cause.what());
  }
  return text.str();
}

/// Calls `section` with each [header], and `setting` with each name and value below it.
template <typename Section, typename Setting>
void read_ini(const std::string& path, Section section, Setting setting) {
  std::istringstream lines(text_of(path));
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    // Indented lines are values of a nested setting (s3 = …), which credentials do not have.
    const bool is_nested = line.starts_with(' ') || line.starts_with('\t');
    std::string_view text = trimmed(line);
    if (text.empty() || text[0] == '#' || text[0] == ';' || is_nested) continue;
    if (text[0] == '[') {
      const std::size_t end = text.find(']');
      if (end == std::string_view::npos) {
        throw Error(ErrorKind::kInvalidConfig,
                    path + ":" + std::to_string(number) + ": '[' without ']'");
      }
      section(trimmed(text.substr(1, end - 1)));
      continue;
    }
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) {
      throw Error(ErrorKind::kInvalidConfig,
                  path + ":" + std::to_string(number) + ": neither [section] nor name = value");
    }
    setting(trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1)));
  }
}

/// "profile billing" → "billing" when it begins with `word`.
std::string_view named(std::string_view header, std::string_view word) {
  if (!header.starts_with(word)) return {};
  header.remove_prefix(word.size());
  if (header.empty() || (header[0] != ' ' && header[0] != '\t')) return {};
  header = trimmed(header);
  if (header.size() > 1 && header.front() == '"' && header.back() == '"') {
    header = header.substr(1, header.size() - 2);
  }
  return header;
}

std::string path_of(const Environment& environment, std::string_view variable,
                    const std::string& name) {
  const std::string* home = environment.find("HOME");
  const std::string* given = environment.find(variable);
  if (given == nullptr) return home == nullptr ? "" : *home + "/.aws/" + name;
  const bool is_in_home = home != nullptr && given->starts_with("~/");
  return is_in_home ? *home + given->substr(1) : *given;
}

}  // namespace

const AwsProfiles::Settings* AwsProfiles::find(std::string_view profile) const {
  const auto found = profiles.find(profile);
  return found == profiles.end() ? nullptr : &found->second;
}

AwsProfiles read_aws_profiles(const Environment& environment) {
  AwsProfiles result;
  result.config_file = path_of(environment, "AWS_CONFIG_FILE", "config");
  result.credentials_file = path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  AwsProfiles::Settings* current = nullptr;
  const auto setting = [&current](std::string_view name, std::string_view value) {
    if (current != nullptr) current->insert_or_assign(std::string(name), std::string(value));
  };
  if (!result.config_file.empty()) {
    read_ini(
        result.config_file,
        [&](std::string_view header) {
          current = nullptr;
          const std::string_view profile = header == "default" ? header : named(header, "profile");
          if (!profile.empty()) current = &result.profiles[std::string(profile)];
          const std::string_view session = named(header, "sso-session");
          if (!session.empty()) current = &result.sso_sessions[std::string(session)];
        },
        setting);
  }
  current = nullptr;
  if (!result.credentials_file.empty()) {
    read_ini(
        result.credentials_file,
        [&](std::string_view header) { current = &result.profiles[std::string(header)]; }, setting);
  }
  return result;
}

std::string setting(const AwsProfiles::Settings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

std::string aws_profile_name(const Environment& environment) {
  for (const char* name : {"AWS_PROFILE", "AWS_DEFAULT_PROFILE"}) {
    if (const std::string* found = environment.find(name)) return *found;
  }
  return "default";
}

}  // namespace finops
