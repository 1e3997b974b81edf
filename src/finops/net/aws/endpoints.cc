#include "finops/net/aws/endpoints.h"

#include <array>
#include <cctype>
#include <utility>

namespace finops {

std::string aws_domain(std::string_view region) {
  // The dnsSuffix of each partition in AWS's own partitions.json.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kDomains = {{
      {"cn-", "amazonaws.com.cn"},
      {"us-isob-", "sc2s.sgov.gov"},
      {"us-isof-", "csp.hci.ic.gov"},
      {"us-iso-", "c2s.ic.gov"},
      {"eu-isoe-", "cloud.adc-e.uk"},
      {"eusc-", "amazonaws.eu"},
      {"us-gov-", "amazonaws.com"},
  }};
  for (const auto& [prefix, domain] : kDomains) {
    if (region.starts_with(prefix)) return std::string(domain);
  }
  return "amazonaws.com";
}

std::string aws_endpoint(const Environment& environment, std::string_view service,
                         std::string_view region) {
  std::string variable = "AWS_ENDPOINT_URL_";
  // The variable has the service's id of the SDKs ("Secrets Manager"), which is the host's name but
  // for the blank.
  for (const char c : service == "secretsmanager" ? "secrets-manager" : service) {
    variable += c == '-' || c == '.' ? '_' : static_cast<char>(std::toupper(c));
  }
  for (const std::string& name : {variable, std::string("AWS_ENDPOINT_URL")}) {
    if (const std::string* given = environment.find(name)) return *given;
  }
  return "https://" + std::string(service) + "." + std::string(region) + "." + aws_domain(region);
}

}  // namespace finops
