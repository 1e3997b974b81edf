#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "finops/cli/console.h"
#include "finops/core/clock.h"
#include "finops/pipeline/pipeline.h"

namespace finops {

/// Shows a run while it goes on: on a terminal one line with bar, rate and time left; else a line
/// at the start of each partition and every ten seconds. The time left goes by the bytes that the
/// manifest promises.
class RunDisplay {
 public:
  explicit RunDisplay(Console& console) : console_(console) {}

  void show(const Progress& progress);
  /// The finished partition as one line: on stdout, or on stderr when stdout is for JSON.
  void show_finished(const PartitionReport& report);
  void clear();

  /// "45 %, 123 MB/s, 12.3 s left"; parts that are unknown are left out.
  static std::string measure(const Progress& progress, double seconds);
  static std::string bar(const Progress& progress, std::size_t width);

 private:
  /// One partition as it is; of several their number and what they have read together.
  Progress under_way() const;

  Console& console_;
  std::map<std::string, Progress> partitions_;  // that are under way
  std::uint64_t bytes_finished_ = 0;            // by others, since there were several at once
  std::string phase_;
  TimePoint phase_start_{}, last_shown_{};
};

std::string stages_text(const std::vector<StageReport>& stages);

/// "empty, withheld"
std::string outcome_words(Outcome outcome);

/// "payer-a 2026-05  replaced   7,000 rows  USD 12.5  0.21 s  55 MB/s"
std::string line_of(const PartitionReport& report);

}  // namespace finops
