#include "finops/net/google/jwt.h"

#include <utility>

#include "finops/core/base64url.h"

namespace finops {

std::optional<JwtParts> take_apart_jwt(std::string_view token) {
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == std::string_view::npos || first == last) return std::nullopt;
  // A dot in the middle part is no digit of base64url.
  auto header = from_base64url(token.substr(0, first));
  auto claims = from_base64url(token.substr(first + 1, last - first - 1));
  auto signature = from_base64url(token.substr(last + 1));
  if (!header || !claims || !signature) return std::nullopt;
  return JwtParts{token.substr(0, last), std::move(*header), std::move(*claims),
                  std::move(*signature)};
}

std::string signed_jwt(const RsaPrivateKey& key, std::string_view header, std::string_view claims) {
  std::string token = base64url(header) + "." + base64url(claims);
  token += "." + base64url(key.sign(token));
  return token;
}

}  // namespace finops
