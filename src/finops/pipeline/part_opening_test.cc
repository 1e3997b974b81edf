#include "finops/pipeline/part_opening.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "finops/stores/memory/memory_store.h"

namespace finops {
namespace {

/// A delivery in a bucket that counts what is asked of it, and says it is far away.
class PartOpeningTest : public ::testing::Test {
 protected:
  std::vector<BillPart> parts(const std::vector<std::string>& contents, std::uint64_t memory) {
    std::vector<ObjectInfo> objects;
    for (const std::string& content : contents) {
      const std::string key = std::to_string(objects.size()) + ".csv";
      put_text(*store_, key, content);
      objects.push_back(store_->stat(key).value());
    }
    return parts_of_delivery({.bucket = store_, .is_remote = true}, objects, memory);
  }

  static std::string read(ByteReader& reader, std::size_t at_most = SIZE_MAX) {
    std::string text;
    std::vector<std::byte> piece(100'000);
    while (text.size() < at_most) {
      const std::size_t n =
          reader.read(std::span(piece).first(std::min(piece.size(), at_most - text.size())));
      if (n == 0) break;
      text.append(reinterpret_cast<const char*>(piece.data()), n);
    }
    return text;
  }

  std::ptrdiff_t opened() const {
    return std::ranges::count_if(store_->calls(),
                                 [](const std::string& call) { return call.starts_with("open "); });
  }

  std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>();
};

std::string letters(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

TEST_F(PartOpeningTest, ASmallFileIsAskedForOnce) {
  const std::string text = letters(200'000);
  const auto part = parts({text}, 1 << 20).front();
  EXPECT_EQ(read(*part.open()), text);
  EXPECT_EQ(read(*part.open()), text);
  EXPECT_EQ(opened(), 1);
  EXPECT_EQ(read(*part.open()), text) << "and as often as one likes";
}

TEST_F(PartOpeningTest, TheRestOfALargeFileFollowsWhatWasReadForItsHeader) {
  const std::string text = letters(1'000'000);
  const auto part = parts({text}, 1 << 20).front();
  EXPECT_EQ(read(*part.open(), 150'000), text.substr(0, 150'000));
  EXPECT_EQ(read(*part.open()), text);
  EXPECT_EQ(opened(), 2);
}

TEST_F(PartOpeningTest, AWholeFirstReadingLeavesAHeadOnly) {
  const std::string text = letters(1'000'000);
  const auto part = parts({text}, 1 << 20).front();
  EXPECT_EQ(read(*part.open()), text);
  EXPECT_EQ(read(*part.open()), text);
}

TEST_F(PartOpeningTest, WhatDoesNotFitIntoMemoryIsReadAgain) {
  const std::string text = letters(100'000);
  const auto both = parts({text, text}, 150'000);
  for (const auto& part : both) EXPECT_EQ(read(*part.open()), text);
  for (const auto& part : both) EXPECT_EQ(read(*part.open()), text);
  EXPECT_EQ(opened(), 3);
}

TEST_F(PartOpeningTest, AnEmptyFileIsOne) {
  const auto part = parts({""}, 1 << 20).front();
  EXPECT_EQ(read(*part.open()), "");
  EXPECT_EQ(read(*part.open()), "");
}

}  // namespace
}  // namespace finops
