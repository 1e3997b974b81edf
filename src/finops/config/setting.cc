#include "finops/config/setting.h"

#include <algorithm>
#include <tuple>

#include "finops/core/error.h"

namespace finops {

std::string Origin::to_string() const {
  switch (kind) {
    case Kind::kDefault: return "default";
    case Kind::kFile: return where;
    case Kind::kEnvironment: return "environment variable " + where;
    case Kind::kFlag: return "option " + where;
  }
  return where;
}

void Mistakes::add(const Origin& origin, const std::string& text) {
  const bool is_known =
      std::any_of(mistakes_.begin(), mistakes_.end(), [&](const Mistake& mistake) {
        return mistake.text == text && mistake.origin.where == origin.where;
      });
  if (!is_known) mistakes_.push_back({origin, text});
}

void Mistakes::throw_if_any() const {
  if (mistakes_.empty()) return;
  std::vector<Mistake> sorted = mistakes_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Mistake& a, const Mistake& b) {
    return std::tie(a.origin.kind, a.origin.line, a.origin.column) <
           std::tie(b.origin.kind, b.origin.line, b.origin.column);
  });
  std::string message = "the configuration has " + std::to_string(sorted.size()) + " mistakes:";
  for (const Mistake& mistake : sorted) {
    const std::string line = mistake.origin.to_string() + ": " + mistake.text;
    if (sorted.size() == 1) throw Error(ErrorKind::kInvalidConfig, line);
    message += "\n  " + line;
  }
  throw Error(ErrorKind::kInvalidConfig, message);
}

}  // namespace finops
