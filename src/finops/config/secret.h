#pragma once

#include <string>
#include <string_view>

#include "finops/core/environment.h"

namespace finops {

/// A secret as the configuration gives it: a literal, or a reference (env:NAME, file:PATH,
/// secretsmanager:ARN[#key]) that is looked up only when the secret is needed. It has no operator<<
/// and nothing here puts its value into a message.
class Secret {
 public:
  Secret() = default;
  /// `key` names it in messages: "aws.aws_secret_access_key".
  Secret(std::string key, std::string text);

  bool is_set() const { return !text_.empty(); }

  /// The value; empty when it is not set. Throws kInvalidConfig when the reference leads nowhere or
  /// to nothing, kUnsupported for secretsmanager:.
  std::string resolve(const Environment& environment) const;

  /// "(secret, from env:NAME)", "(secret, given)", or "" when it is not set.
  std::string describe() const;

  /// What is wrong with the reference as written, before anything is looked up; empty: nothing.
  std::string mistake() const;

 private:
  enum class Form { kLiteral, kEnvironment, kFile, kSecretsManager };
  Form form() const;
  std::string_view target() const;  // behind the colon

  std::string key_, text_;
};

}  // namespace finops
