#include "finops/sources/plain_folder/plain_folder_source.h"

#include <utility>

#include "finops/sources/plain_folder/bill_contents.h"
#include "finops/sources/plain_folder/bill_files.h"

namespace finops {
namespace {

class PlainFolderSource final : public BillingSource {
 public:
  PlainFolderSource(std::shared_ptr<ObjectStore> store, PlainFolderOptions options)
      : store_(std::move(store)), options_(std::move(options)) {}

  FoundManifests discover(const PeriodRange& range) override {
    plain_folder::BillFiles found = plain_folder::find_bill_files(*store_, options_);
    const auto contents = plain_folder::look_into(store_, found.files, options_);
    FoundManifests result{.notes = std::move(found.notes)};
    if (!range.contains(contents.period)) return result;
    Delivery delivery;
    delivery.period = contents.period;
    delivery.dictionary = contents.dictionary;
    delivery.version = plain_folder::version_of_files(found.files);
    delivery.has_manifest = false;
    delivery.is_period_told = options_.told_period.has_value();
    delivery.manifest_key = options_.location;
    for (ObjectInfo& file : found.files) delivery.files.push_back(std::move(file.key));
    result.deliveries.push_back(std::move(delivery));
    return result;
  }

  bool is_unchanged(const Delivery& delivery) override {
    const auto now = plain_folder::find_bill_files(*store_, options_);
    return plain_folder::version_of_files(now.files) == delivery.version;
  }

 private:
  const std::shared_ptr<ObjectStore> store_;
  const PlainFolderOptions options_;
};

}  // namespace

std::unique_ptr<BillingSource> make_plain_folder_source(std::shared_ptr<ObjectStore> store,
                                                        PlainFolderOptions options) {
  return std::make_unique<PlainFolderSource>(std::move(store), std::move(options));
}

}  // namespace finops
