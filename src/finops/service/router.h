#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "finops/service/http_server.h"
#include "finops/service/service_message.h"

namespace finops {

/// Says who is not let in: the answer to that request, or nothing.
using Gate = std::function<std::optional<ServiceResponse>(const ServiceRequest&)>;

/// What stands before a route. Empty gates let all in.
struct Guard {
  Gate at_head;  // before the body is read, on the thread of the network: does not wait
  Gate at_work;  // before the route's function, on its thread: may ask somebody
};

/// What the address space of a service consists of.
struct Route {
  std::string method;   // "GET" answers HEAD as well
  std::string pattern;  // "/v1/jobs/{id}": a name in braces stands for one segment
  /// Of the body, in lower case: "application/json". Empty: the route takes none.
  std::string content_type;
  Guard guard;
  /// The function never waits, and is answered under any load.
  bool is_immediate = false;
};

/// Finds the function for a request: a fixed segment goes before a name in braces. Other paths are
/// answered by 404, other methods by 405 with Allow, other content by 415.
///
/// Filled before the server starts, not changed after; it has to outlive the server.
class Router {
 public:
  /// The answer is what `function` returns. kInternal for a pattern that is there already.
  void add(Route route, std::function<ServiceResponse(const ServiceRequest&)> function);
  /// The answer is given later. The request is there as long as the call only.
  void add_waiting(Route route, RequestFunction function);

  Admission admit(ServiceRequest& request) const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string> segments;
    RequestFunction run;  // the guard and the route's function
  };

  /// The entries of the pattern that fits best; sets the request's route and parameters.
  std::vector<const Entry*> find(ServiceRequest& request) const;

  std::vector<Entry> entries_;
};

}  // namespace finops
