#pragma once

#include <map>
#include <string>
#include <string_view>

namespace finops {

/// Environment variables as values, so that a test can give its own. An empty variable counts as
/// one that is not set, as for the AWS CLI: container tools pass unset variables on as empty ones.
class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> variables);

  /// Of this process, as it is now.
  static Environment of_process();

  /// Null when the variable is not set or empty.
  const std::string* find(std::string_view name) const;
  const std::map<std::string, std::string, std::less<>>& variables() const { return variables_; }

 private:
  std::map<std::string, std::string, std::less<>> variables_;  // none empty
};

}  // namespace finops
