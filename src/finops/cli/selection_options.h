#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "finops/pipeline/pipeline.h"

namespace finops {

/// The options by which commands choose exports and periods.
struct SelectionOptions {
  std::string start, end, period;
  std::vector<std::string> sources;

  void add_sources(CLI::App& command);
  void add_range(CLI::App& command);   // --start-date, --end-date
  void add_period(CLI::App& command);  // --period

  /// Throws kUsage when the range ends before it starts.
  Selection selection() const;
};

/// For options that take YYYY-MM.
std::string check_period(const std::string& text);

/// For options that take one of some words; their help lists the words as the type.
CLI::Validator one_of(const std::vector<std::string>& words);

}  // namespace finops
