#include "finops/app/notifying.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>

#include "finops/cli/version.h"
#include "finops/core/error.h"
#include "finops/net/smtp.h"
#include "finops/notify/email/email_notifier.h"
#include "finops/notify/notifier_group.h"
#include "finops/notify/webhook/webhook_notifier.h"
#include "finops/pipeline/month_watch.h"
#include "finops/pipeline/partition_lock.h"
#include "finops/stores/local/local_store.h"

namespace finops {
namespace {

std::string not_told(const Error& error) {
  return std::string("nobody was told of this run: ") + error.what() + "; the next run tries again";
}

/// Runs that end at the same time tell one after the other, each from what the other one told.
PartitionLock take_turn(const std::filesystem::path& data_dir, Clock& clock,
                        const std::stop_token& stop) {
  constexpr Duration kPause = std::chrono::milliseconds(200);
  constexpr int kMostPauses = 300;
  const std::string folder = (data_dir / "locks").lexically_normal().string();
  for (int i = 0; i < kMostPauses; ++i) {
    if (auto lock = PartitionLock::try_take(folder, {.table = "(notify)"})) {
      return std::move(*lock);
    }
    if (!clock.sleep_for(kPause, stop)) throw Error(ErrorKind::kCancelled, "interrupted");
  }
  throw Error(ErrorKind::kLocked, "another run has not finished telling for a minute");
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

NotifyWay make_webhook_way(const Configuration& configuration, const AwsConnections& aws,
                           Clock& clock) {
  return {"webhook", "",
          make_webhook_notifier(aws.value_of(configuration.notify.webhook_url), aws.http(), clock,
                                std::string(finops_version()))};
}

NotifyWay make_email_way(const EmailConfig& email, const AwsConnections& aws, Clock& clock,
                         Warn warn) {
  EmailOptions options{.smtp_url = email.smtp_url, .may_be_plain = email.may_be_plain};
  if (email.user.is_set()) {
    options.user = aws.value_of(email.user);
    options.password = aws.value_of(email.password);
  }
  options.from = email.from;
  options.to = email.to;
  return {"e-mail", "email",
          make_email_notifier(std::move(options), make_smtp_transport(aws.ca_file()), clock,
                              std::move(warn))};
}

std::unique_ptr<Notifier> make_notifier(const Configuration& configuration,
                                        const AwsConnections& aws, Clock& clock, const Warn& warn) {
  std::vector<std::unique_ptr<Notifier>> ways;
  if (configuration.notify.webhook_url.is_set()) {
    ways.push_back(make_webhook_way(configuration, aws, clock).notifier);
  }
  if (configuration.notify.email) {
    ways.push_back(make_email_way(*configuration.notify.email, aws, clock, warn).notifier);
  }
  if (ways.empty()) return nullptr;
  return std::make_unique<NotifierGroup>(std::move(ways), warn);
}

std::vector<std::string> tell_run(const Configuration& configuration, const RunEnd& end,
                                  Clock& clock, const std::stop_token& stop) {
  if (end.error && end.error->kind() == ErrorKind::kCancelled) return {};
  std::vector<std::string> warnings;
  // One that cannot be told must not keep the others from being told.
  const auto tell = [&](const auto& what) {
    try {
      what();
    } catch (const Error& error) {
      warnings.push_back(not_told(error));
    }
  };
  tell([&] {
    const AwsConnections aws(Environment::of_process(), clock, stop);
    const std::filesystem::path data_dir = configuration.data_dir;
    const PartitionLock turn = take_turn(data_dir, clock, stop);
    const auto tell_by = [&](const NotifyWay& way) {
      const auto state = make_local_store((data_dir / way.state_folder).lexically_normal());
      Notifier& notifier = *way.notifier;
      tell([&] { ProblemWatch(*state, notifier, clock, host_name()).end_of_run(end, stop); });
      tell([&] { MonthWatch(*state, notifier, clock, host_name()).end_of_run(end.report, stop); });
    };
    if (configuration.notify.webhook_url.is_set()) {
      tell([&] { tell_by(make_webhook_way(configuration, aws, clock)); });
    }
    if (configuration.notify.email) {
      const auto warn = [&](const std::string& warning) { warnings.push_back(warning); };
      tell([&] { tell_by(make_email_way(*configuration.notify.email, aws, clock, warn)); });
    }
  });
  return warnings;
}

}  // namespace finops
