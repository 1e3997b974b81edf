#include "tests/chaos/each_call.h"

#include <memory>
#include <stdexcept>

#include "tests/chaos/chaos_plan.h"
#include "tests/chaos/chaos_world.h"
#include "tests/chaos/lake_truth.h"

namespace finops::chaos {
namespace {

using Problems = std::vector<std::string>;

const BillingPeriod kPeriod(2026, 5);
constexpr const char* kName = "payer-a";
constexpr Duration kAHundredDays = std::chrono::days(100);
constexpr std::uint64_t kFaultsOnTheWayBack = 2;

/// The first bill from `number` on that is as wanted.
TrueBill bill_from(std::uint64_t number, const std::function<bool(const TrueBill&)>& is_wanted) {
  for (;; ++number) {
    TrueBill bill = make_bill(kName, kPeriod, number);
    if (is_wanted(bill)) return bill;
  }
}

TrueBill sound_bill() {
  return bill_from(1, [](const TrueBill& bill) { return bill.faulty_lines == 0 && bill.tags < 3; });
}
/// With lines for the quarantine, and columns that are new.
TrueBill restated_bill() {
  return bill_from(100, [](const TrueBill& bill) {
    return bill.faulty_lines > 0 && !bill.is_refused && bill.tags > 2;
  });
}
/// With late lines, and faulty ones that stay in quarantine.
TrueBill late_bill() {
  return bill_from(400, [](const TrueBill& bill) {
    return bill.late_lines.size() > 1 && bill.faulty_lines > 0 && !bill.is_refused;
  });
}
TrueBill refused_bill() {
  return bill_from(200, [](const TrueBill& bill) { return bill.is_refused; });
}

/// How a work is prepared, without faults, and what it is; `has_begun` of the state that it starts
/// from: whether it is done already.
struct Work {
  std::function<void(ChaosWorld&, ChaosProcess&)> prepare;
  std::function<void(ChaosProcess&)> act;
  std::string ends_at;  // the version that is current at the end
};

void deliver_and_load(ChaosWorld& world, ChaosProcess& process, const TrueBill& bill) {
  world.deliver(world.sources().front(), kPeriod, bill);
  process.load();
}

void load(ChaosProcess& process) { process.load(); }

/// A load that dies when its files are written leaves them.
void leave_orphans(ChaosWorld& world) {
  const auto dies = [](std::uint64_t number) -> std::optional<PlannedBreak> {
    if (number < 8) return std::nullopt;
    return PlannedBreak{Break::kDeathAfter};
  };
  try {
    ChaosProcess(world, std::make_shared<ChaosPlan>(dies, nullptr), world.clock).load();
  } catch (const Error&) {  // as it should
  }
}

Work work_named(const std::string& name) {
  const TrueBill first = sound_bill(), next = restated_bill(), refused = refused_bill();
  if (name == "first-load") {
    return {[=](ChaosWorld& world, ChaosProcess&) {
              world.deliver(world.sources().front(), kPeriod, next);
            },
            load, next.version};
  }
  if (name == "replace") {
    return {[=](ChaosWorld& world, ChaosProcess& process) {
              deliver_and_load(world, process, first);
              world.deliver(world.sources().front(), kPeriod, next);
            },
            load, next.version};
  }
  if (name == "refusal") {
    return {[=](ChaosWorld& world, ChaosProcess& process) {
              deliver_and_load(world, process, next);
              world.deliver(world.sources().front(), kPeriod, refused);
            },
            load, next.version};
  }
  if (name == "waiver") {
    return {[=](ChaosWorld& world, ChaosProcess& process) {
              deliver_and_load(world, process, next);
              deliver_and_load(world, process, refused);
            },
            [=](ChaosProcess& process) {
              process.waive({kName, kPeriod}, refused.version);
              process.load();
            },
            refused.version};
  }
  if (name == "replay") {
    const TrueBill late = late_bill();
    return {[=](ChaosWorld& world, ChaosProcess& process) {
              deliver_and_load(world, process, first);
              world.deliver(world.sources().front(), kPeriod, late);
              ChaosProcess(world, nullptr, world.clock, "machine", Rules::kOfBefore).load();
            },
            nullptr, late.version};
  }
  const auto both = [=](ChaosWorld& world, ChaosProcess& process) {
    deliver_and_load(world, process, next);
    deliver_and_load(world, process, first);
  };
  const auto back = [=](ChaosProcess& process) {
    process.roll_back({kName, kPeriod}, next.version);
  };
  if (name == "rollback") return {both, back, next.version};
  if (name == "release") {
    return {[=](ChaosWorld& world, ChaosProcess& process) {
              both(world, process);
              back(process);
            },
            [](ChaosProcess& process) {
              process.release();
              process.load();
            },
            first.version};
  }
  if (name == "expiry") {
    return {[=](ChaosWorld& world, ChaosProcess& process) {
              both(world, process);
              back(process);
              world.clock.jump(kAHundredDays);
            },
            [](ChaosProcess& process) { process.expire(1); }, next.version};
  }
  if (name == "orphans") {
    return {[=](ChaosWorld& world, ChaosProcess& process) {
              both(world, process);
              world.deliver(world.sources().front(), kPeriod,
                            bill_from(300, [](const auto& bill) { return !bill.is_refused; }));
              leave_orphans(world);
              world.clock.jump(kAHundredDays);
            },
            [](ChaosProcess& process) { process.remove_orphans(); }, first.version};
  }
  throw std::invalid_argument("no work is called '" + name + "'");
}

/// Nothing when the process died or was told of a fault: then anything of the old or new is right.
Problems false_words(const RunReport& report, const std::string& visible) {
  Problems problems;
  for (const auto& one : report.partitions) {
    const bool says_loaded = one.outcome == Outcome::kLoaded || one.outcome == Outcome::kReplaced;
    if (says_loaded && one.id.version != visible) {
      problems.push_back("the run said '" + std::string(to_string(one.outcome)) + "' of " +
                         one.id.version + ", the lake shows '" + visible + "'");
    }
    const bool says_not =
        one.outcome == Outcome::kFailed && one.error_kind != ErrorKind::kUnknownOutcome;
    if (says_not && one.id.version == visible) {
      problems.push_back("the run said '" + one.message + "', and yet the lake shows " + visible);
    }
  }
  return problems;
}

/// The same of a replay.
Problems false_words(const std::vector<ReplayReport>& reports, const std::string& visible) {
  Problems problems;
  for (const auto& one : reports) {
    const bool has_moved = !visible.ends_with(kWithoutLate);
    const bool says_not = !one.message.empty() && one.error_kind != ErrorKind::kUnknownOutcome;
    if (one.is_changed && !has_moved) problems.emplace_back("the replay said that rows moved");
    if (says_not && has_moved) {
      problems.push_back("the replay said '" + one.message + "', and yet rows moved");
    }
  }
  return problems;
}

class Runner {
 public:
  Runner(const EachCall& one, const std::filesystem::path& folder, FaultTally& tally)
      : one_(one),
        work_(work_named(one.work)),
        tally_(tally),
        world_(folder, {{kName, one.shape, one.is_remote}}, one.is_on_disk) {
    ChaosProcess process(world_, nullptr, world_.clock);
    work_.prepare(world_, process);
    visible_problems(world_, &before_);
    world_.save();
  }

