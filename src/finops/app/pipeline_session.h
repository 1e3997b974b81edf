#pragma once

#include <stop_token>
#include <utility>

#include "finops/app/lake_session.h"
#include "finops/app/plain_load.h"
#include "finops/core/clock.h"
#include "finops/pipeline/pipeline.h"

namespace finops {

/// What a configuration says of loads. `aws` counts the repeated requests as long as it lives.
PipelineSettings pipeline_settings(const Configuration& configuration, const AwsConnections& aws);

/// The objects of one command that loads, or looks at what was loaded, in the order in which they
/// need each other.
struct PipelineSession : LakeSession {
  explicit PipelineSession(const Configuration& configuration, std::stop_token stop = {},
                           ReadFrom place = ReadFrom::kBucket)
      : LakeSession(configuration, std::move(stop)),
        pipeline(make_exports(configuration, aws, place), *lake.tables,
                 pipeline_settings(configuration, aws), system_clock()) {}
  /// Of a bill without a manifest, and of nothing else.
  PipelineSession(const Configuration& configuration, const LoadRequest& request,
                  std::stop_token stop = {})
      : LakeSession(configuration, std::move(stop)),
        pipeline({make_plain_export(configuration, aws, request)}, *lake.tables,
                 pipeline_settings(configuration, aws), system_clock()) {}

  Pipeline pipeline;
};

}  // namespace finops
