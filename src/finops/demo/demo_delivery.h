#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "finops/demo/demo_bills.h"
#include "finops/demo/demo_columns.h"
#include "finops/demo/demo_line_item.h"
#include "finops/demo/demo_month.h"
#include "finops/demo/demo_truth.h"
#include "finops/demo/gzip_text_file.h"

namespace finops {

/// One delivery on its way into a payer's folder: data files as line items come, then manifests,
/// the pointer to the newest version last, as AWS writes them.
class DemoDelivery : public DemoLineItemSink {
 public:
  DemoDelivery(const DemoPayer& payer, const DemoMonthPlan& plan, const DemoOptions& options);

  void take(const DemoLineItem& item) override;
  DemoDeliveryInfo finish();

  /// The delivery's part of truth.json; after finish().
  nlohmann::ordered_json truth() const;

 private:
  void next_file();
  void close_file();
  std::string manifest() const;
  void write_manifests() const;

  const DemoPayer& payer_;
  const DemoMonthPlan plan_;
  const DemoOptions& options_;
  std::string execution_id_, data_folder_;
  std::vector<std::string> manifest_keys_;  // the pointer last
  std::int64_t rows_per_file_;
  std::vector<DemoColumn> all_columns_, file_columns_;
  std::unique_ptr<GzipTextFile> file_;
  struct File {
    std::string key;
    std::int64_t rows = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<File> files_;
  DemoTruth truth_;
};

}  // namespace finops
