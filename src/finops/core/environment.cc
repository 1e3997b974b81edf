#include "finops/core/environment.h"

#include <unistd.h>

#include <utility>

namespace finops {

Environment::Environment(std::map<std::string, std::string> variables) {
  for (auto& [name, value] : variables) {
    if (!value.empty()) variables_.emplace(name, std::move(value));
  }
}

Environment Environment::of_process() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return Environment(std::move(variables));
}

const std::string* Environment::find(std::string_view name) const {
  const auto found = variables_.find(name);
  return found == variables_.end() ? nullptr : &found->second;
}

}  // namespace finops
