#include "tests/chaos/storm.h"

#include <memory>
#include <string>

#include "tests/chaos/chaos_plan.h"
#include "tests/chaos/chaos_world.h"
#include "tests/chaos/dice.h"
#include "tests/chaos/interleaver.h"
#include "tests/chaos/lake_truth.h"

namespace finops::chaos {
namespace {

using Problems = std::vector<std::string>;

const BillingPeriod kFirst(2026, 1);

std::vector<ChaosSource> sources_by(Dice& dice) {
  std::vector<ChaosSource> sources;
  const std::uint64_t count = 1 + dice.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    sources.push_back({"payer-" + std::to_string(i), dice.pick(all_shapes()), dice.one_in(3)});
  }
  return sources;
}

class StormRun {
 public:
  StormRun(const Storm& storm, const std::filesystem::path& folder, FaultTally& tally)
      : storm_(storm),
        tally_(tally),
        dice_(storm.seed),
        world_(folder, sources_by(dice_), storm.workers == 1 && dice_.one_in(6)),
        periods_(1 + static_cast<int>(dice_.below(3))),
        machines_(dice_.one_in(2) ? 1 : storm.workers),
        calls_per_fault_(4 + dice_.below(30)) {
    for (std::size_t i = 0; i < storm.workers; ++i) {
      clocks_.push_back(std::make_unique<JumpingClock>(now()));
    }
  }

  Problems run() {
    const std::uint64_t rounds = 2 + dice_.below(4);
    for (std::uint64_t round = 1; round <= rounds && problems_.empty(); ++round) {
      restate(round == 1);
      jump();
      work();
      add("round " + std::to_string(round) + ": ", visible_problems(world_));
    }
    if (problems_.empty()) end();
    return problems_;
  }

 private:
  std::int64_t now() const { return world_.clock.now().time_since_epoch().count(); }

  void add(const std::string& when, const Problems& found) {
    for (const auto& one : found) problems_.push_back(when + one);
  }

  void restate(bool all) {
    for (const auto& source : world_.sources()) {
      for (int i = 0; i < periods_; ++i) {
        if (!all && dice_.one_in(2)) continue;
        const BillingPeriod period = kFirst.plus(i);
        world_.deliver(source, period, make_bill(source.name, period, ++bills_));
      }
    }
  }

  /// Each worker's clock goes its own way: up to 40 days forth or back.
  void jump() {
    world_.clock.jump(std::chrono::hours(dice_.below(48)));
    for (const auto& clock : clocks_) {
      if (dice_.one_in(2)) continue;
      clock->jump(std::chrono::hours(static_cast<std::int64_t>(dice_.below(80 * 24)) - 40 * 24));
    }
  }

  void work() {
    Interleaver interleaver(storm_.workers, dice_.next());
    std::vector<std::function<void()>> workers;
    std::vector<Problems> found(storm_.workers);
    for (std::size_t me = 0; me < storm_.workers; ++me) {
      const std::uint64_t seed = dice_.next();
      workers.emplace_back([&, me, seed] {
        Dice dice(seed);
        const std::uint64_t starts = 2 + dice.below(4);
        for (std::uint64_t i = 0; i < starts; ++i) start_one(me, dice, interleaver, found[me]);
      });
    }
    for (std::size_t me = 0; me < clocks_.size(); ++me) {
      clocks_[me]->set_on_sleep([&interleaver, me] { interleaver.pause(me); });
    }
    interleaver.run(workers);
    for (const auto& clock : clocks_) clock->set_on_sleep(nullptr);
    for (std::size_t me = 0; me < found.size(); ++me) {
      add("worker " + std::to_string(me) + ": ", found[me]);
    }
  }

