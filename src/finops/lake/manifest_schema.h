#pragma once

#include <array>
#include <string>
#include <vector>

#include "finops/lake/avro.h"

namespace finops::lake {

/// An Avro schema of version 2 with Iceberg's field ids, as text and parsed. The order of the
/// fields is the order in which manifest_writer.cc encodes them.
struct MetadataSchema {
  std::string text;
  avro::SchemaPtr parsed;
};
const MetadataSchema& manifest_list_schema();
/// Of a table with these partition columns. Safe to call from any thread.
const MetadataSchema& manifest_schema(const std::vector<std::string>& partition_by);

/// The data_file record of a manifest_schema(), and its fields from column_sizes on: the metrics.
const avro::Schema& data_file_schema();
inline constexpr std::array kMetricFields = {108, 109, 110, 137, 125, 128, 131, 132, 135, 140, 143};

/// `text` parsed; ours is known by heart.
avro::SchemaPtr parsed_schema(const std::string& text);

}  // namespace finops::lake
