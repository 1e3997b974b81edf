#pragma once

#include <istream>
#include <nlohmann/json_fwd.hpp>
#include <ostream>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "finops/core/clock.h"
#include "finops/core/environment.h"
#include "finops/core/error.h"

namespace finops {

/// What the process gives to the command line: streams, environment, time, Ctrl-C.
struct CliHost {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool is_err_terminal = false;
  std::size_t err_columns = 80;
  Environment environment;
  Clock& clock;
  std::stop_token stop;
};

/// The options that every command takes.
struct GlobalOptions {
  std::string config_file;
  std::vector<std::string> settings;  // of --set, "key=value"
  bool is_json = false, is_quiet = false, is_verbose = false, is_json_log = false;
};

/// The two streams of a command: results go to stdout, everything else to stderr. With --json,
/// stdout holds exactly one JSON document. One thread at a time.
class Console {
 public:
  Console(CliHost& host, const GlobalOptions& options) : host_(host), options_(options) {}

  std::ostream& out() { return host_.out; }
  void print_document(const nlohmann::ordered_json& document);

  void note(std::string_view text);     // not with --quiet
  void detail(std::string_view text);   // only with --verbose
  void warning(std::string_view text);  // always
  /// On stderr; with --json also as {"error": {"kind", "message"}} on stdout.
  void error(ErrorKind kind, std::string_view message);

  /// Whether a line of progress may be drawn over and over.
  bool is_interactive() const {
    return host_.is_err_terminal && !options_.is_quiet && !options_.is_json_log;
  }
  void draw_line(std::string_view text);  // is_interactive() only; empty clears it
  bool is_json() const { return options_.is_json; }
  bool is_verbose() const { return options_.is_verbose; }
  CliHost& host() { return host_; }

  /// Throws when stdout did not take what was written: a full disk must not look like success.
  void check_written();

 private:
  void log(std::string_view level, std::string_view text);

  CliHost& host_;
  const GlobalOptions& options_;
  bool has_line_ = false;
};

}  // namespace finops
