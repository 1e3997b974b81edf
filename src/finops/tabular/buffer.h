#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

namespace finops::bill {

/// Memory that is not cleared when it grows, and given back when it was grown for a giant record.
template <class T>
class Buffer {
 public:
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  std::size_t capacity() const { return capacity_; }
  /// At least `count`; what is kept is the first `kept` elements.
  void reserve(std::size_t count, std::size_t kept = 0) {
    if (count <= capacity_) return;
    auto grown = std::make_unique_for_overwrite<T[]>(count);
    std::copy_n(data_.get(), kept, grown.get());
    data_ = std::move(grown);
    capacity_ = count;
  }
  void release() {
    data_.reset();
    capacity_ = 0;
  }

 private:
  std::unique_ptr<T[]> data_;
  std::size_t capacity_ = 0;
};

}  // namespace finops::bill
