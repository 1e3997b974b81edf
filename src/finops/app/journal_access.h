#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "finops/app/aws_connections.h"
#include "finops/cli/services.h"
#include "finops/config/configuration.h"
#include "finops/core/clock.h"
#include "finops/journal/job_journal.h"

namespace finops {

/// The journal of [service], not yet looked at; `aws` is asked for secrets that it keeps. Throws
/// kInvalidConfig when something of a MySQL journal is missing.
std::unique_ptr<journal::JobJournal> open_journal(const Configuration& configuration,
                                                  const AwsConnections& aws, Clock& clock,
                                                  const std::stop_token& stop);

/// What people call it: "sqlite:./data/journal.db", "mysql://db:3306/finops".
std::string journal_name(const Configuration& configuration);

/// The journal of one command.
struct JournalSession {
  explicit JournalSession(const Configuration& configuration, const std::stop_token& stop = {});

  const AwsConnections aws;
  const std::unique_ptr<journal::JobJournal> journal;
};

/// Adds or changes what is copied for an organisation; returns what the journal has then.
ChangedClient change_client(const Configuration& configuration, const std::string& organization_id,
                            const std::function<void(journal::ClientConfiguration&)>& change);

JournalMigrationReport migrate_journal(const Configuration& configuration,
                                       const std::stop_token& stop);

}  // namespace finops
