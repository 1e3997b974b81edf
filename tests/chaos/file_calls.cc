#include "tests/chaos/file_calls.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>
#include <utility>

#include "finops/core/error.h"

namespace finops::chaos {
namespace {

thread_local std::string watched_folder;
thread_local FaultPlan* watching_plan = nullptr;

/// The lake's files are written by a store, which has a plan of its own.
bool is_watched(std::string_view path) {
  return path.starts_with(watched_folder) && !path.starts_with(watched_folder + "/lake/");
}

template <typename Function>
Function* original(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

template <typename Call>
int under_plan(std::string_view call_name, std::string_view path, const Call& call) {
  if (watching_plan == nullptr || !is_watched(path)) return call();
  int result = 0, number = 0;
  try {
    watching_plan->run(std::string(call_name) + " " + std::string(path), [&] {
      result = call();
      number = errno;
    });
  } catch (const Error&) {
    errno = EIO;
    return -1;
  }
  errno = number;
  return result;
}

}  // namespace

BreakableFiles::BreakableFiles(std::string folder, FaultPlan& plan) {
  watched_folder = std::move(folder);
  watching_plan = &plan;
}

BreakableFiles::~BreakableFiles() { watching_plan = nullptr; }

}  // namespace finops::chaos

// The C library's names, which the program's own take precedence over, also for shared libraries.
extern "C" int rename(const char* from, const char* to) noexcept {
  return finops::chaos::under_plan("rename", to, [&] {
    return finops::chaos::original<int(const char*, const char*)>("rename")(from, to);
  });
}

extern "C" int remove(const char* path) noexcept {
  const int number = errno;
  if (::access(path, F_OK) != 0) {  // nothing that could change
    errno = ENOENT;
    return -1;
  }
  errno = number;
  return finops::chaos::under_plan(
      "unlink", path, [&] { return finops::chaos::original<int(const char*)>("remove")(path); });
}
