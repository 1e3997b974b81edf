#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "finops/pipeline/partition_records.h"
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

/// The options by which commands choose one (source, period).
struct PartitionOptions {
  std::string period, source, table;

  /// `told_by` names the command that tells sources: "`finops history`". Without `is_required` the
  /// command may be called without them.
  void add(CLI::App& command, const std::string& told_by, bool is_required = true);

  /// Throws kUsage when a period or a source is missing.
  PartitionChoice choice() const;
};

/// --period of commands that need one.
void add_required_period(CLI::App& command, std::string& period);

/// For options that take YYYY-MM.
std::string check_period(const std::string& text);

/// For options that take one of some words; their help lists the words as the type.
CLI::Validator one_of(const std::vector<std::string>& words);

}  // namespace finops
