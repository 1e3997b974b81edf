#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/chaos/chaos_bills.h"
#include "tests/chaos/fault_tally.h"

namespace finops::chaos {

/// What went wrong in a case, and how to run that case alone.
struct Finding {
  std::string repeat_with;  // options of the program
  std::vector<std::string> problems;
};

/// A piece of work, one shape of bills and one kind of store: each durable call of the work is
/// broken in turn, in every way. Afterwards the lake must show an old state or the new one; the
/// same work is tried twice more with faults, and then without must end as if there had been none.
struct EachCall {
  std::string work;  // one of works_of_each_call()
  Shape shape;
  bool is_remote = false;   // deliveries are staged on their way
  bool is_on_disk = false;  // a lake in a folder, with SQLite and views, instead of in memory

  std::string name() const;
};

const std::vector<std::string>& works_of_each_call();

/// Breaks the calls 1, 1 + stride, 1 + 2 × stride … of the work, or `only` this one.
std::vector<Finding> run_each_call(const EachCall& one, const std::filesystem::path& folder,
                                   std::uint64_t stride, std::optional<std::uint64_t> only,
                                   FaultTally& tally);

}  // namespace finops::chaos
