#include "finops/cli/run_cli.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <new>

#include "finops/cli/command_line.h"

namespace finops {
namespace {

constexpr const char* kGoOn = "; nothing is lost: the same command goes on from here";

/// How errors of the arguments themselves are told: they come before the options are known.
GlobalOptions options_for_errors(const std::vector<std::string>& arguments) {
  const auto has = [&arguments](const std::string& argument) {
    return std::find(arguments.begin(), arguments.end(), argument) != arguments.end();
  };
  GlobalOptions options;
  options.is_json = has("--json");
  const auto format = std::find(arguments.begin(), arguments.end(), "--log-format");
  const bool is_next = format != arguments.end() && std::next(format) != arguments.end();
  options.is_json_log = has("--log-format=json") || (is_next && *std::next(format) == "json");
  return options;
}

int call(const std::vector<std::string>& arguments, GlobalOptions& global, const Services& services,
         CliHost& host) {
  const ParsedCommand parsed = parse_command_line(arguments);
  global = parsed.global;
  Console console(host, global);
  if (!parsed.function) {
    host.out << parsed.text;
    console.check_written();
    return 0;
  }
  CommandContext context(host, global, services);
  const int code = parsed.function(context);
  console.check_written();
  return code;
}

}  // namespace

int exit_code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kInvalidConfig: return 2;
    case ErrorKind::kLocked: return 5;
    case ErrorKind::kCancelled: return 130;
    default: return 1;
  }
}

int run_cli(const std::vector<std::string>& arguments, const Services& services, CliHost& host) {
  GlobalOptions global = options_for_errors(arguments);
  Console console(host, global);
  try {
    return call(arguments, global, services, host);
  } catch (const Error& error) {
    const bool is_cancelled = error.kind() == ErrorKind::kCancelled;
    console.error(error.kind(), error.what() + std::string(is_cancelled ? kGoOn : ""));
    return exit_code_of(error.kind());
  } catch (const std::bad_alloc&) {
    console.error(ErrorKind::kNoSpace,
                  "the memory of this machine is used up; set a smaller memory_limit");
  } catch (const std::exception& error) {
    console.error(ErrorKind::kInternal,
                  std::string("this is a bug in finops, please report it: ") + error.what());
  } catch (...) {
    console.error(ErrorKind::kInternal, "this is a bug in finops, please report it");
  }
  return 1;
}

}  // namespace finops
