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

/// Up to `colon`, which is taken off as well.
std::string_view take_field(std::string_view& text) {
  const std::size_t colon = text.find(':');
  const std::string_view field = text.substr(0, colon);
  text.remove_prefix(colon == std::string_view::npos ? text.size() : colon + 1);
  return field;
}

}  // namespace

std::optional<SecretsManagerReference> SecretsManagerReference::parse(std::string_view text) {
  // Names of secrets hold no '#' (letters, digits and /_+=.@-: CreateSecret, "Name").
  const std::size_t hash = text.find('#');
  SecretsManagerReference reference{.arn = std::string(text.substr(0, hash))};
  if (hash != std::string_view::npos) {
    reference.key = text.substr(hash + 1);
    if (reference.key.empty()) return std::nullopt;
  }
  std::string_view rest = reference.arn;
  if (take_field(rest) != "arn" || take_field(rest).empty()) return std::nullopt;
  if (take_field(rest) != "secretsmanager") return std::nullopt;
  reference.region = take_field(rest);
  // The region becomes part of a host's name.
  const bool is_region = !reference.region.empty() &&
                         reference.region.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!is_region || take_field(rest).empty()) return std::nullopt;
  if (take_field(rest) != "secret" || rest.empty()) return std::nullopt;
  return reference;
}

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
  if (!is_set() || form() == Form::kLiteral) return "";
  if (target().empty()) return "'" + text_ + "' names nothing behind the colon";
  if (form() == Form::kSecretsManager && !SecretsManagerReference::parse(target())) {
    return "'" + text_ +
           "' names no secret; write the whole ARN, "
           "secretsmanager:arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-XXXXXX, and behind "
           "it #key for one member of a JSON secret";
  }
  return "";
}

std::string_view Secret::literal() const {
  return form() == Form::kLiteral ? std::string_view(text_) : std::string_view();
}

std::string Secret::describe() const {
  if (!is_set()) return "";
  if (form() == Form::kLiteral) return "(secret, given)";
  return "(secret, from " + text_ + ")";
}

std::string Secret::resolve(const Environment& environment, const AskSecretsManager& ask) const {
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
  const auto reference = SecretsManagerReference::parse(name);
  if (!reference) throw Error(ErrorKind::kInvalidConfig, key_ + ": " + mistake());
  if (!ask) {
    throw Error(ErrorKind::kInternal, key_ + ": nothing here can ask AWS Secrets Manager");
  }
  try {
    return ask(*reference);
  } catch (const Error& error) {
    throw error.within(key_);
  }
}

}  // namespace finops
