#include "finops/pipeline/ledger_agreement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace finops {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

lake::TableView view_of(const std::string& table, std::vector<lake::LakeFile> files) {
  return {.name = {"billing", table}, .files = std::move(files)};
}

lake::LakeFile file(const std::string& version, std::int64_t rows) {
  return {.partition = {"a", "2026-05"}, .rows = rows, .execution_id = version};
}

DeliveryRecord record(const std::string& version, DeliveryState state, std::uint64_t loaded,
                      std::uint64_t quarantined) {
  return {.id = {"bills", "a", "2026-05", version},
          .state = state,
          .loaded_rows = loaded,
          .quarantined_rows = quarantined};
}

const std::vector<DeliveryRecord> kLedger = {record("v1", DeliveryState::kSuperseded, 5, 1),
                                             record("v2", DeliveryState::kCurrent, 10, 2),
                                             record("v3", DeliveryState::kRefused, 0, 900)};

TEST(LedgerAgreementTest, TheCurrentDeliverysRowsMayLieInSeveralFiles) {
  EXPECT_THAT(bill_disagreements(view_of("bills", {file("v2", 4), file("v2", 6)}), kLedger),
              IsEmpty());
}

TEST(LedgerAgreementTest, OtherRowsThanTheCurrentDeliverysAreTold) {
  EXPECT_THAT(bill_disagreements(view_of("bills", {file("v1", 5)}), kLedger),
              ElementsAre(HasSubstr("5 rows of a 2026-05 v1, the ledger says 0"),
                          HasSubstr("0 rows of a 2026-05 v2, the ledger says 10")));
  EXPECT_EQ(bill_disagreements(view_of("bills", {file("v2", 9)}), kLedger).size(), 1u);
  EXPECT_THAT(bill_disagreements(view_of("bills", {file("v2", 10), file("", 3)}), kLedger),
              ElementsAre(HasSubstr("(of no delivery)")));
  EXPECT_EQ(bill_disagreements(view_of("bills", {}), kLedger).size(), 1u);
}

TEST(LedgerAgreementTest, AnotherTablesDeliveriesDoNotCount) {
  EXPECT_EQ(bill_disagreements(view_of("other", {file("v2", 10)}), kLedger).size(), 1u);
}

TEST(LedgerAgreementTest, AQuarantineMayAlsoHoldRefusedRows) {
  const auto found = [](std::vector<lake::LakeFile> files) {
    return quarantine_disagreements(view_of("bills_quarantine", std::move(files)), "bills",
                                    kLedger);
  };
  EXPECT_THAT(found({file("v2", 2)}), IsEmpty());
  EXPECT_THAT(found({file("v2", 2), file("v3", 900)}), IsEmpty());
  EXPECT_EQ(found({file("v3", 900)}).size(), 1u);
  EXPECT_EQ(found({file("v2", 2), file("v1", 1)}).size(), 1u);
}

}  // namespace
}  // namespace finops
