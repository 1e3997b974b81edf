#include "finops/net/google/jwt.h"

#include <gtest/gtest.h>

#include "finops/core/base64url.h"
#include "tests/support/rsa_key_pair.h"

namespace finops {
namespace {

TEST(Base64UrlTest, IsThatOfTheStandard) {
  // RFC 7515, appendix C.
  const std::string bytes = {'\3', '\xec', '\xff', '\xe0', '\xc1'};
  EXPECT_EQ(base64url(bytes), "A-z_4ME");
  EXPECT_EQ(from_base64url("A-z_4ME"), bytes);
  EXPECT_EQ(from_base64url(""), "");
}

TEST(Base64UrlTest, ReadsBackWhatItWrites) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64url(base64url(bytes)), bytes) << i;
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64UrlTest, TakesOneTextOnlyForTheSameBytes) {
  EXPECT_EQ(from_base64url("QQ"), "A");
  for (const char* text : {"Q", "QQ==", "QR", "QUJ", "A+z/4ME", "Q Q", "QQ\n", "QU.C"}) {
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
  }
}

TEST(JwtTest, WhatIsSignedHoldsForThePublicKey) {
  const auto key = RsaPrivateKey::of_pem(test_key().pem());
  ASSERT_TRUE(key);
  const std::string token = signed_jwt(*key, R"({"alg":"RS256"})", R"({"iss":"me"})");
  const auto parts = take_apart_jwt(token);
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->header, R"({"alg":"RS256"})");
  EXPECT_EQ(parts->claims, R"({"iss":"me"})");
  EXPECT_EQ(parts->signed_text, token.substr(0, token.rfind('.')));
  EXPECT_TRUE(test_key().verifies(parts->signed_text, parts->signature));
}

TEST(JwtTest, OtherThanThreePartsIsNone) {
  for (const char* token : {"", ".", "a", "YQ.YQ", "YQ.YQ.YQ.YQ", "YQ.Y!.YQ", "YQ=.YQ.YQ"}) {
    EXPECT_FALSE(take_apart_jwt(token)) << token;
  }
  // A token without a signature is one in form; nothing verifies it.
  EXPECT_TRUE(take_apart_jwt("YQ.YQ."));
}

TEST(RsaKeyTest, OnlyAnRsaKeyWithoutPassphraseIsAPrivateKey) {
  EXPECT_FALSE(RsaPrivateKey::of_pem(""));
  EXPECT_FALSE(
      RsaPrivateKey::of_pem("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"));
  EXPECT_FALSE(RsaPrivateKey::of_pem(test_key().pem("hunter2")));
  const std::shared_ptr<EVP_PKEY> curve(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<BIO, int (*)(BIO*)> memory(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(memory.get(), curve.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);
  EXPECT_FALSE(RsaPrivateKey::of_pem({text, static_cast<std::size_t>(size)}));
}

TEST(RsaKeyTest, VerifiesItsOwnSignatureOnly) {
  const auto key = RsaPublicKey::of_numbers(test_key().modulus(), test_key().exponent());
  ASSERT_TRUE(key);
  std::string signature = test_key().sign("text");
  EXPECT_TRUE(key->verifies("text", signature));
  EXPECT_FALSE(key->verifies("test", signature));
  EXPECT_FALSE(key->verifies("text", ""));
  EXPECT_FALSE(key->verifies("text", signature + "x"));
  signature[10] = static_cast<char>(signature[10] ^ 1);
  EXPECT_FALSE(key->verifies("text", signature));
}

TEST(RsaKeyTest, WeakNumbersAreNoPublicKey) {
  const RsaKeyPair small(1024);
  EXPECT_FALSE(RsaPublicKey::of_numbers(small.modulus(), small.exponent()));
  EXPECT_FALSE(RsaPublicKey::of_numbers(test_key().modulus(), ""));
  EXPECT_FALSE(RsaPublicKey::of_numbers(test_key().modulus(), "\x01"));
  EXPECT_FALSE(RsaPublicKey::of_numbers(test_key().modulus(), "\x04"));
  EXPECT_FALSE(RsaPublicKey::of_numbers("", test_key().exponent()));
  EXPECT_FALSE(RsaPublicKey::of_numbers(std::string(4096, '\xff'), test_key().exponent()));
}

}  // namespace
}  // namespace finops
