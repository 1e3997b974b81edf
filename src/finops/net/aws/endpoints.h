#pragma once

#include <string>
#include <string_view>

#include "finops/core/environment.h"

namespace finops {

/// "amazonaws.com", "amazonaws.com.cn" for China, and those of the isolated partitions.
std::string aws_domain(std::string_view region);

/// Where a service answers: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, else
/// "https://<service>.<region>.<domain>". `service` is as in host names: "sts", "secretsmanager".
std::string aws_endpoint(const Environment& environment, std::string_view service,
                         std::string_view region);

}  // namespace finops
