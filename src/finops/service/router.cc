#include "finops/service/router.h"

#include <algorithm>
#include <set>
#include <utility>

#include "finops/core/ascii_case.h"
#include "finops/core/error.h"
#include "finops/service/media_type.h"
#include "finops/service/problem.h"
#include "finops/service/request_target.h"

namespace finops {
namespace {

/// Of a path that begins with '/'; "/" has one, which is empty.
std::vector<std::string> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return segments;
}

bool is_name(std::string_view segment) {
  return segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
}

/// The names' values, where the decoded segments fit the pattern. A name stands for no empty one.
std::optional<FormFields> fitting(const std::vector<std::string>& pattern,
                                  const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return std::nullopt;
  FormFields values;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_name(pattern[i])) {
      if (segments[i].empty()) return std::nullopt;
      values.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), segments[i]);
    } else if (pattern[i] != segments[i]) {
      return std::nullopt;
    }
  }
  return values;
}

bool answers(const Route& route, std::string_view method) {
  return route.method == method || (route.method == "GET" && method == "HEAD");
}

std::optional<ServiceResponse> content_problem(const Route& route, const ServiceRequest& request) {
  if (route.content_type.empty()) return std::nullopt;
  const auto refuse = [](std::string detail) {
    return problem_response({.status = 415, .detail = std::move(detail)});
  };
  const std::string* content = find_header(request.headers, "Content-Type");
  const auto type = content == nullptr ? std::nullopt : MediaType::parse(*content);
  if (!type || type->name != route.content_type || !type->is_utf8()) {
    return refuse("the Content-Type has to be " + route.content_type + " in UTF-8");
  }
  const std::string* encoding = find_header(request.headers, "Content-Encoding");
  if (encoding != nullptr && ascii_lower(*encoding) != "identity") {
    return refuse("a body with a Content-Encoding is not taken");
  }
  return std::nullopt;
}

}  // namespace

void Router::add(Route route, std::function<ServiceResponse(const ServiceRequest&)> function) {
  add_waiting(std::move(route),
              [function = std::move(function)](const ServiceRequest& request, const Reply& reply) {
                reply(function(request));
              });
}

void Router::add_waiting(Route route, RequestFunction function) {
  for (const Entry& entry : entries_) {
    if (entry.route.method == route.method && entry.route.pattern == route.pattern) {
      throw Error(ErrorKind::kInternal,
                  "the route " + route.method + ' ' + route.pattern + " is there already");
    }
  }
  auto run = [gate = route.guard.at_work, function = std::move(function)](
                 const ServiceRequest& request, const Reply& reply) {
    auto refusal = gate ? gate(request) : std::nullopt;
    if (refusal) return reply(std::move(*refusal));
    function(request, reply);
  };
  auto segments = segments_of(route.pattern);
  entries_.push_back({std::move(route), std::move(segments), std::move(run)});
}

std::vector<const Router::Entry*> Router::find(ServiceRequest& request) const {
  std::vector<std::string> segments = segments_of(request.path);
  for (std::string& segment : segments) segment = strictly_decoded(segment).value_or("");
  std::vector<const Entry*> found;
  for (const Entry& entry : entries_) {
    auto values = fitting(entry.segments, segments);
    if (!values) continue;
    const bool is_another = !found.empty() && entry.route.pattern != request.route;
    if (is_another && values->size() >= request.path_parameters.size()) continue;
    if (is_another) found.clear();
    request.route = entry.route.pattern;
    request.path_parameters = std::move(*values);
    found.push_back(&entry);
  }
  return found;
}

Admission Router::admit(ServiceRequest& request) const {
  const auto entries = find(request);
  if (entries.empty()) {
    return {.refusal =
                problem_response({.status = 404, .detail = "there is nothing at this path"})};
  }
  const auto found = std::ranges::find_if(
      entries, [&](const Entry* entry) { return answers(entry->route, request.method); });
  if (found == entries.end()) {
    std::set<std::string> methods;
    for (const Entry* entry : entries) {
      methods.insert(entry->route.method);
      if (entry->route.method == "GET") methods.insert("HEAD");
    }
    std::string allowed;
    for (const std::string& method : methods) allowed += (allowed.empty() ? "" : ", ") + method;
    auto refusal = problem_response({.status = 405, .detail = "allowed here: " + allowed});
    refusal.headers.push_back({"Allow", allowed});
    return {.refusal = std::move(refusal)};
  }
  const Route& route = (*found)->route;
  // Who may not come in is not told what else is wrong.
  auto refusal = route.guard.at_head ? route.guard.at_head(request) : std::nullopt;
  if (!refusal) refusal = content_problem(route, request);
  if (refusal) return {.refusal = std::move(refusal)};
  return {.run = &(*found)->run, .is_immediate = route.is_immediate};
}

}  // namespace finops
