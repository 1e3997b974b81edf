#include "finops/config/secret.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "finops/core/error.h"

namespace finops {
namespace {

constexpr std::string_view kEnvironmentPrefix = "env:";
constexpr std::string_view kFilePrefix = "file:";
constexpr std::string_view kSecretsManagerPrefix = "secretsmanager:";

std::string text_of_file(const std::string& key, const std::string& path) {
  constexpr std::size_t kLongestSecret = 64 << 10;
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kLongestSecret + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) {
    const Error cause = error_from_errno(errno == 0 ? EIO : errno, "read the secret's file", path);
    throw Error(ErrorKind::kInvalidConfig, key + ": " + cause.what());
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLongestSecret) {
    throw Error(ErrorKind::kInvalidConfig,
                key + ": the file '" + path + "' is longer than 64 KiB: not a secret");
  }
  // Editors and `echo` end a file with a line end that is not part of the secret.
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

Secret::Secret(std::string key, std::string text) : key_(std::move(key)), text_(std::move(text)) {}

Secret::Form Secret::form() const {
  if (text_.starts_with(kEnvironmentPrefix)) return Form::kEnvironment;
  if (text_.starts_with(kFilePrefix)) return Form::kFile;
  if (text_.starts_with(kSecretsManagerPrefix)) return Form::kSecretsManager;
  return Form::kLiteral;
}

std::string_view Secret::target() const {
  return std::string_view(text_).substr(text_.find(':') + 1);
}

std::string Secret::mistake() const {
  if (!is_set() || form() == Form::kLiteral || !target().empty()) return "";
  return "'" + text_ + "' names nothing behind the colon";
}

std::string Secret::describe() const {
  if (!is_set()) return "";
  if (form() == Form::kLiteral) return "(secret, given)";
  return "(secret, from " + text_ + ")";
}

std::string Secret::resolve(const Environment& environment) const {
  const std::string name(target());
  switch (form()) {
    case Form::kLiteral: return text_;
    case Form::kEnvironment: {
      const std::string* value = environment.find(name);
      if (value != nullptr) return *value;
      throw Error(ErrorKind::kInvalidConfig,
                  key_ + " is '" + text_ + "', but the environment variable " + name +
                      " is not set or empty; set it or change the reference");
    }
    case Form::kFile: {
      std::string value = text_of_file(key_, name);
      if (!value.empty()) return value;
      throw Error(ErrorKind::kInvalidConfig, key_ + ": the file '" + name + "' is empty");
    }
    case Form::kSecretsManager: break;
  }
  throw Error(ErrorKind::kUnsupported,
              key_ + " is '" + text_ +
                  "': this version of finops cannot ask AWS Secrets Manager yet; use env:NAME or "
                  "file:PATH");
}

}  // namespace finops
