#include "finops/service/service_message.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "finops/core/error.h"
#include "finops/service/problem.h"

namespace finops {

const std::string& path_parameter(const ServiceRequest& request, std::string_view name) {
  const auto found =
      std::ranges::find(request.path_parameters, name, &FormFields::value_type::first);
  if (found == request.path_parameters.end()) {
    throw Error(ErrorKind::kInternal,
                "the route '" + request.route + "' has no parameter '" + std::string(name) + "'");
  }
  return found->second;
}

struct Reply::Once {
  explicit Once(std::function<void(ServiceResponse)> to) : send(std::move(to)) {}
  ~Once() {
    if (!is_answered) send(problem_response(internal_problem()));
  }
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;

  const std::function<void(ServiceResponse)> send;
  std::atomic<bool> is_answered = false;
};

Reply::Reply(std::function<void(ServiceResponse)> send)
    : once_(std::make_shared<Once>(std::move(send))) {}

void Reply::operator()(ServiceResponse response) const {
  if (!once_->is_answered.exchange(true)) once_->send(std::move(response));
}

bool Reply::is_answered() const { return once_->is_answered; }

}  // namespace finops