  std::uint64_t undisturbed_calls() {
    const auto counts = [&](std::uint64_t) -> std::optional<PlannedBreak> {
      ++calls_;
      return std::nullopt;
    };
    act(std::make_shared<ChaosPlan>(counts, nullptr));
    return calls_;
  }

  /// Breaks one call, looks, and does the work again.
  Problems broken_at(std::uint64_t number, Break how) {
    world_.restore();
    const PlannedBreak broken{how, kind_told(how, number)};
    const auto at = [=](std::uint64_t call) {
      return call == number ? std::optional(broken) : std::nullopt;
    };
    report_.reset();
    replayed_.clear();
    act(std::make_shared<ChaosPlan>(at, &tally_));
    VisibleVersions after;
    Problems problems = visible_problems(world_, &after);
    const std::string& shown = after[{kName, kPeriod}];
    if (shown != work_.ends_at && shown != before_[{kName, kPeriod}]) {
      problems.push_back("the lake shows '" + shown + "', neither the old state nor the new one");
    }
    if (report_ && before_ != after) {
      for (auto& one : false_words(*report_, shown)) problems.push_back(std::move(one));
    }
    for (auto& one : false_words(replayed_, shown)) problems.push_back(std::move(one));
    for (std::uint64_t again = 1; again <= kFaultsOnTheWayBack; ++again)
      break_recovery(number, again);
    add_to(problems, "afterwards: ", rerun());
    return problems;
  }

