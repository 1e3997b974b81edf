#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "finops/net/http.h"
#include "finops/net/url.h"

namespace finops {

/// One request as the server took it. Its body is whole when a handler sees it and empty when it
/// is asked whether the request is to be let in.
struct ServiceRequest {
  std::string method;  // as sent: "GET"
  std::string path;    // begins with '/'; still percent-encoded, without the query
  FormFields query;    // decoded, in the order of the URL
  HttpHeaders headers;
  std::string body;
  std::string peer;   // "127.0.0.1:52114"
  std::string route;  // the pattern that the path fits: "/v1/jobs/{id}"; empty while there is none
  FormFields path_parameters;  // decoded: what stands for the names in braces
  /// Requested when the client is gone, the deadline is over or the server stops. Callbacks of it
  /// run on the thread of the network and must not wait for anything.
  std::stop_token stop;
};

struct ServiceResponse {
  int status = 200;
  HttpHeaders headers;
  std::string body;
};

/// The value of the path parameter; it has to be one of the route's pattern.
const std::string& path_parameter(const ServiceRequest& request, std::string_view name);

/// Takes the answer to one request, now or later, from any thread. Copies are the same; the first
/// answer counts, later ones and those of a request that has ended are dropped. When the last copy
/// is gone without an answer, the client gets a 500.
class Reply {
 public:
  explicit Reply(std::function<void(ServiceResponse)> send);

  void operator()(ServiceResponse response) const;
  bool is_answered() const;

 private:
  struct Once;
  std::shared_ptr<Once> once_;
};

using RequestFunction = std::function<void(const ServiceRequest&, Reply)>;

}  // namespace finops
