#include "finops/config/setting.h"

#include <algorithm>
#include <tuple>

#include "finops/core/error.h"

namespace finops {
namespace {

/// `where` without line and column.
std::string_view file_of(const Origin& origin) {
  std::string_view file = origin.where;
  if (origin.kind != Origin::Kind::kFile) return {};
  for (int parts = origin.line == 0 ? 0 : 2; parts > 0; --parts) {
    file = file.substr(0, file.rfind(':'));
  }
  return file;
}

}  // namespace

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

void Mistakes::throw_if_any(std::string_view subject) const {
  if (mistakes_.empty()) return;
  std::vector<Mistake> sorted = mistakes_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Mistake& a, const Mistake& b) {
    const std::string_view file_a = file_of(a.origin), file_b = file_of(b.origin);
    return std::tie(a.origin.kind, file_a, a.origin.line, a.origin.column) <
           std::tie(b.origin.kind, file_b, b.origin.line, b.origin.column);
  });
  std::string message =
      std::string(subject) + " has " + std::to_string(sorted.size()) + " mistakes:";
  for (const Mistake& mistake : sorted) {
    const std::string line = mistake.origin.to_string() + ": " + mistake.text;
    if (sorted.size() == 1) throw Error(ErrorKind::kInvalidConfig, line);
    message += "\n  " + line;
  }
  throw Error(ErrorKind::kInvalidConfig, message);
}

}  // namespace finops
