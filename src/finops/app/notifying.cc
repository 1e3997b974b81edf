#include "finops/app/notifying.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <optional>

#include "finops/cli/version.h"
#include "finops/core/error.h"
#include "finops/notify/webhook/webhook_notifier.h"
#include "finops/pipeline/month_watch.h"
#include "finops/pipeline/partition_lock.h"
#include "finops/stores/local/local_store.h"

namespace finops {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

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

std::unique_ptr<Notifier> make_notifier(const Configuration& configuration,
                                        const AwsConnections& aws, Clock& clock) {
  return make_webhook_notifier(aws.value_of(configuration.notify.webhook_url), aws.http(), clock,
                               std::string(finops_version()));
}

std::vector<std::string> tell_run(const Configuration& configuration, const RunEnd& end,
                                  Clock& clock, const std::stop_token& stop) {
  if (end.error && end.error->kind() == ErrorKind::kCancelled) return {};
  try {
    const AwsConnections aws(Environment::of_process(), clock, stop);
    const auto notifier = make_notifier(configuration, aws, clock);
    const std::filesystem::path data_dir = configuration.data_dir;
    const PartitionLock turn = take_turn(data_dir, clock, stop);
    const auto state = make_local_store(data_dir);
    std::vector<std::string> warnings;
    // One that cannot be told must not keep the other from being told.
    const auto tell = [&](const auto& what) {
      try {
        what();
      } catch (const Error& error) {
        warnings.push_back(not_told(error));
      }
    };
    tell([&] { ProblemWatch(*state, *notifier, clock, host_name()).end_of_run(end, stop); });
    tell([&] { MonthWatch(*state, *notifier, clock, host_name()).end_of_run(end.report, stop); });
    return warnings;
  } catch (const Error& error) {
    return {not_told(error)};
  }
}

}  // namespace finops
