#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "finops/core/decimal.h"

namespace finops {

/// Rows and exact cost, in one currency, of the same lines in two deliveries.
struct Change {
  std::uint64_t rows_before = 0, rows_after = 0;
  ExactSum before, after;

  ExactSum difference() const {
    ExactSum result = after;
    result.subtract(before);
    return result;
  }
  bool is_none() const { return rows_before == rows_after && before == after; }
  void add(const Change& other) {
    rows_before += other.rows_before;
    rows_after += other.rows_after;
    before.add(other.before);
    after.add(other.after);
  }
};

/// The items that changed most, and in one sum all others that changed: together exactly what
/// changed.
template <typename Item>
struct ChangeList {
  std::vector<Item> largest;  // by the size of their differences; ties by their keys
  std::uint64_t other_items = 0;
  Change others;

  ExactSum difference() const {
    ExactSum sum = others.difference();
    for (const Item& item : largest) sum.add(item.change.difference());
    return sum;
  }
};

/// Picks the `limit` items that changed most (0: all) out of any number, in memory for so many. An
/// Item has a `change` and a `key` that orders.
template <typename Item>
class LargestChanges {
 public:
  explicit LargestChanges(std::size_t limit) : limit_(limit) {}

  void add(Item item) {
    ExactSum size = item.change.difference();
    if (size.sign() < 0) {
      size = item.change.before;
      size.subtract(item.change.after);
    }
    kept_.push_back({std::move(size), std::move(item)});
    if (limit_ == 0) return;
    std::ranges::push_heap(kept_, is_before);
    if (kept_.size() <= limit_) return;
    std::ranges::pop_heap(kept_, is_before);
    ++other_items_;
    others_.add(kept_.back().item.change);
    kept_.pop_back();
  }

  ChangeList<Item> finish() {
    std::ranges::sort(kept_, is_before);
    ChangeList<Item> list{.other_items = other_items_, .others = std::move(others_)};
    for (Sized& one : kept_) list.largest.push_back(std::move(one.item));
    return list;
  }

 private:
  struct Sized {
    ExactSum size;
    Item item;
  };
  static bool is_before(const Sized& one, const Sized& other) {
    const auto order = other.size <=> one.size;
    return order == 0 ? one.item.key < other.item.key : order < 0;
  }

  std::size_t limit_;
  std::vector<Sized> kept_;  // with a limit a heap whose top goes first
  std::uint64_t other_items_ = 0;
  Change others_;
};

}  // namespace finops