  /// Whoever repairs what a fault left meets faults as well.
  void break_recovery(std::uint64_t number, std::uint64_t again) {
    const std::uint64_t at = 1 + (number * 7 + again * 5) % calls_;
    const Break how = kAllBreaks[(number + again) % std::size(kAllBreaks)];
    const auto decide = [=](std::uint64_t call) {
      return call == at ? std::optional(PlannedBreak{how, kind_told(how, at)}) : std::nullopt;
    };
    act(std::make_shared<ChaosPlan>(decide, &tally_));
  }

  Problems rerun() {
    if (!act(nullptr)) return {"the same work without faults fails: " + failure_};
    VisibleVersions end;
    Problems problems = visible_problems(world_, &end);
    if (end[{kName, kPeriod}] != work_.ends_at) {
      problems.push_back("the lake shows '" + end[{kName, kPeriod}] + "', not " + work_.ends_at);
    }
    // Whatever the work was: what is left waits for the clean-up, and everything else is loaded.
    world_.clock.jump(kAHundredDays);
    ChaosProcess process(world_, nullptr, world_.clock);
    process.remove_orphans();
    process.release();
    process.load();
    add_to(problems, "at the end: ", converged_problems(world_));
    world_.clock.jump(-kAHundredDays);
    return problems;
  }

 private:
  static void add_to(Problems& all, const std::string& when, const Problems& more) {
    for (const auto& one : more) all.push_back(when + one);
  }

  /// False when it failed.
  bool act(const std::shared_ptr<ChaosPlan>& plan) {
    try {
      ChaosProcess process(world_, plan, world_.clock);
      if (plan) plan->begin(one_.work);
      if (one_.work == "first-load" || one_.work == "replace" || one_.work == "refusal") {
        report_ = process.load();
      } else if (one_.work == "replay") {
        replayed_ = process.replay();
      } else {
        work_.act(process);
      }
      return true;
    } catch (const Error& error) {
      failure_ = error.what();
      return false;
    }
  }

  const EachCall& one_;
  const Work work_;
  FaultTally& tally_;
  ChaosWorld world_;
  VisibleVersions before_;
  std::uint64_t calls_ = 0;
  std::optional<RunReport> report_;
  std::vector<ReplayReport> replayed_;
  std::string failure_;
};

}  // namespace

std::string EachCall::name() const {
  return work + "/" + std::string(shape.name) + (is_remote ? "/staged" : "") +
         (is_on_disk ? "/disk" : "");
}

const std::vector<std::string>& works_of_each_call() {
  static const std::vector<std::string> works = {"first-load", "replace", "refusal",
                                                 "rollback",   "release", "expiry",
                                                 "orphans",    "replay",  "waiver"};
  return works;
}

std::vector<Finding> run_each_call(const EachCall& one, const std::filesystem::path& folder,
                                   std::uint64_t stride, std::optional<std::uint64_t> only,
                                   FaultTally& tally) {
  std::vector<Finding> findings;
  const std::string option = "--case " + one.name();
  Runner runner(one, folder, tally);
  const std::uint64_t calls = runner.undisturbed_calls();
  if (calls < 3)
    findings.push_back(
        {option, {"the work makes " + std::to_string(calls) + " durable calls only"}});
  for (std::uint64_t number = only.value_or(1); number <= only.value_or(calls); number += stride) {
    for (const Break how : kAllBreaks) {
      auto problems = runner.broken_at(number, how);
      if (problems.empty()) continue;
      problems.insert(problems.begin(), "broken: " + std::string(to_string(how)));
      findings.push_back({option + " --call " + std::to_string(number), std::move(problems)});
    }
  }
  return findings;
}

}  // namespace finops::chaos
