#include "finops/core/fingerprint.h"

#include <gtest/gtest.h>

#include "finops/core/sha256.h"

namespace finops {
namespace {

TEST(FingerprintTest, DependsOnValuesAndTheirCountButNotOnOrder) {
  Fingerprint ab, ba, aab;
  ab.add("a"), ab.add("b");
  ba.add("b"), ba.add("a");
  aab.add(Fingerprint::hash("a"), 2), aab.add("b");
  EXPECT_EQ(ab, ba);
  EXPECT_NE(ab, aab);
  ba.add("a");
  EXPECT_EQ(ba, aab);
  EXPECT_EQ(Fingerprint::parse(aab.to_string()), aab);
}

TEST(FingerprintTest, IsXxh3OfTheBytes) {
  // XXH3_128bits("") of the xxHash specification.
  Fingerprint empty;
  empty.add("");
  EXPECT_EQ(empty.to_string(), "99aa06d3014798d86001c324468d497f");
}

TEST(Sha256Test, MatchesThePublishedVector) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 pieces;
  pieces.update(std::as_bytes(std::span(std::string_view("a"))));
  pieces.update(std::as_bytes(std::span(std::string_view("bc"))));
  EXPECT_EQ(pieces.finish(), sha256_of("abc"));
}

}  // namespace
}  // namespace finops
