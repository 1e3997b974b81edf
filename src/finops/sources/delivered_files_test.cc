#include "finops/sources/delivered_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "finops/stores/memory/memory_store.h"
#include "tests/support/thrown.h"

namespace finops {
namespace {

using testing::HasSubstr;
using testing::Not;

Delivery delivery_of(std::vector<std::string> files) {
  Delivery delivery;
  delivery.manifest_key = "m.json";
  delivery.files = std::move(files);
  return delivery;
}

std::string refusal_of(ObjectStore& store, const Delivery& delivery) {
  const Error error = error_thrown_by([&] { check_files(store, delivery); });
  return std::string(to_string(error.kind())) + ": " + error.what();
}

TEST(DeliveredFilesTest, AreGivenInTheManifestsOrderWithSizeAndETag) {
  MemoryStore store;
  put_text(store, "a/2.csv.gz", "22");
  put_text(store, "a/1.csv.gz", "1");
  const auto files = check_files(store, delivery_of({"a/2.csv.gz", "a/1.csv.gz"}));
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].key, "a/2.csv.gz");
  EXPECT_EQ(files[0].size, 2u);
  EXPECT_EQ(files[1].etag, store.stat("a/1.csv.gz")->etag);
}

TEST(DeliveredFilesTest, ThatAreYoungerThanTheirManifestAreBeingReplaced) {
  MemoryStore store;
  put_text(store, "a/1.csv.gz", "1");
  put_text(store, "a/v2/1.csv.gz", "1");
  Delivery delivery = delivery_of({"a/1.csv.gz"});
  delivery.version = "v2";
  const TimePoint written = store.stat("a/1.csv.gz")->last_modified;
  delivery.manifest_modified = written - std::chrono::minutes(29);
  EXPECT_EQ(check_files(store, delivery).size(), 1u) << "a copy is made in any order";
  delivery.manifest_modified = written - std::chrono::minutes(31);
  const std::string refusal = refusal_of(store, delivery);
  EXPECT_THAT(refusal, HasSubstr("conflict"));
  EXPECT_THAT(refusal, HasSubstr("mix of two versions"));
  delivery.files = {"a/v2/1.csv.gz"};
  EXPECT_EQ(check_files(store, delivery).size(), 1u) << "a version's own folder never changes";
}

TEST(DeliveredFilesTest, AreFoundByOneListingOfTheirFolder) {
  MemoryStore store;
  std::vector<std::string> keys;
  for (int i = 0; i < 20; ++i) {
    keys.push_back("a/" + std::to_string(i) + ".csv.gz");
    put_text(store, keys.back(), "x");
  }
  EXPECT_EQ(check_files(store, delivery_of(keys)).size(), 20u);
  const auto calls = store.calls();
  EXPECT_EQ(std::ranges::count(calls, "list_level a/"), 1);
  EXPECT_THAT(calls, Not(testing::Contains(HasSubstr("stat "))));
}

TEST(DeliveredFilesTest, ThatAreMissingAreNamed) {
  MemoryStore store;
  put_text(store, "a/1.csv.gz", "1");
  EXPECT_THAT(refusal_of(store, delivery_of({"a/1.csv.gz", "a/2.csv.gz"})),
              testing::AllOf(HasSubstr("not_found"), HasSubstr("m.json"), HasSubstr("'a/2.csv.gz'"),
                             Not(HasSubstr("'a/1.csv.gz'"))));
  EXPECT_THAT(refusal_of(store, delivery_of({"a/1.csv.gz", "a/2.csv.gz", "a/3.csv.gz"})),
              HasSubstr("2 do not exist"));
}

TEST(DeliveredFilesTest, MayBePercentEncodedUnlessTheLiteralKeyExists) {
  MemoryStore store;
  put_text(store, "P=1/x.csv.gz", "decoded");
  EXPECT_EQ(check_files(store, delivery_of({"P%3D1/x.csv.gz"})).at(0).key, "P=1/x.csv.gz");
  EXPECT_THAT(refusal_of(store, delivery_of({"P=1/x.csv.gz", "P%3D1/x.csv.gz"})),
              HasSubstr("twice"));
  put_text(store, "P%3D1/x.csv.gz", "literal");
  EXPECT_EQ(check_files(store, delivery_of({"P%3D1/x.csv.gz"})).at(0).key, "P%3D1/x.csv.gz");
}

TEST(DeliveredFilesTest, AreOfOneVersionWhileTheManifestStays) {
  MemoryStore store;
  put_text(store, "m.json", "1");
  Delivery delivery = delivery_of({});
  delivery.manifest_etag = store.stat("m.json")->etag;
  EXPECT_TRUE(manifest_is_unchanged(store, delivery));
  put_text(store, "m.json", "2");
  EXPECT_FALSE(manifest_is_unchanged(store, delivery));
  store.remove("m.json");
  EXPECT_FALSE(manifest_is_unchanged(store, delivery));
}

}  // namespace
}  // namespace finops
