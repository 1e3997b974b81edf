#include "finops/net/smtp.h"

#include <charconv>

#include "finops/net/url.h"

namespace finops {
namespace {

constexpr std::uint16_t kSubmissionPort = 587;
constexpr std::uint16_t kSubmissionsPort = 465;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::optional<SmtpServer> SmtpServer::parse(std::string_view url) {
  SmtpServer server;
  if (url.starts_with("smtps://")) {
    server.has_tls_at_once = true;
    url.remove_prefix(8);
  } else if (url.starts_with("smtp://")) {
    url.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  if (url.ends_with('/')) url.remove_suffix(1);
  server.port = server.has_tls_at_once ? kSubmissionsPort : kSubmissionPort;
  // The last colon is an IPv6 address's own when a bracket follows.
  const std::size_t colon = url.rfind(':'), bracket = url.rfind(']');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon);
  if (has_port) {
    const auto port = parse_port(url.substr(colon + 1));
    if (!port) return std::nullopt;
    server.port = *port;
    url = url.substr(0, colon);
  }
  const auto parsed = Url::parse("http://" + std::string(url));
  if (!parsed || parsed->path != "/" || !parsed->query.empty() || url.find('/') != url.npos) {
    return std::nullopt;
  }
  server.host = parsed->host;
  return server;
}

}  // namespace finops