  /// One start of finops, which ends well, with errors or in death.
  void start_one(std::size_t me, Dice& dice, Interleaver& interleaver, Problems& found) {
    const auto chance = std::make_shared<Dice>(dice.next());
    const auto decide = [this, chance](std::uint64_t) -> std::optional<PlannedBreak> {
      if (!chance->one_in(calls_per_fault_)) return std::nullopt;
      const Break how = chance->pick(kAllBreaks);
      return PlannedBreak{how, kind_told(how, chance->next())};
    };
    const auto plan = std::make_shared<ChaosPlan>(decide, &tally_, [&] { interleaver.pause(me); });
    const std::string machine = "machine" + std::to_string(me % machines_);
    const Rules rules = dice.one_in(2) ? Rules::kOfBefore : Rules::kOfNow;
    try {
      ChaosProcess process(world_, plan, *clocks_[me], machine, rules);
      do_something(process, *plan, dice, found);
    } catch (const Error& error) {
      // Told to whoever started it. Only a defect may say that it is one.
      if (error.kind() == ErrorKind::kInternal) found.emplace_back(error.what());
    }
  }

  void do_something(ChaosProcess& process, ChaosPlan& plan, Dice& dice, Problems& found) const {
    const std::uint64_t choice = dice.below(15);
    if (choice == 0) {
      plan.begin("release");
      process.release();
    } else if (choice == 1) {
      plan.begin("expiry");
      process.expire(1 + static_cast<int>(dice.below(3)));
    } else if (choice == 2) {
      process.load(true);
    } else if (choice <= 4) {
      plan.begin("rollback");
      const auto& [partition, bills] = any_partition(dice);
      process.roll_back(partition, dice.pick(bills).version);
    } else if (choice == 5) {
      plan.begin("verify");
      process.pipeline().verify({}, {});
    } else if (choice <= 8) {
      plan.begin("replay");
      for (const auto& problem : defects_of(process.replay())) found.push_back(problem);
    } else if (choice <= 10) {
      plan.begin("waiver");
      const auto& [partition, bills] = any_partition(dice);
      process.waive(partition, dice.pick(bills).version);
    } else {
      process.load();
    }
  }

  const std::pair<const PartitionName, std::vector<TrueBill>>& any_partition(Dice& dice) const {
    auto partition = world_.delivered().begin();
    std::advance(partition, dice.below(world_.delivered().size()));
    return *partition;
  }

  /// A replay that could not be tried tells why; that rows do not add up is no reason.
  static Problems defects_of(const std::vector<ReplayReport>& reports) {
    Problems problems;
    for (const auto& report : reports) {
      const bool is_defect =
          report.error_kind == ErrorKind::kInternal || report.error_kind == ErrorKind::kInvalidData;
      if (!report.message.empty() && is_defect) problems.push_back("replay: " + report.message);
    }
    return problems;
  }

  /// No faults any more, and nobody else.
  void end() {
    try {
      world_.clock.jump(std::chrono::days(100));
      ChaosProcess process(world_, nullptr, world_.clock, "machine0");
      process.release();
      process.load();
      process.replay();
      if (process.load().is_changed) problems_.emplace_back("a second run changes the lake again");
      for (const auto& report : process.replay()) {
        if (report.is_changed) problems_.emplace_back("a second replay moves rows again");
        if (!report.message.empty()) problems_.push_back("at the end, replay: " + report.message);
      }
      add("at the end: ", converged_problems(world_));
      process.expire(2);
      world_.clock.jump(std::chrono::days(1));
      process.remove_orphans();
      add("after the clean-up: ", converged_problems(world_));
    } catch (const Error& error) {
      problems_.push_back(std::string("at the end, without faults: ") + error.what());
    }
  }

  const Storm& storm_;
  FaultTally& tally_;
  Dice dice_;
  ChaosWorld world_;
  const int periods_;
  const std::size_t machines_;
  const std::uint64_t calls_per_fault_;
  std::vector<std::unique_ptr<JumpingClock>> clocks_;
  std::uint64_t bills_ = 0;
  Problems problems_;
};

}  // namespace

std::vector<Finding> run_storm(const Storm& storm, const std::filesystem::path& folder,
                               FaultTally& tally) {
  auto problems = StormRun(storm, folder, tally).run();
  if (problems.empty()) return {};
  return {{"--seed " + std::to_string(storm.seed) + " --workers " + std::to_string(storm.workers),
           std::move(problems)}};
}

}  // namespace finops::chaos
