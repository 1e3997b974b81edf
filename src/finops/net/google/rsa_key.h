#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace finops {

// RS256 of RFC 7518: RSASSA-PKCS1-v1_5 with SHA-256. Keys may be used from any thread.

/// The key that a service account signs with.
class RsaPrivateKey {
 public:
  /// Nothing for a text that is no RSA key in PEM, or is locked with a passphrase.
  static std::optional<RsaPrivateKey> of_pem(std::string_view pem);

  /// The signature's bytes.
  std::string sign(std::string_view text) const;

 private:
  explicit RsaPrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

/// A key that signatures are checked with.
class RsaPublicKey {
 public:
  /// Of big-endian bytes. Nothing below 2048 bits, as RFC 7518 wants, above 16,384, or where these
  /// are not numbers of a key.
  static std::optional<RsaPublicKey> of_numbers(std::string_view modulus,
                                                std::string_view exponent);

  bool verifies(std::string_view text, std::string_view signature) const;

 private:
  explicit RsaPublicKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace finops
