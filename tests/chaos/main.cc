// Breaks loads, rollbacks and clean-ups of real lakes at their durable calls, thousands of times,
// and holds what is left against the truth. README.md beside this file.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "finops/core/parallel.h"
#include "tests/chaos/each_call.h"
#include "tests/chaos/storm.h"

namespace finops::chaos {
namespace {

namespace fs = std::filesystem;

/// Ctrl-C ends the run after the cases at hand, with what it came to.
std::atomic<bool> is_to_stop = false;
void stop(int) { is_to_stop = true; }

struct Options {
  std::uint64_t faults = 10'000;  // storms go on until so many were injected
  std::uint64_t seed = 1;         // of the first storm
  std::uint64_t stride = 1;       // of the calls that each-call cases break
  std::optional<std::size_t> workers;
  std::optional<std::string> only_case;
  std::optional<std::uint64_t> only_call;
  bool is_one_storm = false;
  std::string report;
};

[[noreturn]] void usage() {
  std::cerr << "chaos [--faults N] [--seed N] [--stride N] [--report FILE]   everything\n"
               "chaos --case NAME [--call N]                               one each-call case\n"
               "chaos --seed N --workers 1|2|8                             one storm\n";
  std::exit(2);
}

Options options_of(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    if (i + 1 == count) usage();
    const std::string name = arguments[i], value = arguments[i + 1];
    if (name == "--faults") {
      options.faults = std::stoull(value);
    } else if (name == "--seed") {
      options.seed = std::stoull(value);
    } else if (name == "--stride") {
      options.stride = std::stoull(value);
    } else if (name == "--workers") {
      options.workers = std::stoull(value);
    } else if (name == "--case") {
      options.only_case = value;
    } else if (name == "--call") {
      options.only_call = std::stoull(value);
    } else if (name == "--report") {
      options.report = value;
    } else {
      usage();
    }
  }
  return options;
}

/// Every work with every shape in memory, staged in turns; a few on disk, where a call takes
/// longer.
std::vector<EachCall> all_each_calls() {
  std::vector<EachCall> cases;
  const auto& shapes = all_shapes();
  for (const auto& work : works_of_each_call()) {
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      if (work == "replay" && !shapes[i].has_limited_cells()) continue;  // nothing would move
      const bool has_staging = work == "first-load" || work == "replace";
      cases.push_back({work, shapes[i], has_staging && i % 2 == 1, false});
    }
    cases.push_back(
        {work, work == "replay" ? shapes[0] : shapes[cases.size() % shapes.size()], false, true});
  }
  cases.push_back({"replace", shapes[0], true, true});
  return cases;
}

/// What all cases came to; several threads at once.
class Session {
 public:
  explicit Session(Options options)
      : options_(std::move(options)), began_(std::chrono::steady_clock::now()) {
    const fs::path fast = "/dev/shm";
    const bool is_fast = ::access(fast.c_str(), W_OK) == 0;
    folder_ = (is_fast ? fast : fs::temp_directory_path()) /
              ("finops-chaos-" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  ~Session() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  int run() {
    if (options_.only_case) {
      run_cases(*options_.only_case);
    } else if (options_.workers) {
      take(run_storm({options_.seed, *options_.workers}, folder_ / "storm", tally_));
      ++storms_;
    } else {
      run_cases("");
      run_storms();
    }
    return finish();
  }

 private:
  void take(const std::vector<Finding>& findings) {
    const std::lock_guard lock(mutex_);
    for (const auto& finding : findings) {
      ++failed_;
      if (failed_ > kMostShown) continue;
      std::cout << "FAILED: chaos " << finding.repeat_with << "\n";
      for (const auto& problem : finding.problems) std::cout << "  " << problem << "\n";
      std::cout.flush();
    }
  }

  void run_cases(const std::string& only) {
    auto cases = all_each_calls();
    if (!only.empty()) std::erase_if(cases, [&](const auto& one) { return one.name() != only; });
    if (cases.empty()) throw std::invalid_argument("no case is called '" + only + "'");
    for_each_at_once(cases.size(), threads(), [&](std::size_t i) {
      if (is_to_stop) return;
      // With DuckDB a look takes a quarter of a second, and what it looks at is the same.
      const std::uint64_t stride = options_.stride * (cases[i].is_on_disk ? 4 : 1);
      take(run_each_call(cases[i], folder_ / ("case" + std::to_string(i)), stride,
                         options_.only_call, tally_));
      ++cases_;
      tell_progress();
    });
  }

  /// One worker, two and eight, in turns.
  void run_storms() {
    constexpr std::size_t kWorkers[] = {1, 2, 8};
    std::atomic<std::uint64_t> next = 0;
    for_each_at_once(threads(), threads(), [&](std::size_t) {
      while (!is_to_stop && (next < 3 || tally_.total() < options_.faults)) {
        const std::uint64_t number = next++;
        const Storm storm{options_.seed + number, kWorkers[number % 3]};
        take(run_storm(storm, folder_ / ("storm" + std::to_string(number)), tally_));
        ++storms_;
        tell_progress();
      }
    });
  }

  void tell_progress() {
    const std::lock_guard lock(mutex_);
    if (tally_.total() < told_ + 1000) return;
    told_ = tally_.total();
    std::cout << told_ << " faults, " << failed_ << " failed" << std::endl;
  }

  static std::size_t threads() { return std::max(1u, std::thread::hardware_concurrency()); }

  int finish() {
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    std::cout << tally_.to_table() << tally_.total() << " faults in " << cases_
              << " each-call cases and " << storms_ << " storms, " << failed_ << " failed, "
              << static_cast<int>(seconds) << " s\n";
    if (!options_.report.empty()) {
      nlohmann::ordered_json report = nlohmann::ordered_json::parse(tally_.to_json());
      report["each_call_cases"] = cases_.load();
      report["storms"] = storms_.load();
      report["first_seed"] = options_.seed;
      report["failed"] = failed_;
      report["seconds"] = seconds;
      fs::create_directories(fs::path(options_.report).parent_path());
      std::ofstream(options_.report) << report.dump(2) << "\n";
    }
    return failed_ == 0 ? 0 : 1;
  }

  static constexpr std::uint64_t kMostShown = 20;

  const Options options_;
  const std::chrono::steady_clock::time_point began_;
  fs::path folder_;
  FaultTally tally_;
  std::mutex mutex_;
  std::uint64_t failed_ = 0, told_ = 0;
  std::atomic<std::uint64_t> cases_ = 0, storms_ = 0;
};

}  // namespace
}  // namespace finops::chaos

int main(int count, char** arguments) try {
  std::signal(SIGINT, finops::chaos::stop);
  std::signal(SIGTERM, finops::chaos::stop);
  return finops::chaos::Session(finops::chaos::options_of(count, arguments)).run();
} catch (const std::exception& error) {
  std::cerr << "chaos: " << error.what() << "\n";
  return 2;
}
