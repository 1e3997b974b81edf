#pragma once

#include <functional>
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

/// Of this machine, for messages.
std::string host_name();

/// A way of [notify] by which people are told.
struct NotifyWay {
  std::string name;          // "webhook", "e-mail"
  std::string state_folder;  // below data_dir: what was told this way
  std::unique_ptr<Notifier> notifier;
};

/// One of those that are configured. Sends nothing. Throws when a secret of it cannot be had, or it
/// cannot be right. What goes wrong beside a message that was taken goes to `warn`.
using Warn = std::function<void(const std::string&)>;
NotifyWay make_webhook_way(const Configuration& configuration, const AwsConnections& aws,
                           Clock& clock);
NotifyWay make_email_way(const EmailConfig& email, const AwsConnections& aws, Clock& clock,
                         Warn warn);

/// Of all ways that are configured one; null when none is.
std::unique_ptr<Notifier> make_notifier(const Configuration& configuration,
                                        const AwsConnections& aws, Clock& clock, const Warn& warn);

/// Tells what changed with this run, in each way that is configured: each keeps what it told in
/// data_dir, so that one which fails neither keeps another from being told nor repeats it. A
/// message that cannot be delivered never fails a run: it is returned as a warning.
std::vector<std::string> tell_run(const Configuration& configuration, const RunEnd& end,
                                  Clock& clock, const std::stop_token& stop);

}  // namespace finops
