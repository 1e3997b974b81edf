#include "finops/pipeline/read_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "finops/core/error.h"
#include "tests/support/memory_bytes.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using namespace std::chrono_literals;

/// Parts that remember which of them were opened, and how much was read of them.
class CountedParts {
 public:
  explicit CountedParts(std::vector<std::uint64_t> sizes, ReadAheadLimits limits = {})
      : read_(sizes.size()) {
    std::vector<BillPart> parts;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      parts.push_back({std::to_string(i), [this, i, size = sizes[i]] { return open(i, size); }});
    }
    parts_ = with_read_ahead(std::move(parts), sizes, limits);
  }

  std::unique_ptr<ByteReader> open(std::size_t i) { return parts_[i].open(); }

  std::size_t opened() {
    const std::lock_guard lock(mutex_);
    return opened_;
  }
  std::uint64_t bytes_read() {
    const std::lock_guard lock(mutex_);
    std::uint64_t sum = 0;
    for (const std::uint64_t bytes : read_) sum += bytes;
    return sum;
  }
  /// Waits until so many were opened; for ever when that never happens.
  void wait_for_opened(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return opened_ >= count; });
  }

  std::size_t failing = SIZE_MAX;  // a part that is not there

 private:
  struct Reader : ByteReader {
    Reader(CountedParts& of_all, std::size_t number, std::uint64_t size)
        : all(of_all), part(number), left(size) {}

    std::size_t read(std::span<std::byte> out) override {
      constexpr std::uint64_t kMost = 100'000;
      const std::uint64_t n = std::min({left, std::uint64_t{out.size()}, kMost});
      std::ranges::fill(out.first(n), static_cast<std::byte>(part));
      left -= n;
      const std::lock_guard lock(all.mutex_);
      all.read_[part] += n;
      return n;
    }

    CountedParts& all;
    const std::size_t part;
    std::uint64_t left;
  };

  std::unique_ptr<ByteReader> open(std::size_t part, std::uint64_t size) {
    const std::lock_guard lock(mutex_);
    ++opened_;
    changed_.notify_all();
    if (part == failing) throw Error(ErrorKind::kNotFound, "no such part");
    return std::make_unique<Reader>(*this, part, size);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t opened_ = 0;
  std::vector<std::uint64_t> read_;
  std::vector<BillPart> parts_;
};

std::uint64_t read_some(ByteReader& reader, std::uint64_t wanted, std::byte expected) {
  std::vector<std::byte> out(300'000);
  std::uint64_t count = 0;
  while (count < wanted) {
    const std::size_t n =
        reader.read(std::span(out).first(std::min<std::uint64_t>(out.size(), wanted - count)));
    if (n == 0) break;
    for (const std::byte one : std::span(out).first(n)) EXPECT_EQ(one, expected);
    count += n;
  }
  return count;
}

TEST(ReadAheadTest, EveryPartIsReadWholeInWhateverSizes) {
  const std::vector<std::uint64_t> sizes = {0, 1, 5'000'000, 100, 20'000'000, 0, 4'194'304, 7};
  CountedParts parts(sizes);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    EXPECT_EQ(read_some(*parts.open(i), UINT64_MAX, static_cast<std::byte>(i)), sizes[i]);
  }
  EXPECT_EQ(parts.opened(), sizes.size());
  EXPECT_EQ(parts.bytes_read(), 5'000'000u + 20'000'000u + 4'194'304u + 108u);
}

TEST(ReadAheadTest, SmallPartsAreOpenedWhileTheFirstIsRead) {
  CountedParts parts(std::vector<std::uint64_t>(100, 1000));
  const auto first = parts.open(0);
  parts.wait_for_opened(9);  // before a byte of the first was taken
  read_some(*first, UINT64_MAX, std::byte{0});
  EXPECT_EQ(parts.opened(), 9u);
  const auto second = parts.open(1);
  parts.wait_for_opened(10);
  EXPECT_EQ(parts.opened(), 10u);
}

TEST(ReadAheadTest, ALargePartIsBegunWhenTheOneBeforeComesToItsEnd) {
  CountedParts parts({100 << 20, 100 << 20, 100 << 20});
  const auto first = parts.open(0);
  read_some(*first, 90 << 20, std::byte{0});
  EXPECT_EQ(parts.opened(), 1u);
  read_some(*first, 3 << 20, std::byte{0});
  parts.wait_for_opened(2);
  const auto second = parts.open(1);
  EXPECT_EQ(read_some(*second, UINT64_MAX, std::byte{1}), 100u << 20);
  EXPECT_LE(parts.opened(), 3u);
}

TEST(ReadAheadTest, HoldsNoMoreThanItMay) {
  constexpr std::uint64_t kMiB = 1 << 20;
  CountedParts parts(std::vector<std::uint64_t>(20, 3 * kMiB),
                     {.parts_at_once = 50, .bytes_of_one = 2 * kMiB, .bytes_to_come = 16 * kMiB});
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < 20; ++i) {
    const auto reader = parts.open(i);
    // 3 MiB to come of this one, and of at most four others.
    EXPECT_LE(parts.opened(), i + 5);
    taken += read_some(*reader, UINT64_MAX, static_cast<std::byte>(i));
    EXPECT_LE(parts.bytes_read() - taken, 5 * (2 * kMiB + 300'000));
  }
}

TEST(ReadAheadTest, WhatGoesWrongIsThrownInItsTurn) {
  CountedParts parts({1000, 1000, 1000});
  parts.failing = 1;
  const auto first = parts.open(0);
  parts.wait_for_opened(3);
  EXPECT_EQ(read_some(*first, UINT64_MAX, std::byte{0}), 1000u);
  const auto second = parts.open(1);
  EXPECT_EQ(kind_thrown_by([&] { read_some(*second, 1, std::byte{1}); }), ErrorKind::kNotFound);
}

TEST(ReadAheadTest, WhatIsBegunEndsWithTheParts) {
  std::atomic<int> reading = 0;
  struct EndlessReader : ByteReader {
    explicit EndlessReader(std::atomic<int>& count) : reading(count) { ++reading; }
    ~EndlessReader() override { --reading; }
    std::size_t read(std::span<std::byte>) override {
      std::this_thread::sleep_for(1ms);
      return 1;
    }
    std::atomic<int>& reading;
  };
  {
    const auto open = [&]() -> std::unique_ptr<ByteReader> {
      return std::make_unique<EndlessReader>(reading);
    };
    const auto parts = with_read_ahead({{"a", open}, {"b", open}}, {1000, 1000});
    const auto first = parts[0].open();
    while (reading < 2) std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(reading, 0);
}

}  // namespace
}  // namespace finops
