#include <set>
#include <thread>

#include "finops/lake/faulty_catalog.h"
#include "finops/stores/faulty/faulty_store.h"
#include "tests/support/hooked_catalog.h"
#include "tests/support/lake_fixture.h"

namespace finops::lake {
namespace {

using Outcome = Catalog::Outcome;
using SwapCall = HookedCatalog::SwapCall;

class CommitTest : public LakeTest {
 protected:
  std::set<std::string> keys() {
    std::set<std::string> keys;
    for (const auto& object : store_->list("")) keys.insert(object.key);
    return keys;
  }
  bool exists(const std::string& key) { return store_->stat(key).has_value(); }

  std::shared_ptr<HookedCatalog> hooked_ = std::make_shared<HookedCatalog>(catalog_);
  std::unique_ptr<Lake> racing_ = make_lake(store_, kRoot, hooked_, clock_);
  Loader racer_{*racing_};
};

TEST_F(CommitTest, ALostRaceIsRebasedWhenAnotherPartitionChanged) {
  loader_.load(a4_, "e1", 10);
  hooked_->next_swap = [&](const SwapCall& swap) {
    loader_.load(b4_, "other", 5);
    return swap();
  };
  const auto report = racer_.load(a4_, "e2", 11);
  EXPECT_EQ(report.attempts, 2);
  EXPECT_EQ(clock_.sleeps, 1);
  EXPECT_EQ(bills(), (Lines{"payer-a 2026-04 e2 11", "payer/b c= 2026-04 other 5"}));
  EXPECT_EQ(lake_->snapshots(kBills).size(), 3u);
}

TEST_F(CommitTest, FilesOfALostAttemptAreRemoved) {
  loader_.load(a4_, "e1", 10);
  loader_.load(b4_, "other", 5);
  const auto undisturbed = keys().size();
  racer_.load(a4_, "e2", 11);
  const auto of_one_load = keys().size() - undisturbed;
  const auto before = keys().size();
  hooked_->next_swap = [&](const SwapCall& swap) {
    loader_.load(b4_, "again", 5);
    return swap();
  };
  racer_.load(a4_, "e3", 11);
  EXPECT_EQ(keys().size() - before, 2 * of_one_load);
}

TEST_F(CommitTest, ALostRaceForTheSamePartitionIsAConflict) {
  loader_.load(a4_, "e1", 10);
  std::string added;
  std::set<std::string> before;
  hooked_->next_swap = [&](const SwapCall& swap) {
    loader_.load(a4_, "winner", 5);
    before = keys();
    return swap();
  };
  auto change = racer_.replacement(kBills, a4_, "loser", 11);
  added = change.add[0].key;
  const auto error = error_thrown_by([&] { racing_->commit({change}); });
  EXPECT_EQ(error.kind(), ErrorKind::kConflict);
  EXPECT_NE(std::string(error.what()).find("changed payer-a 2026-04"), std::string::npos);
  EXPECT_EQ(bills(), Lines{"payer-a 2026-04 winner 5"});
  EXPECT_TRUE(exists(added));  // the caller's
  for (const auto& key : keys()) EXPECT_TRUE(before.contains(key)) << key;
}

TEST_F(CommitTest, AnOutdatedPlanIsAConflictWithoutARaceToo) {
  const auto change = loader_.replacement(kBills, a4_, "e1", 10);
  loader_.load(a4_, "e0", 10);
  EXPECT_EQ(kind_thrown_by([&] { lake_->commit({change}); }), ErrorKind::kConflict);
}

TEST_F(CommitTest, WhenOneTableIsInConflictNoTableChanges) {
  auto data = loader_.replacement(kBills, a4_, "e1", 10);
  const auto ledger = loader_.replacement(kLedger, a4_, "e1", 1);
  lake_->commit({loader_.replacement(kLedger, a4_, "e0", 1)});
  EXPECT_EQ(kind_thrown_by([&] { lake_->commit({data, ledger}); }), ErrorKind::kConflict);
  EXPECT_TRUE(bills().empty());
}

TEST_F(CommitTest, RacingWritersOfOneColumnShareIt) {
  hooked_->next_swap = [&](const SwapCall& swap) {
    lake_->add_columns(kBills, {tag("env", "user:env"), tag("team", "user:team")}, {});
    return swap();
  };
  const auto view = racing_->add_columns(kBills, {tag("team", "user:team")}, {{"p", "1"}});
  EXPECT_EQ(view.schema.columns.size(), 9u);
  EXPECT_EQ(view.schema.find("team")->field_id, lake_->view(kBills).schema.find("team")->field_id);
  EXPECT_EQ(lake_->view(kBills).properties.at("p"), "1");
}

TEST_F(CommitTest, RacingCreatorsOfATableShareIt) {
  const TableName table{"billing", "new"};
  hooked_->next_swap = [&](const SwapCall& swap) {
    lake_->ensure_table(table, {bill_columns(), kPartitionBy});
    return swap();
  };
  auto columns = bill_columns();
  columns.push_back(tag("team", "user:team"));
  racing_->ensure_table(table, {columns, kPartitionBy});
  EXPECT_EQ(lake_->view(table).schema.columns.size(), 8u);
}

TEST_F(CommitTest, ALostReplyOfACommitThatHappenedIsFoundOut) {
  hooked_->next_swap = [](const SwapCall& swap) {
    swap();
    return Outcome::kUnknown;
  };
  EXPECT_EQ(racer_.load(a4_, "e1", 10).attempts, 1);
  EXPECT_EQ(bills(), Lines{"payer-a 2026-04 e1 10"});
  EXPECT_EQ(hooked_->swaps_seen, 1);
}

TEST_F(CommitTest, ALostReplyIsFoundOutAlsoWhenOthersCommittedSince) {
  hooked_->next_swap = [&](const SwapCall& swap) {
    swap();
    loader_.load(b4_, "other", 5);
    return Outcome::kUnknown;
  };
  EXPECT_EQ(racer_.load(a4_, "e1", 10).attempts, 1);
  EXPECT_EQ(bills().size(), 2u);
}

TEST_F(CommitTest, ALostRequestIsSentAgain) {
  hooked_->next_swap = [](const SwapCall&) { return Outcome::kUnknown; };
  EXPECT_EQ(racer_.load(a4_, "e1", 10).attempts, 1);
  EXPECT_EQ(bills(), Lines{"payer-a 2026-04 e1 10"});
  EXPECT_EQ(hooked_->swaps_seen, 2);
}

TEST_F(CommitTest, ALostRequestThatAnotherWriterOvertookIsRebased) {
  hooked_->next_swap = [&](const SwapCall&) {
    loader_.load(b4_, "other", 5);
    return Outcome::kUnknown;
  };
  EXPECT_EQ(racer_.load(a4_, "e1", 10).attempts, 2);
  EXPECT_EQ(bills().size(), 2u);
}

TEST_F(CommitTest, WhileTheOutcomeIsUnknownNothingIsRemoved) {
  loader_.load(a4_, "e1", 10);
  std::set<std::string> before;
  hooked_->next_swap = [&](const SwapCall& swap) {
    before = keys();
    swap();
    hooked_->is_unreachable = true;
    return Outcome::kUnknown;
  };
  const auto error = error_thrown_by([&] { racer_.load(a4_, "e2", 11); });
  EXPECT_EQ(error.kind(), ErrorKind::kUnknownOutcome);
  EXPECT_NE(std::string(error.what()).find("the catalog cannot be reached"), std::string::npos);
  EXPECT_EQ(keys(), before);
  EXPECT_EQ(bills(), Lines{"payer-a 2026-04 e2 11"});
}

TEST_F(CommitTest, ARefusedSwapLeavesNoMetadataBehind) {
  const auto change = racer_.replacement(kBills, a4_, "e1", 10);
  const auto before = keys();
  hooked_->next_swap = [](const SwapCall&) -> Outcome {
    throw Error(ErrorKind::kNoSpace, "disk full");
  };
  EXPECT_EQ(kind_thrown_by([&] { racing_->commit({change}); }), ErrorKind::kNoSpace);
  EXPECT_EQ(keys(), before);
}

TEST_F(CommitTest, ARefusalOfASwapThatHappenedAllTheSameIsFoundOut) {
  hooked_->next_swap = [](const SwapCall& swap) -> Outcome {
    swap();
    throw Error(ErrorKind::kUnavailable, "503");
  };
  EXPECT_EQ(racer_.load(a4_, "e1", 10).attempts, 1);
  EXPECT_EQ(bills(), Lines{"payer-a 2026-04 e1 10"});
}

TEST_F(CommitTest, WritersThatAlwaysLoseGiveUpInTheEnd) {
  const std::function<Outcome(const SwapCall&)> lose = [&](const SwapCall&) {
    hooked_->next_swap = lose;
    return Outcome::kBaseChanged;
  };
  hooked_->next_swap = lose;
  EXPECT_EQ(kind_thrown_by([&] { racer_.load(a4_, "e1", 10); }), ErrorKind::kUnavailable);
}

/// As the pipeline does: looks at the ledger, loads what is not there.
void load_if_needed(Lake& lake, const PartitionKey& partition, const std::string& execution_id) {
  for (const auto& file : lake.view(kLedger).files) {
    if (file.partition == partition && file.execution_id == execution_id) return;
  }
  lake.add_columns(kBills, {tag("tag_" + execution_id, "user:" + execution_id)}, {});
  Loader(lake).load(partition, execution_id, 11);
}

TEST_F(CommitTest, WhicheverDurableCallFailsTheNextRunConverges) {
  const Lines old = {"payer-a 2026-04 old 10"}, loaded = {"payer-a 2026-04 new 11"};
  using Fault = FaultPlan::Fault;
  for (const auto moment : {FaultPlan::Moment::kBefore, FaultPlan::Moment::kAfter}) {
    for (const auto kind : {ErrorKind::kUnavailable, ErrorKind::kUnknownOutcome}) {
      for (std::uint64_t n = 1;; ++n) {
        store_ = std::make_shared<MemoryStore>(clock_);
        catalog_ = std::make_shared<MemoryCatalog>();
        lake_ = another_lake();
        SetUp();
        Loader(*lake_).load(a4_, "old", 10);
        const auto plan =
            std::make_shared<FaultPlan>(Fault{FaultPlan::Effect::kFail, moment, n, kind});
        {
          const auto faulty = make_lake(std::make_shared<FaultyStore>(*store_, plan), kRoot,
                                        std::make_shared<FaultyCatalog>(catalog_, plan), clock_);
          try {
            load_if_needed(*faulty, a4_, "new");
          } catch (const Error&) {
            // Whatever it was, the next run must cope.
          }
        }
        const auto reader = another_lake();
        const auto data = contents(reader->view(kBills));
        EXPECT_TRUE(data == old || data == loaded) << n;
        EXPECT_EQ(contents(reader->view(kLedger)).size(), data == old ? 1u : 2u) << n;
        load_if_needed(*reader, a4_, "new");
        const auto view = reader->view(kBills);
        EXPECT_EQ(contents(view), loaded) << n;
        EXPECT_EQ(contents(reader->view(kLedger)).size(), 2u) << n;
        for (const auto& file : view.files) EXPECT_TRUE(exists(reader->key_of(file.uri))) << n;
        if (plan->steps().size() < n) {
          EXPECT_GT(n, 9u);  // 2 data files, 2 × (manifest, list, metadata), swap, columns before
          break;
        }
      }
    }
  }
}

TEST_F(CommitTest, ThreadsThatCommitOtherSourcesOfOnePeriodLoseNothing) {
  constexpr int kThreads = 4, kLoads = 5;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const auto own = another_lake();
      const PartitionKey partition{"payer-" + std::to_string(t), "2026-04"};
      // The same lake object from several threads, and one of its own, in turn.
      for (int i = 0; i < kLoads; ++i) {
        Loader(i % 2 == 0 ? *lake_ : *own).load(partition, "e" + std::to_string(i), 10 + i);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(bills(), (Lines{"payer-0 2026-04 e4 14", "payer-1 2026-04 e4 14",
                            "payer-2 2026-04 e4 14", "payer-3 2026-04 e4 14"}));
  EXPECT_EQ(lake_->snapshots(kBills).size(), static_cast<std::size_t>(kThreads * kLoads));
  EXPECT_EQ(lake_->view(kLedger).files.size(), static_cast<std::size_t>(kThreads * kLoads));
}

TEST_F(CommitTest, ThreadsAtOnePartitionNeverMixTheirFiles) {
  constexpr int kThreads = 4;
  std::atomic<int> committed = 0, conflicts = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      try {
        Loader(*another_lake()).load(a4_, "e" + std::to_string(t), 10 + t);
        ++committed;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::kConflict);
        ++conflicts;
      }
    });
  }
  threads.clear();
  EXPECT_GE(committed, 1);
  EXPECT_EQ(committed + conflicts, kThreads);
  EXPECT_EQ(bills().size(), 1u);
  EXPECT_EQ(lake_->view(kLedger).files.size(), static_cast<std::size_t>(committed));
}

}  // namespace
}  // namespace finops::lake
