#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "finops/core/environment.h"

namespace finops {

/// What `secretsmanager:ARN[#key]` names.
struct SecretsManagerReference {
  std::string arn;
  std::string region;  // the one in the ARN
  std::string key;     // the member of a secret that is a JSON object; empty: the whole secret

  /// Nothing for any other text than arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME[#key].
  static std::optional<SecretsManagerReference> parse(std::string_view text);
};

/// Asks AWS Secrets Manager for the value; throws Error when it does not give it.
using AskSecretsManager = std::function<std::string(const SecretsManagerReference&)>;

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
  /// to nothing, and what `ask` throws, within the name of the key.
  std::string resolve(const Environment& environment, const AskSecretsManager& ask = nullptr) const;

  /// "(secret, from env:NAME)", "(secret, given)", or "" when it is not set.
  std::string describe() const;

  /// What is wrong with the reference as written, before anything is looked up; empty: nothing.
  std::string mistake() const;

  /// The text when it is the value itself and no reference; for checks whose messages do not tell
  /// it. Empty otherwise.
  std::string_view literal() const;

 private:
  enum class Form { kLiteral, kEnvironment, kFile, kSecretsManager };
  Form form() const;
  std::string_view target() const;  // behind the colon

  std::string key_, text_;
};

}  // namespace finops
