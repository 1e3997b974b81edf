#include "tests/contract/object_store_contract.h"

#include "finops/stores/faulty/faulty_store.h"
#include "finops/stores/local/local_store.h"
#include "finops/stores/memory/memory_store.h"
#include "tests/support/temp_folder.h"

namespace finops {
namespace {

constexpr ObjectStoreQuirks kFolderQuirks = {
    .holds_objects_beside_folders = false, .holds_odd_slashes = false, .holds_long_names = false};

/// A store in a folder that does not exist yet and goes with the store.
std::shared_ptr<ObjectStore> local_store(const LocalStoreOptions& options) {
  const auto folder = std::make_shared<TempFolder>();
  std::shared_ptr<ObjectStore> store = make_local_store(*folder / "not yet/there", options);
  return {store.get(), [folder, store](ObjectStore*) {}};
}

const auto kAllStores = ::testing::Values(
    ObjectStoreCase{"Memory", [] { return std::make_shared<MemoryStore>(); }},
    ObjectStoreCase{"Local", [] { return local_store({}); }, kFolderQuirks},
    ObjectStoreCase{"LocalWithoutNamelessFiles",
                    [] { return local_store({.nameless_files = false}); }, kFolderQuirks},
    ObjectStoreCase{"FaultyWithoutFault", [] {
                      return with_faults(std::make_unique<MemoryStore>(),
                                         std::make_shared<FaultPlan>());
                    }});

INSTANTIATE_TEST_SUITE_P(AllStores, ObjectStoreContract, kAllStores, name_of);
INSTANTIATE_TEST_SUITE_P(AllStores, OddSlashesContract, kAllStores, name_of);

}  // namespace
}  // namespace finops
