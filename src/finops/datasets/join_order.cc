#include "finops/datasets/join_order.h"

#include <algorithm>
#include <set>

namespace finops::datasets {
namespace {

class Ordering {
 public:
  Ordering(const std::map<std::string, SilverRules>& rules, Mistakes& mistakes)
      : rules_(rules), mistakes_(mistakes) {
    for (const auto& [name, one] : rules) waiting_.insert(name);
  }

  std::vector<std::string> order() {
    while (!waiting_.empty()) {
      const auto ready = std::ranges::find_if(
          waiting_, [this](const std::string& name) { return awaited_by(name) == nullptr; });
      // With a circle told, one of it goes first, so that other circles are found too.
      const std::string next = ready == waiting_.end() ? told_circle() : *ready;
      waiting_.erase(next);
      order_.push_back(next);
    }
    return std::move(order_);
  }

 private:
  /// A join to a dataset that is not yet placed, or null.
  const Join* awaited_by(const std::string& name) const {
    for (const Join& join : rules_.at(name).joins) {
      if (waiting_.contains(join.dataset)) return &join;
    }
    return nullptr;
  }

  /// Everything that waits, waits for something that waits: following that ends in a circle.
  std::string told_circle() {
    std::vector<std::string> path{*waiting_.begin()};
    while (true) {
      const std::string& next = awaited_by(path.back())->dataset;
      const auto begin = std::ranges::find(path, next);
      if (begin != path.end()) {
        path.erase(path.begin(), begin);
        break;
      }
      path.push_back(next);
    }
    std::rotate(path.begin(), std::ranges::min_element(path), path.end());
    std::string text = "joins go in a circle: ";
    for (const std::string& name : path) text += name + " -> ";
    mistakes_.add(awaited_by(path.front())->origin, text + path.front());
    return path.front();
  }

  const std::map<std::string, SilverRules>& rules_;
  Mistakes& mistakes_;
  std::set<std::string> waiting_;
  std::vector<std::string> order_;
};

}  // namespace

std::vector<std::string> join_order(const std::map<std::string, SilverRules>& rules,
                                    Mistakes& mistakes) {
  return Ordering(rules, mistakes).order();
}

}  // namespace finops::datasets
