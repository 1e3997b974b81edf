#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "finops/app/aws_connections.h"
#include "finops/config/configuration.h"
#include "finops/core/clock.h"
#include "finops/notify/notifier.h"
#include "finops/pipeline/problem_watch.h"

namespace finops {

/// The one of [notify], which has to be there. Sends nothing. Throws when its URL cannot be had or
/// is none.
std::unique_ptr<Notifier> make_notifier(const Configuration& configuration,
                                        const AwsConnections& aws, Clock& clock);

/// Tells what changed with this run. What was told is kept in data_dir. A message that cannot be
/// delivered never fails a run: it is returned as a warning.
std::vector<std::string> tell_run(const Configuration& configuration, const RunEnd& end,
                                  Clock& clock, const std::stop_token& stop);

}  // namespace finops
